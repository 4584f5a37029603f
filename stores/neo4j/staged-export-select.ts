import type { CallControl } from '../ports';
import { PAGE } from './checks';
import { OffenderTally } from '../../domain/offenders';
import { checkExport } from './import-read';
import type { NodeLine } from './export-format';
import { isLeftOut } from './restore-live';
import { known, TREE } from './staged-nodes';
import { stagingUnfit } from './staged-unfit';

/**
 * The ids, within the file, of the nodes that belong to these chapters: by their name, and those whose name says no
 * chapter by the tree. Proves the file whole.
 *
 * @throws HybridFlowError ARTIFACT_DAMAGED; STAGING_UNFIT where a chapter is not in the file
 */
export async function selectChapters(
  file: string,
  chapters: readonly string[],
  { onProgress, signal }: CallControl,
): Promise<Set<number>> {
  const selection = new Selection(chapters);
  let lines = 0;
  await checkExport(file, (line) => {
    if (line.t === 'n') selection.node(line);
    if (line.t === 'r' && TREE.includes(line.y)) selection.hangs(line.s, line.e);
    if (++lines % PAGE !== 0) return;
    signal?.throwIfAborted();
    onProgress?.(lines);
  });
  return selection.settled();
}

class Selection {
  readonly #chosen = new Set<number>();
  readonly #missing: Set<string>;
  readonly #chapters: Set<string>;
  /** Nodes whose name says no chapter: hardly any, in a graph whose ids begin with their chapter's. */
  readonly #nameless = new Set<number>();
  readonly #below = new Map<number, number[]>();

  constructor(chapters: readonly string[]) {
    this.#chapters = new Set(chapters);
    this.#missing = new Set(chapters);
  }

  node({ id, l, p }: NodeLine): void {
    if (isLeftOut(l)) return;
    const { kind, chapter } = known(l, p.id, p.chunk_id);
    if (chapter === undefined && kind !== 'Textbook' && kind !== 'Chapter') this.#nameless.add(id);
    if (chapter === undefined || !this.#chapters.has(chapter)) return;
    this.#chosen.add(id);
    if (kind === 'Chapter') this.#missing.delete(chapter);
  }

  hangs(above: number, below: number): void {
    if (!this.#nameless.has(below)) return;
    const all = this.#below.get(above) ?? [];
    all.push(below);
    this.#below.set(above, all);
  }

  settled(): Set<number> {
    if (this.#missing.size > 0) throw lacking([...this.#missing]);
    // The set grows while it is walked: what is found is looked below in turn.
    for (const id of this.#chosen) for (const below of this.#below.get(id) ?? []) this.#chosen.add(below);
    return this.#chosen;
  }
}

function lacking(chapters: readonly string[]) {
  const tally = new OffenderTally();
  for (const chapter of chapters) tally.add(`the export does not hold chapter ${chapter}`);
  return stagingUnfit(tally);
}
