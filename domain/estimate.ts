import type { Phase } from './baseline';
import type { Inventory } from './inventory';

/** Points, nodes and relationships that the rates below were measured on. */
const FULL_SCALE = 36_216 + 107_000 + 109_110;

/**
 * Seconds a phase took at full scale, and how much of it does not grow with the corpus: docs/benchmarks.md, two cores
 * that the services share. Elsewhere they are an order of magnitude, not a promise. The proofs are in it: the probes
 * (which do not grow), the rehearsal beside the labels, the checks and fingerprints of the validation.
 */
const RATES: { phase: Phase; fixed: number; growing: number }[] = [
  { phase: 'preflight', fixed: 2, growing: 1.1 },
  { phase: 'latest-copy', fixed: 0.3, growing: 8.1 },
  { phase: 'schema migration', fixed: 0.1, growing: 0 },
  { phase: 'baseline registration', fixed: 0.2, growing: 0.8 },
  { phase: 'label addition', fixed: 0.2, growing: 6 },
  { phase: 'validation', fixed: 2, growing: 6.5 },
];

/** How long each phase is likely to take, scaled linearly from what was measured. */
export function estimatePhases({ qdrant, neo4j }: Inventory): { phase: Phase; seconds: number }[] {
  const items = qdrant.points + neo4j.nodes + neo4j.relationships;
  return RATES.map(({ phase, fixed, growing }) => ({
    phase,
    seconds: Math.round(10 * (fixed + (growing * items) / FULL_SCALE)) / 10,
  }));
}
