import { inOrder, type ChunkDifference } from './compare';

/** Letters that a digest is kept by; the caller hands in as many. */
export const DIGEST_LETTERS = 16;

/**
 * Holds the chunks of one side against those of the other, whatever the order they come in: first all of `before`, then
 * all of `after`. What is equal is let go at once, so that the memory is that of one side. A chunk id may stand there
 * several times: then as many are unchanged as have an equal on the other side, and of the rest as many are changed as
 * both sides have.
 */
export class ChunkTally {
  readonly #before: Side = new Map();
  readonly #after: Side = new Map();

  before(chapter: string, chunkId: string, digest: string): void {
    put(this.#before, chapter, chunkId, digest);
  }

  after(chapter: string, chunkId: string, digest: string): void {
    if (!take(this.#before, chapter, chunkId, digest)) put(this.#after, chapter, chunkId, digest);
  }

  /** Every chunk that differs, by chapter and chunk id. */
  differences(): ChunkDifference[] {
    const chapters = [...new Set([...this.#before.keys(), ...this.#after.keys()])].sort(inOrder);
    return chapters.flatMap((chapter) => {
      const [old, now] = [this.#before.get(chapter), this.#after.get(chapter)];
      const ids = [...new Set([...(old?.keys() ?? []), ...(now?.keys() ?? [])])].sort(inOrder);
      return ids.flatMap((chunkId) => of(chapter, chunkId, timesIn(old, chunkId), timesIn(now, chunkId)));
    });
  }
}

/** By chapter, then by chunk id: the digests, one after another. */
type Side = Map<string, Map<string, string>>;

function put(side: Side, chapter: string, chunkId: string, digest: string): void {
  let chunks = side.get(chapter);
  if (!chunks) side.set(chapter, (chunks = new Map<string, string>()));
  chunks.set(chunkId, (chunks.get(chunkId) ?? '') + digest);
}

function take(side: Side, chapter: string, chunkId: string, digest: string): boolean {
  const chunks = side.get(chapter);
  const held = chunks?.get(chunkId);
  if (!chunks || held === undefined) return false;
  for (let at = 0; at < held.length; at += DIGEST_LETTERS) {
    if (held.slice(at, at + DIGEST_LETTERS) !== digest) continue;
    const rest = held.slice(0, at) + held.slice(at + DIGEST_LETTERS);
    if (rest === '') chunks.delete(chunkId);
    else chunks.set(chunkId, rest);
    return true;
  }
  return false;
}

function timesIn(chunks: Map<string, string> | undefined, chunkId: string): number {
  return (chunks?.get(chunkId)?.length ?? 0) / DIGEST_LETTERS;
}

function of(chapter: string, chunkId: string, before: number, after: number): ChunkDifference[] {
  const changed = Math.min(before, after);
  const change = before > after ? 'removed' : 'added';
  return [
    ...Array.from({ length: changed }, () => ({ chapter, chunkId, change: 'changed' as const })),
    ...Array.from({ length: Math.abs(before - after) }, () => ({ chapter, chunkId, change }) as const),
  ];
}
