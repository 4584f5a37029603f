import { diffWordsWithSpace } from 'diff';
import type { ChunkDifference, Shown, TextDifference, TextPart } from '../../domain/compare';
import { Untold, type Side } from './types';

/** Letters of a text that are compared; a paragraph has some hundred. */
const MOST_LETTERS = 20_000;
/** Beyond so many edits two texts have nothing to do with each other. */
const MOST_EDITS = 600;

/** The texts of these chunks on both sides, and the way from one to the other. */
export async function textsOf(
  before: Side,
  after: Side,
  { list, leftOut }: Shown<ChunkDifference>,
): Promise<Shown<TextDifference> | Untold> {
  const [old, now] = [await wantedOf(before, list, 'added'), await wantedOf(after, list, 'removed')];
  if (old instanceof Untold) return old;
  if (now instanceof Untold) return now;
  return { list: list.map((one) => differenceOf(one, old.get(one.chunkId), now.get(one.chunkId))), leftOut };
}

/** Those that the side has: it is not asked for what was added on the other. */
async function wantedOf(
  side: Side,
  chunks: readonly ChunkDifference[],
  without: 'added' | 'removed',
): Promise<ReadonlyMap<string, string> | Untold> {
  const wanted = new Map<string, Set<string>>();
  for (const { chapter, chunkId, change } of chunks) {
    if (change === without) continue;
    const ids = wanted.get(chapter) ?? new Set();
    wanted.set(chapter, ids.add(chunkId));
  }
  return wanted.size === 0 ? new Map<string, string>() : side.texts(wanted);
}

function differenceOf(chunk: ChunkDifference, before: string | undefined, after: string | undefined): TextDifference {
  const [old, now] = [before?.slice(0, MOST_LETTERS), after?.slice(0, MOST_LETTERS)];
  const clipped = [before, after].some((text) => (text?.length ?? 0) > MOST_LETTERS);
  // A chunk id that moved between chapters has a text on both sides, and was added here nevertheless.
  const from = chunk.change === 'added' ? undefined : old;
  const to = chunk.change === 'removed' ? undefined : now;
  return { ...chunk, before: from ?? null, after: to ?? null, parts: wordDifference(from, to), clipped };
}

/** Word by word; two texts without much in common as a whole. */
export function wordDifference(before: string | undefined, after: string | undefined): TextPart[] {
  const found =
    before === undefined || after === undefined
      ? undefined
      : diffWordsWithSpace(before, after, { maxEditLength: MOST_EDITS });
  const parts = found ?? [
    { removed: true, added: false, value: before ?? '' },
    { removed: false, added: true, value: after ?? '' },
  ];
  return parts
    .filter(({ value }) => value !== '')
    .map(({ added, removed, value }) => ({ kind: added ? 'added' : removed ? 'removed' : 'same', text: value }));
}
