import type { CheckResult } from './checks';

/** How far staging answers one query as production does. */
export interface QueryOverlap {
  query: string;
  /** Share of the neighbours that both have, of the longer of the two lists; null where production has none. */
  overlap: number | null;
  /** Neighbours found. */
  production: number;
  staging: number;
}

export interface Overlaps {
  collection: string;
  /** Neighbours asked for. */
  limit: number;
  queries: QueryOverlap[];
  /** Of the queries that production answers; null where there is none. */
  mean: number | null;
}

const MOST_SAMPLES = 20;

/** Compares two lists of neighbours, whatever their order. */
export function overlapOf(query: string, production: readonly string[], staging: readonly string[]): QueryOverlap {
  const known = new Set(production);
  const common = staging.filter((id) => known.has(id)).length;
  const overlap = known.size === 0 ? null : common / Math.max(production.length, staging.length);
  return { query, overlap, production: production.length, staging: staging.length };
}

export function meanOf(queries: readonly QueryOverlap[]): number | null {
  const measured = queries.flatMap(({ overlap }) => overlap ?? []);
  return measured.length === 0 ? null : measured.reduce((sum, one) => sum + one, 0) / measured.length;
}

/**
 * Judges the overlaps by their mean. Where production answers nothing there is nothing to have in common, so that the
 * first content of an empty base passes; staging that answers nothing has nothing in common. A minimum of 0 asks nothing.
 */
export function judgeOverlap({ limit, queries, mean }: Overlaps, minimum: number): CheckResult {
  const low = queries.filter(({ overlap }) => overlap !== null && overlap < minimum);
  return {
    name: 'probes: nearest neighbours in common with production',
    severity: 'critical',
    passed: mean === null || mean >= minimum,
    expected: `at least ${percent(minimum)} of the ${limit} nearest, on average`,
    actual: mean === null ? nothingMeasured(queries) : `${percent(mean)} over ${measured(queries)}`,
    offenders: { total: low.length, samples: low.slice(0, MOST_SAMPLES).map(inWords) },
  };
}

function nothingMeasured(queries: readonly QueryOverlap[]): string {
  return queries.length === 0 ? 'no queries are configured' : 'production answers none of the queries';
}

function measured(queries: readonly QueryOverlap[]): string {
  const answered = queries.filter(({ overlap }) => overlap !== null).length;
  return `${answered} ${answered === 1 ? 'query' : 'queries'}`;
}

function inWords({ query, overlap, staging }: QueryOverlap): string {
  const found = staging === 0 ? ' (staging answers nothing)' : '';
  return `${JSON.stringify(query)}: ${percent(overlap ?? 0)}${found}`;
}

/** Rounded down: what does not reach the minimum must not look as if it did. */
function percent(share: number): string {
  return `${Math.floor(share * 100 + 1e-9)} %`;
}
