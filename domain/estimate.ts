import type { Phase } from './baseline';
import type { Inventory } from './inventory';

/** What the rates below were measured on. */
const FULL_SCALE = { paragraphs: 36_216, items: 36_216 + 107_000 + 109_110 };

/**
 * Seconds a phase took at full scale, and how much of it does not grow with the corpus: docs/benchmarks.md, two cores
 * that the services share. Elsewhere they are an order of magnitude, not a promise.
 */
const RATES: { phase: Phase; fixed: number; growing: number; by: keyof typeof FULL_SCALE }[] = [
  { phase: 'preflight', fixed: 0.5, growing: 0.5, by: 'items' },
  { phase: 'latest-copy', fixed: 0.3, growing: 7, by: 'items' },
  { phase: 'schema migration', fixed: 0.1, growing: 0, by: 'items' },
  { phase: 'baseline registration', fixed: 0.2, growing: 0.6, by: 'items' },
  { phase: 'label addition', fixed: 0.2, growing: 0.8, by: 'paragraphs' },
  { phase: 'validation', fixed: 0.1, growing: 0.2, by: 'items' },
];

/** How long each phase is likely to take, scaled linearly from what was measured. */
export function estimatePhases({ qdrant, neo4j }: Inventory): { phase: Phase; seconds: number }[] {
  const size = { paragraphs: neo4j.paragraphs, items: qdrant.points + neo4j.nodes + neo4j.relationships };
  return RATES.map(({ phase, fixed, growing, by }) => ({
    phase,
    seconds: Math.round(10 * (fixed + (growing * size[by]) / FULL_SCALE[by])) / 10,
  }));
}
