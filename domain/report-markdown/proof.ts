import type { CheckResult } from '../checks';
import { comparisonText, type FingerprintComparison } from '../fingerprint';
import type { RunReport } from '../report';
import { count, duration, STORE_TITLES } from '../words';
import { bullets, code, passedMark, plain, section, table } from './text';

/** The plan's eight criteria, each with what was expected and what was found. */
export function criteriaSection({ criteria }: RunReport): string {
  const rows = criteria.map(({ number, title, passed, expected, actual, severity }) => [
    String(number),
    plain(title),
    passedMark(passed, severity),
    plain(expected),
    plain(actual),
  ]);
  return section('Success criteria', [
    rows.length > 0 ? table(['#', 'Criterion', 'Met', 'Expected', 'Found'], rows) : null,
  ]);
}

export function checksSection({ checks }: RunReport): string {
  return section('Checks', [checks.length > 0 ? checksTable(checks) : null, ...checks.map(offendersOf)]);
}

/** Checks in a table; those of the validation checklist carry its number. */
export function checksTable(checks: readonly CheckResult[]): string {
  const rows = checks.map(({ number, name, severity, passed, expected, actual, durationMs }) => [
    number === undefined ? '' : String(number),
    plain(name),
    severity,
    passedMark(passed, severity),
    plain(expected),
    plain(actual),
    durationMs === undefined ? '' : duration(durationMs),
  ]);
  return table(['#', 'Check', 'Severity', 'Passed', 'Expected', 'Found', 'Took'], rows);
}

/** Production after the run against production before it. */
export function fingerprintsSection({ fingerprints }: RunReport): string {
  return section('Content of the stores', [
    fingerprints.length > 0 ? 'Production after the labelling against production before the run, by content:' : null,
    fingerprints.length > 0 ? comparisonsTable(fingerprints) : null,
    ...fingerprints.map(differencesOf),
  ]);
}

export function comparisonsTable(comparisons: readonly FingerprintComparison[]): string {
  const rows = comparisons.map((comparison) => [
    STORE_TITLES[comparison.store],
    passedMark(comparison.same),
    `${count(comparison.expected.items)} in ${count(comparison.expected.groups)} groups`,
    code(comparison.expected.sha256),
    `${count(comparison.actual.items)} in ${count(comparison.actual.groups)} groups`,
    code(comparison.actual.sha256),
    plain(comparisonText(comparison)),
  ]);
  return table(['Store', 'Same', 'Before', 'Fingerprint', 'After', 'Fingerprint', 'Difference'], rows);
}

function differencesOf({ store, samples, differing }: FingerprintComparison): string | null {
  if (samples.length === 0) return null;
  const rows = samples.map(({ group, expected, actual }) => [plain(group), side(expected), side(actual)]);
  return `Groups of ${STORE_TITLES[store]} that differ (${count(samples.length)} of ${count(differing)} shown):\n\n${table(['Group', 'Before', 'After'], rows)}`;
}

function side(group: { items: number; sha256: string } | null): string {
  return group === null ? 'absent' : `${count(group.items)}, ${code(group.sha256.slice(0, 12))}`;
}

function offendersOf({ name, offenders }: CheckResult): string | null {
  if (!offenders || offenders.total === 0) return null;
  const { total, samples } = offenders;
  return `${plain(name)}, ${count(samples.length)} of ${count(total)} shown:\n\n${bullets(samples.map(plain))}`;
}
