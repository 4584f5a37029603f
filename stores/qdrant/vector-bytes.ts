import { endianness } from 'node:os';
import type { ItemWriter } from '../fingerprint';

interface Sparse {
  indices: number[];
  values: number[];
}

/** Adds a point's vectors to its item, by name; the one without a name has the empty one. */
export function addVectors(item: ItemWriter, vector: unknown): void {
  const named = isNamed(vector) ? vector : vector == null ? {} : { '': vector };
  for (const name of Object.keys(named).sort()) item.text(name).text(encoded(named[name]));
}

function isNamed(vector: unknown): vector is Record<string, unknown> {
  return typeof vector === 'object' && vector !== null && !Array.isArray(vector);
}

/** A letter for the kind: dense, several rows a point, sparse. */
function encoded(vector: unknown): string {
  if (!Array.isArray(vector)) return `s${sparse(vector as Sparse)}`;
  if (Array.isArray(vector[0])) return `m${(vector as number[][]).map(floats).join(',')}`;
  return `d${floats(vector as number[])}`;
}

function sparse({ indices, values }: Sparse): string {
  const pairs = indices.map((index, i) => [index, values[i] ?? 0] as const).sort(([a], [b]) => a - b);
  return pairs.map(([index, value]) => `${index}:${floats([value])}`).join(',');
}

/** What the server holds are floats of 32 bits, whatever digits it writes them with. */
function floats(values: readonly number[]): string {
  const { buffer } = Float32Array.from(values);
  const bytes = Buffer.from(buffer);
  // In one go, instead of a call a number; the canonical order of the bytes is little-endian on every machine.
  return (endianness() === 'LE' ? bytes : bytes.swap32()).toString('hex');
}
