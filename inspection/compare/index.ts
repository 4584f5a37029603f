import type { StoreDifference, VersionComparison } from '../../domain/compare';
import { HybridFlowError } from '../../domain/errors';
import { STORE_NAMES } from '../../domain/names';
import type { CallControl } from '../../stores/ports';
import { Sides } from './sides';
import { compareStore } from './store';
import { textsOf } from './texts';
import { Untold, type CompareSources, type Side } from './types';

export { isLive } from './sides';
export type { CompareSources, LiveStores } from './types';

export interface CompareRequest {
  /** Version ids, or names that stand for one. */
  before: string;
  after: string;
  /** Entries that each list shows at most; totals are exact. */
  limit: number;
  /** Only this chapter. */
  chapter?: string;
  /** `required`: an archived version whose texts are put away is an error; `wanted`: it is a note. */
  texts?: 'wanted' | 'required';
}

/**
 * Says what became of each chapter and chunk from one side to the other, store by store. Two sealed versions are read
 * from their folders: no service is contacted. Changes nothing.
 *
 * @throws HybridFlowError VERSION_UNKNOWN; VERSION_ARCHIVED where texts of an archived version are required;
 * ARTIFACT_DAMAGED where a manifest, a list or an artifact is not what was sealed; CONFIG_INVALID where neither side has
 * the chapter
 */
export async function compareVersions(
  sources: CompareSources,
  request: CompareRequest,
  control: CallControl = {},
): Promise<VersionComparison> {
  const sides = new Sides(sources, control);
  const { limit, chapter = null } = request;
  try {
    const [before, after] = [await sides.open(request.before), await sides.open(request.after)];
    if (chapter !== null) await assertKnown(chapter, before, after);
    const stores: StoreDifference[] = [];
    for (const store of STORE_NAMES) {
      control.signal?.throwIfAborted();
      stores.push(await compareStore(store, before, after, { limit, chapter }));
    }
    const texts = request.texts ? await readTexts(before, after, stores, request.texts) : null;
    const notes = sides.moved
      ? ['production was switched to another version while it was read: compare once more']
      : [];
    const same = stores.every((one) => one.same);
    return { before: before.view, after: after.view, same, chapter, limit, stores, texts, notes };
  } finally {
    await sides.close();
  }
}

async function readTexts(
  before: Side,
  after: Side,
  stores: readonly StoreDifference[],
  how: 'wanted' | 'required',
): Promise<VersionComparison['texts']> {
  const graph = stores.find(({ store }) => store === 'neo4j');
  const found = graph?.chunks ? await textsOf(before, after, graph.chunks) : new Untold(graph?.note ?? '');
  if (!(found instanceof Untold)) return found;
  if (how === 'wanted') return null;
  throw new HybridFlowError('VERSION_ARCHIVED', {
    found: found.why,
    expected: 'a version whose export of Neo4j is at hand: texts are read from it',
    next: 'compare without --text, which the lists of an archived version are enough for; its artifacts are brought back with `hfv unarchive <version>`',
  });
}

async function assertKnown(chapter: string, before: Side, after: Side): Promise<void> {
  for (const side of [before, after]) {
    for (const store of STORE_NAMES) {
      if ((await side.groups(store)).some(({ group }) => group === chapter)) return;
    }
  }
  throw new HybridFlowError('CONFIG_INVALID', {
    found: `neither ${before.view.name} nor ${after.view.name} has a chapter ${JSON.stringify(chapter)}`,
    expected: 'a chapter as the stores name it, such as bailey:ch60',
    next: 'compare without --chapter, which lists the chapters that differ',
  });
}
