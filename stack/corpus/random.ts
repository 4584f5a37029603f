import { uniformInt } from 'pure-rand/distribution/uniformInt';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';
import { hash32 } from '../../domain/feature-hashing';

/** Choices that are the same for the same name, whatever was chosen before for another one. */
export interface Choices {
  /** A whole number between the two, both included. */
  between(low: number, high: number): number;
  /** True once in `n` times. */
  onceIn(n: number): boolean;
  pick<T>(from: readonly [T, ...T[]] | readonly T[]): T;
}

/** Every chapter draws from a generator of its own, so that one chapter can be made without those before it. */
export function choices(name: string): Choices {
  const generator = xoroshiro128plus(hash32(name) | 0);
  const between = (low: number, high: number) => uniformInt(generator, low, high);
  return {
    between,
    onceIn: (n) => between(1, n) === 1,
    pick<T>(from: readonly T[]): T {
      if (from.length === 0) throw new RangeError('Nothing to pick from');
      return from[between(0, from.length - 1)] as T;
    },
  };
}

/** Divides a whole number in proportion to the weights, at least 1 each, so that the parts add up exactly. */
export function apportion(total: number, weights: readonly number[]): number[] {
  if (total < weights.length) throw new RangeError(`${total} cannot be divided into ${weights.length} parts`);
  const sum = weights.reduce((a, b) => a + b, 0);
  const exact = weights.map((weight) => ((total - weights.length) * weight) / sum);
  const parts = exact.map((share) => 1 + Math.floor(share));
  const largestRemainderFirst = exact
    .map((share, index) => ({ index, remainder: share - Math.floor(share) }))
    .sort((a, b) => b.remainder - a.remainder || a.index - b.index);
  const missing = total - parts.reduce((a, b) => a + b, 0);
  for (const { index } of largestRemainderFirst.slice(0, missing)) parts[index] = (parts[index] ?? 0) + 1;
  return parts;
}
