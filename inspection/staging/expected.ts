import type { ChapterDelta } from '../../domain/chapter-delta';
import { HybridFlowError } from '../../domain/errors';
import { compareGroups, type FingerprintComparison, type GroupFingerprint } from '../../domain/fingerprint';
import { partOf } from '../../domain/chapter-digest';
import { isChapter } from '../../domain/compare';
import { ARTIFACT_FILES, STAGING_NAMES, type StoreName } from '../../domain/names';
import { LATEST_COPY } from '../../domain/version-id';
import { byBytes, listText, parseList, summaryOf } from '../../stores/fingerprint-text';
import type { CallControl, Stores } from '../../stores/ports';
import { recordedFingerprint, withSummary } from '../fingerprints';

type Lists = Record<StoreName, GroupFingerprint[]>;

/**
 * What a store's fingerprint will be after the promote. Of Neo4j its chapters alone can be told beforehand; those that
 * are staged are told whole, too.
 */
export async function expectedFingerprint(
  stores: Stores,
  store: StoreName,
  removed: readonly string[],
  control: CallControl,
): Promise<GroupFingerprint[]> {
  switch (store) {
    case 'sqlite':
      return stores.metadata.stagedFingerprint();
    case 'qdrant':
      return stores.vectors.fingerprint({ collection: STAGING_NAMES.collection }, control);
    case 'neo4j':
      return expectedGraph(stores, removed, control);
  }
}

async function expectedGraph(
  stores: Stores,
  removed: readonly string[],
  control: CallControl,
): Promise<GroupFingerprint[]> {
  const [staged, chapters, before] = await Promise.all([
    stores.graph.stagedFingerprint(control),
    stores.graph.stagedChapters(),
    recordedFingerprint(stores, LATEST_COPY, 'neo4j'),
  ]);
  const replaced = new Set([...removed, ...chapters]);
  const kept = chaptersOnly(before.groups).filter(({ group }) => !replaced.has(group));
  return inListOrder([...kept, ...staged]);
}

/** The fingerprints of all three stores as the promote will leave them; see {@link expectedFingerprint}. */
export async function expectedFingerprints(
  stores: Stores,
  removed: readonly string[],
  control: CallControl,
): Promise<Lists> {
  const of = (store: StoreName) => expectedFingerprint(stores, store, removed, control);
  const [sqlite, qdrant, neo4j] = await Promise.all([of('sqlite'), of('qdrant'), of('neo4j')]);
  return { sqlite, qdrant, neo4j };
}

/** Chapters by what staging does to them in Neo4j. */
export async function graphDelta(stores: Stores, removed: readonly string[]): Promise<ChapterDelta> {
  const staged = await stores.graph.stagedChapters();
  const before = new Set((await recordedFingerprint(stores, LATEST_COPY, 'neo4j')).groups.map(({ group }) => group));
  return {
    added: staged.filter((chapter) => !before.has(chapter)).sort(),
    changed: staged.filter((chapter) => before.has(chapter)).sort(),
    removed: [...removed],
  };
}

export const EXPECTED_FILES: Record<StoreName, string> = {
  sqlite: 'expected-metadata.fingerprint.txt',
  qdrant: 'expected-textbook_chunks.fingerprint.txt',
  neo4j: 'expected-neo4j.fingerprint.txt',
};

/** Keeps the expected lists with the version's reports; answers the fingerprint of each. */
export async function keepExpected(
  { artifacts }: Pick<Stores, 'artifacts'>,
  versionId: string,
  lists: Lists,
): Promise<Record<StoreName, string>> {
  const digests: Partial<Record<StoreName, string>> = {};
  for (const [store, groups] of Object.entries(lists) as [StoreName, GroupFingerprint[]][]) {
    await artifacts.writeReport(versionId, EXPECTED_FILES[store], listText(groups));
    digests[store] = summaryOf(groups).sha256;
  }
  return digests as Record<StoreName, string>;
}

/** Holds what was captured after the promote against what was expected before it. Null where nothing was kept. */
export async function compareWithExpected(
  stores: Pick<Stores, 'artifacts' | 'graph'>,
  versionId: string,
  store: StoreName,
  control: CallControl = {},
): Promise<FingerprintComparison | null> {
  const list = EXPECTED_FILES[store];
  const text = await stores.artifacts.readReport(versionId, list);
  if (text === undefined) return null;
  const expected = foretold(text, list);
  if (!expected) return null;
  const captured = await recordedFingerprint(stores, versionId, store);
  if (store !== 'neo4j') return compareGroups(store, withSummary(expected), captured);
  const comparable = expected.filter(isForetold);
  const staged = new Set(comparable.flatMap(({ group }) => partOf(group)?.chapter ?? []));
  const file = stores.artifacts.pathOf(versionId, ARTIFACT_FILES.neo4j);
  const whole = staged.size === 0 ? [] : await stores.graph.digestChapters(file, control, staged);
  const actual = [...chaptersOnly(captured.groups), ...whole.filter(isForetold)];
  return compareGroups(store, withSummary(comparable), withSummary(inListOrder(actual)));
}

/** What cannot be read any more foretells nothing: the version is sealed all the same, and not called proven. */
function foretold(text: string, list: string): GroupFingerprint[] | undefined {
  try {
    return parseList(text, list);
  } catch (error) {
    if (error instanceof HybridFlowError && error.code === 'ARTIFACT_DAMAGED') return undefined;
    throw error;
  }
}

/** Which relationships lead to other chapters cannot be told beforehand: of those that are there already most stay. */
function isForetold({ group }: GroupFingerprint): boolean {
  return partOf(group)?.part !== 'across';
}

function inListOrder(groups: readonly GroupFingerprint[]): GroupFingerprint[] {
  return [...groups].sort((a, b) => byBytes(a.group, b.group));
}

function chaptersOnly(groups: readonly GroupFingerprint[]): GroupFingerprint[] {
  return groups.filter(({ group }) => isChapter(group));
}
