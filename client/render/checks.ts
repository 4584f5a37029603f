import type { CheckResult } from '../../domain/checks';
import type { Colors } from '../output';
import { table } from './tables';
import { count, duration, plural } from './text';

/** What `hfv validate` found. Field names are part of the contract. */
export interface ChecksView {
  base: string;
  /** No critical check failed. */
  passed: boolean;
  /** Checks that failed as warnings. */
  warnings: number;
  checks: CheckResult[];
}

/** The checks for people: the verdict, a row each, then what offends in those that failed. */
export function renderChecks({ base, passed, warnings, checks }: ChecksView, color: Colors): string {
  const critical = checks.filter((one) => !one.passed && one.severity === 'critical').length;
  const verdict = [
    passed ? color.green('valid') : color.red(`NOT valid: ${plural(critical, 'critical check')} failed`),
    ...(warnings > 0 ? [color.yellow(plural(warnings, 'warning'))] : []),
  ].join(', ');
  const failed = checks.filter((one) => !one.passed);
  return [
    `${color.bold(base)} ${verdict}`,
    '',
    checksTable(checks, color),
    ...failed.flatMap((one) => ['', ...offenderLines(one, color)]),
  ].join('\n');
}

function checksTable(checks: readonly CheckResult[], color: Colors): string {
  const rows = checks.map((one) => [
    one.number === undefined ? '' : String(one.number),
    one.name,
    one.severity,
    verdictOf(one, color),
    one.expected,
    one.actual,
    one.durationMs === undefined ? '' : duration(one.durationMs),
  ]);
  return table(['', 'check', 'severity', 'verdict', 'expected', 'found', 'took'], rows, color);
}

function verdictOf({ passed, severity }: CheckResult, color: Colors): string {
  if (passed) return color.green('passed');
  return severity === 'critical' ? color.red('FAILED') : color.yellow('warning');
}

function offenderLines(check: CheckResult, color: Colors): string[] {
  const { number, name, actual, offenders } = check;
  const { total, samples } = offenders ?? { total: 0, samples: [] };
  const more = total - samples.length;
  return [
    `${verdictOf(check, color)} ${number}. ${name}: ${actual}`,
    ...samples.map((sample) => `  ${sample}`),
    ...(more > 0 && samples.length > 0 ? [`  and ${count(more)} more`] : []),
  ];
}
