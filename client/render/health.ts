import { logText } from '../../domain/health-markdown';
import type { HealthReport, MetricState } from '../../domain/health';
import type { Colors } from '../output';
import type { HealthRunView, ScheduleView } from '../schedules';
import { table } from './tables';
import { interval } from './interval';
import { fields } from './text';

export interface HealthRunsView {
  base: string;
  schedule: ScheduleView | null;
  runs: HealthRunView[];
}

/** A health report for people: the metrics, then only what is not as it should be. */
export function renderHealth(report: HealthReport, color: Colors): string {
  const { base, versionId, takenAt, state, metrics, checks, logs, notes } = report;
  const failed = checks.filter(({ passed }) => !passed);
  return [
    `${color.bold(base)} ${painted(state, color)}`,
    ...fields([
      ['version', versionId ?? 'none is committed yet'],
      ['taken', takenAt],
    ]),
    '',
    ...metrics.flatMap(({ name, state: found, value }) => metricLines(name, found, value, color)),
    ...failed.map(({ name, severity, expected, actual }) => {
      const mark = severity === 'critical' ? color.red('check failed') : color.yellow('check failed');
      return `  ${mark} ${name}: expected ${expected}, found ${actual}`;
    }),
    ...logs.flatMap((log) => [
      `  ${log.errors > 0 ? color.yellow('log') : 'log'} ${logText(log)}`,
      ...log.samples.map((sample) => `      ${sample}`),
    ]),
    ...notes.map((note) => `  ${color.yellow('note')} ${note}`),
  ].join('\n');
}

/** The metric's value, one finding a line. */
function metricLines(name: string, state: MetricState, value: string, color: Colors): string[] {
  const [first = '', ...more] = value.split('; ');
  const indent = ' '.repeat(30);
  return [
    `  ${painted(state.padEnd(8), color, state)} ${name.padEnd(18)} ${first}`,
    ...more.map((line) => `${indent}${line}`),
  ];
}

/** `every 1 h, next at …`, or why it does not run. */
export function scheduleText({ everySeconds, paused, note, nextAt, skipped }: ScheduleView): string {
  return [
    everySeconds === null
      ? 'checked by a schedule of somebody else’s making'
      : `checked every ${interval(everySeconds)}`,
    paused ? `PAUSED${note ? ` (${note})` : ''}` : nextAt && `next at ${nextAt}`,
    skipped > 0 && `${skipped} skipped because the one before had not ended`,
  ]
    .filter(Boolean)
    .join(', ');
}

/** The schedule, and the last checks with their outcomes. */
export function renderHealthRuns({ base, schedule, runs }: HealthRunsView, color: Colors): string {
  const rows = runs.map(({ startedAt, status, outcome, versionId, workflowId }) => [
    startedAt,
    outcome === null ? status.toLowerCase() : painted(outcome, color, outcome === 'healthy' ? 'ok' : 'failed'),
    versionId ?? '',
    workflowId,
  ]);
  return [
    `${color.bold(base)} ${schedule ? scheduleText(schedule) : 'not checked by schedule (`hfv health schedule`)'}`,
    ...(rows.length > 0 ? ['', table(['began', 'outcome', 'version', 'workflow'], rows, color)] : ['  no checks yet']),
  ].join('\n');
}

function painted(text: string, color: Colors, state: string = text): string {
  if (state === 'ok') return color.green(text);
  return state === 'failed' ? color.red(text) : color.yellow(text);
}
