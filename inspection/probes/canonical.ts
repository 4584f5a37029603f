import { createHash } from 'node:crypto';
import type { Neighbour } from '../../stores/ports';

export function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

/** Scores nearer to each other than this are the same: 32-bit arithmetic gives no more on every machine. */
const SAME_SCORE = 1e-5;

/**
 * Neighbours in the order that readers see, save that those of the same score, which have none between them, go by
 * their ids. Scores themselves are no part of an answer: their last digits may change while the search is the same.
 */
export function settledOrder(neighbours: readonly Neighbour[]): Neighbour[] {
  const groups: Neighbour[][] = [];
  for (const neighbour of neighbours) {
    const group = groups.at(-1);
    const last = group?.at(-1);
    if (group && last && last.score - neighbour.score < SAME_SCORE) group.push(neighbour);
    else groups.push([neighbour]);
  }
  return groups.flatMap((group) => group.sort((a, b) => (a.id < b.id ? -1 : 1)));
}
