import { ChunkTally, DIGEST_LETTERS } from '../../domain/chunk-tally';
import {
  compareLists,
  isChapter,
  shown,
  totalsOf,
  type ChapterDifference,
  type ComparedBy,
  type GroupChange,
  type StoreDifference,
} from '../../domain/compare';
import type { StoreName } from '../../domain/names';
import { fieldsOf } from './fields';
import { proven } from './proof';
import { Untold, type ChunkStore, type Side } from './types';

const MOST_NAMED = 5;

export interface StoreOptions {
  limit: number;
  /** Only this chapter. */
  chapter: string | null;
}

/** Holds one store of two sides against each other: chapters by their lists, then the chunks of those that differ. */
export async function compareStore(
  store: StoreName,
  before: Side,
  after: Side,
  { limit, chapter }: StoreOptions,
): Promise<StoreDifference> {
  const { changes, unchanged } = compareLists(await before.groups(store), await after.groups(store));
  const chapters = changes.filter(({ group }) => (chapter === null ? isChapter(group) : group === chapter));
  const tellsBeyond = chapter === null && before.tellsBeyond(store) && after.tellsBeyond(store);
  const beyond = tellsBeyond ? changes.filter(({ group }) => !isChapter(group)) : [];
  const listed = shown(chapters.map(differenceOf), limit);
  const rows = store === 'sqlite' ? await fieldsOf(before, after, listed.list) : { list: listed.list, note: null };
  const chunks = store === 'sqlite' ? null : await compareChunks(store, before, after, chapters, { limit, chapter });
  const besides = store === 'neo4j' ? await besidesOf(before, after, { changes, chapter }) : null;
  const notes = [chunks instanceof Untold ? chunks.why : rows.note, besides].filter((one) => one !== null);
  const same = chapters.length + beyond.length === 0 && besides === null;
  const left = chapter === null ? unchanged : same ? 1 : 0;
  return {
    ...{ store, same },
    chapters: { ...totalsOf(chapters), unchanged: left, list: rows.list, leftOut: listed.leftOut },
    beyond: tellsBeyond ? shown(beyond.map(differenceOf), limit) : null,
    chunks: chunks instanceof Untold ? null : chunks,
    note: notes.length === 0 ? null : notes.join('; '),
  };
}

/** What differs in Neo4j besides paragraphs, in words; null where nothing does, or no side can tell. */
async function besidesOf(
  before: Side,
  after: Side,
  { changes, chapter }: { changes: readonly GroupChange[]; chapter: string | null },
): Promise<string | null> {
  const what = 'nodes other than paragraphs, or relationships, differ';
  const staged = [before, after].find((side) => 'unlikeProduction' in side);
  if (!staged) {
    const differ = chapter === null && changes.some(({ group }) => group === '(other nodes)');
    return differ ? 'nodes other than paragraphs differ: titles, tables, figures or the like' : null;
  }
  if (![before, after].some(({ view }) => view.kind === 'production')) return null;
  const listed = new Set(changes.map(({ group }) => group));
  const unlike = (await staged.unlikeProduction?.()) ?? [];
  const only = unlike.filter((one) => (chapter === null || one === chapter) && !listed.has(one));
  if (only.length === 0) return null;
  const named = only.slice(0, MOST_NAMED).join(', ');
  return `${what} in ${only.length} staged chapters whose paragraphs are the same: ${named}${only.length > MOST_NAMED ? ', …' : ''}`;
}

/**
 * Chunks of chapters that both sides have and that differ are held against each other one by one; of a chapter that came
 * or went whole the number is known, and its chunks are read only where it is the one that was asked for.
 */
async function compareChunks(
  store: ChunkStore,
  before: Side,
  after: Side,
  chapters: readonly GroupChange[],
  { limit, chapter }: StoreOptions,
): Promise<NonNullable<StoreDifference['chunks']> | Untold> {
  const by: ComparedBy = [before, after].some((side) => side.finest(store) === 'text') ? 'text' : 'content';
  const whole = chapters.filter(({ change }) => change !== 'changed' && chapter === null);
  const wanted = new Set(chapters.filter((one) => !whole.includes(one)).map(({ group }) => group));
  const tally = new ChunkTally();
  for (const [side, take] of [
    [before, tally.before.bind(tally)],
    [after, tally.after.bind(tally)],
  ] as const) {
    if (wanted.size === 0) break;
    const chunks = await side.chunks(store, wanted, by);
    if (chunks instanceof Untold) return chunks;
    const known = by === 'content' ? await side.groups(store) : null;
    for await (const { group, chunkId, digest } of proven(chunks, known, wanted, { side: side.view.name, store })) {
      take(group, chunkId, Buffer.from(digest).toString('latin1', 0, DIGEST_LETTERS));
    }
  }
  const differences = tally.differences();
  const totals = totalsOf(differences);
  for (const { change, before: old, after: now } of whole) totals[change] += old ?? now ?? 0;
  // Whoever shows a chunk shows its chapter, too.
  const named = new Set(chapters.slice(0, limit).map(({ group }) => group));
  const { list } = shown(
    differences.filter((one) => named.has(one.chapter)),
    limit,
  );
  return { by, ...totals, list, leftOut: differences.length - list.length };
}

function differenceOf({ group, change, before, after }: GroupChange): ChapterDifference {
  return { chapter: group, change, itemsBefore: before, itemsAfter: after };
}
