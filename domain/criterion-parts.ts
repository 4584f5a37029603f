import type { CheckResult } from './checks';
import { comparisonText, type FingerprintComparison } from './fingerprint';
import type { StoreName } from './names';
import type { ProbeComparison } from './probes';
import { count, STORE_TITLES } from './words';

/** One of the pass criteria that the plan lists under a criterion. */
export interface Part {
  what: string;
  expected: string;
  /** Null where the run ended before it could be looked at: then it has not passed either. */
  actual: string | null;
  passed: boolean;
  /** A failure of this part alone is a warning: it is recorded and does not undo the migration. */
  advisory?: boolean;
}

export const NOT_REACHED = 'not reached';

/** Both sides in words, compared as they are printed. `undefined`: not known. */
export function equal(what: string, expected: string | undefined, actual: string | undefined): Part {
  const known = expected !== undefined && actual !== undefined;
  return {
    what,
    expected: expected ?? 'as before',
    actual: known ? actual : null,
    passed: known && expected === actual,
  };
}

/** A statement that holds, or does not; `undefined`: not known. */
export function holds(what: string, expected: string, found: { passed: boolean; actual: string } | undefined): Part {
  return { what, expected, actual: found?.actual ?? null, passed: found?.passed ?? false };
}

/** That the content of a store is what it was, by fingerprint. */
export function contentKept(store: StoreName, comparisons: readonly FingerprintComparison[]): Part {
  const found = comparisons.find((comparison) => comparison.store === store);
  const actual = found && { passed: found.same, actual: comparisonText(found) };
  return holds(`content of ${STORE_TITLES[store]}`, 'identical', actual);
}

/** The parts as the two columns of a criterion. */
export function columns(parts: readonly Part[]): { passed: boolean; expected: string; actual: string } {
  const reached = parts.some(({ actual }) => actual !== null);
  return {
    passed: parts.every(({ passed }) => passed),
    expected: parts.map(({ what, expected }) => `${what}: ${expected}`).join('; '),
    actual: reached ? parts.map(({ what, actual }) => `${what}: ${actual ?? NOT_REACHED}`).join('; ') : NOT_REACHED,
  };
}

/** That every query brought something back. */
export function answered(searches: readonly ProbeComparison[]): Part {
  const silent = searches.filter(({ results }) => results === 0);
  const actual = `${count(searches.length - silent.length)} of ${count(searches.length)}${reasons(silent)}`;
  return some('queries answered', 'all', searches, { passed: silent.length === 0, actual });
}

/** That every answer is what it was, byte for byte. */
export function same(what: string, probes: readonly ProbeComparison[]): Part {
  const other = probes.filter(({ identical }) => !identical);
  const actual = `${count(probes.length - other.length)} of ${count(probes.length)} identical${reasons(other)}`;
  return some(what, 'identical', probes, { passed: other.length === 0, actual });
}

/** That no answer takes longer than before, by the share that the plan allows; what was not judged is told. */
export function inTime(probes: readonly ProbeComparison[], percent: number): Part {
  const slow = probes.filter(isSlow);
  const advisory = slow.every(({ verdict }) => verdict === 'warning');
  const open = probes.flatMap(({ name, notJudged }) => (notJudged === undefined ? [] : { name, why: notJudged }));
  const judged = probes.length - open.length;
  const within = open.length === 0 ? `all ${count(judged)}` : `${count(judged)} of ${count(probes.length)}`;
  const rest = open.length === 0 ? '' : `; ${count(open.length)} not judged${reasons(open)}`;
  const actual = `${slow.length === 0 ? within : `${count(slow.length)} slower${reasons(slow)}`}${rest}`;
  const expected = `within ${percent} % of before`;
  return { ...some('response times', expected, probes, { passed: slow.length === 0, actual }), advisory };
}

/** That the validation found no data inconsistent. */
export function noneFailed(checks: readonly CheckResult[]): Part {
  const critical = checks.filter(({ severity }) => severity === 'critical');
  const failed = critical.filter(({ passed }) => !passed).map(({ name }) => name);
  const actual = `${count(failed.length)} of ${count(critical.length)} failed${failed.length > 0 ? ` (${failed.join(', ')})` : ''}`;
  return some('critical checks', 'none failed', critical, { passed: failed.length === 0, actual });
}

/** That operation_log takes an entry, gives it back, and lets go of it. */
export function entries(test: { inserted: number; found: number; left: number } | string | null): Part {
  const [what, expected] = ['test entry', 'inserted 1, found 1, left 0'];
  if (test === null) return holds(what, expected, undefined);
  if (typeof test === 'string') return holds(what, expected, { passed: false, actual: test });
  return equal(what, expected, `inserted ${test.inserted}, found ${test.found}, left ${test.left}`);
}

/** A statement about a list that proves nothing where it is empty. */
function some(
  what: string,
  expected: string,
  list: readonly unknown[],
  found: { passed: boolean; actual: string },
): Part {
  return holds(what, expected, list.length === 0 ? undefined : found);
}

/** Answered as before, only later. */
function isSlow({ verdict, identical }: ProbeComparison): boolean {
  return verdict !== 'ok' && identical;
}

function reasons(probes: readonly Pick<ProbeComparison, 'name' | 'why'>[]): string {
  if (probes.length === 0) return '';
  return ` (${probes.map(({ name, why }) => `${name}${why ? `: ${why}` : ''}`).join(', ')})`;
}
