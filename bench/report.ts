import { cpus, totalmem, type, release } from 'node:os';
import prettyBytes from 'pretty-bytes';
import type { Colors } from '../client/output';
import { table } from '../client/render/tables';
import { count, duration } from '../client/render/text';
import type { ServiceStatus } from '../stack/stack';
import { BUDGET, judge, PLAN, type Verdict } from './budget';
import type { MeasuredChecks } from './checks';
import type { MeasuredLife } from './life';
import type { Measured } from './measure';
import { ABORTED_IN, type MeasuredRollback } from './rollback';

export interface Report {
  date: string;
  machine: { system: string; cpu: string; cores: number; memoryBytes: number; node: string };
  services: { name: string; version: string; how: string }[];
  scale: string;
  worker: {
    from: 'sources' | 'dist';
    /** Its peak before it did any work: from the sources it has bundled the workflows by then. */
    startPeakBytes: number | null;
  };
  /** Load averages right before the runs: what else was at work on the machine. */
  load: number[];
  runs: Measured[];
  /** The seven checks after each run. */
  checks: MeasuredChecks[];
  /** Of each run, one aborted in each place. */
  rollbacks: MeasuredRollback[];
  /** After each run: a baseline, a change of 1 %, and the baseline restored. */
  lives: MeasuredLife[];
  verdicts: Verdict[];
}

export interface Circumstances {
  scale: string;
  services: readonly ServiceStatus[];
  built: boolean;
  startPeakBytes: number | null;
  load: number[];
}

export interface Figures {
  runs: Measured[];
  checks: MeasuredChecks[];
  rollbacks: MeasuredRollback[];
  lives: MeasuredLife[];
}

export function makeReport(given: Circumstances, figures: Figures): Report {
  const { scale, built, startPeakBytes, load } = given;
  const [cpu] = cpus();
  const machine = {
    system: `${type()} ${release()}`,
    cpu: cpu?.model.trim() ?? 'unknown',
    ...{ cores: cpus().length, memoryBytes: totalmem(), node: process.version },
  };
  const services = given.services.map(({ name, version, how }) => ({ name, version, how }));
  const worker = { from: built ? ('dist' as const) : ('sources' as const), startPeakBytes };
  return {
    date: new Date().toISOString(),
    machine,
    services,
    scale,
    worker,
    load,
    ...figures,
    verdicts: judge(figures),
  };
}

/** The report for people: a column per run, then what it comes to. */
export function renderReport(report: Report, color: Colors): string {
  const { machine, services, scale, runs, date, load } = report;
  const numbers = runs.map((_, i) => `run ${i + 1}`);
  return [
    `${date}, ${machine.cores} cores (${machine.cpu}), ${prettyBytes(machine.memoryBytes)}, Node ${machine.node}`,
    services.map(({ name, version, how }) => `${name} ${version} (${how})`).join(', '),
    `load before the runs: ${load.map((value) => value.toFixed(1)).join(', ')} (1, 5, 15 minutes)`,
    `scale ${scale}: ${count(runs[0]?.paragraphs ?? 0)} paragraphs, artifacts of ${prettyBytes(runs[0]?.artifactBytes ?? 0)}`,
    '',
    table(['phase', ...numbers, 'plan'], phaseRows(runs), color),
    '',
    table(['step', ...numbers], stepRows(runs), color),
    '',
    table(['check', ...numbers], checkRows(report.checks), color),
    '',
    ...ABORTED_IN.flatMap((place) => [
      table([`rollback of a run in ${place}`, ...numbers], rollbackRows(report, place), color),
      '',
    ]),
    table(
      [`promote of ${count(report.lives[0]?.chunks ?? 0)} chunks`, ...numbers],
      lifeRows(report, 'promoteSteps'),
      color,
    ),
    '',
    table(['restore of all three stores', ...numbers], lifeRows(report, 'restorePhases'), color),
    table(['restore after a loss', ...numbers], lifeRows(report, 'afterLossPhases'), color),
    '',
    table(['figure', ...numbers, 'budget'], figureRows(report), color),
    '',
    ...report.verdicts.map((verdict) => verdictLine(verdict, color)),
  ].join('\n');
}

function phaseRows(runs: readonly Measured[]): string[][] {
  const phases = runs[0]?.phases ?? [];
  return phases.map(({ phase }, i) => [phase, ...runs.map((run) => took(run.phases[i])), PLAN[phase] ?? '']);
}

function stepRows(runs: readonly Measured[]): string[][] {
  const steps = runs[0]?.steps ?? [];
  return steps.map(({ name }, i) => [name, ...runs.map((run) => took(run.steps[i]))]);
}

function checkRows(runs: readonly MeasuredChecks[]): string[][] {
  const checks = runs[0]?.checks ?? [];
  return checks.map(({ number, name }, i) => [`${number} ${name}`, ...runs.map((run) => took(run.checks[i]))]);
}

function rollbackRows({ rollbacks }: Report, place: MeasuredRollback['abortedIn']): string[][] {
  const of = rollbacks.filter(({ abortedIn }) => abortedIn === place);
  const steps = (of[0]?.steps ?? []).map(({ number, name }, i) => [
    `${number} ${name}`,
    ...of.map((one) => took(one.steps[i])),
  ]);
  return [...steps, ['abort to end', ...of.map(({ totalMs }) => duration(totalMs))]];
}

function lifeRows({ lives }: Report, which: 'promoteSteps' | 'restorePhases' | 'afterLossPhases'): string[][] {
  const nameOf = (part: { name: string } | { phase: string }) => ('name' in part ? part.name : part.phase);
  return (lives[0]?.[which] ?? []).map((part, i) => [nameOf(part), ...lives.map((life) => took(life[which][i]))]);
}

function figureRows({ runs, checks, rollbacks, lives, worker }: Report): string[][] {
  const row = (name: string, of: (run: Measured) => string, budget = '') => [name, ...runs.map(of), budget];
  const label = (which: 'p50' | 'p95' | 'max') => (run: Measured) => (run.labels ? duration(run.labels[which]) : '-');
  return [
    row('migrate', (run) => duration(run.migrateMs), `< ${duration(BUDGET.migrateMs)} (plan: 15 min)`),
    row('label batches', (run) => String(run.labels?.batches ?? 0)),
    row('label batch p50', label('p50')),
    row('label batch p95', label('p95'), `< ${duration(BUDGET.labelP95Ms)}`),
    row('label batch max', label('max')),
    [
      'seven checks',
      ...checks.map(({ totalMs }) => duration(totalMs)),
      `< ${duration(BUDGET.checksMs)} (plan: 2-3 min)`,
    ],
    ...ABORTED_IN.map((place) => [
      `rollback in ${place}`,
      ...rollbacks.filter(({ abortedIn }) => abortedIn === place).map(({ totalMs }) => duration(totalMs)),
      `< ${duration(BUDGET.rollbackMs)}`,
    ]),
    ['ready to its answer', ...lives.map(({ validateMs }) => duration(validateMs)), ''],
    ['promote', ...lives.map(({ promoteMs }) => duration(promoteMs)), `< ${duration(BUDGET.promoteMs)}`],
    ['· the stores disagreed', ...lives.map(({ disagreedMs }) => duration(disagreedMs)), ''],
    ['ready to the end', ...lives.map(({ publishMs }) => duration(publishMs)), ''],
    ['restore', ...lives.map(({ restoreMs }) => duration(restoreMs)), `< ${duration(BUDGET.restoreMs)}`],
    [
      'restore after a loss',
      ...lives.map(({ restoreAfterLossMs }) => duration(restoreAfterLossMs)),
      `< ${duration(BUDGET.restoreMs)}`,
    ],
    row('worker peak memory', (run) => bytes(run.workerPeakBytes), `< ${prettyBytes(BUDGET.workerPeakBytes)}`),
    row(`worker from ${worker.from}, started`, () => bytes(worker.startPeakBytes)),
    row('history events', (run) => String(run.historyEvents)),
  ];
}

function verdictLine({ name, worst, within, budget }: Verdict, color: Colors): string {
  if (worst === null) return `${name}: not measured (this system does not tell)`;
  const show = name.includes('memory') ? prettyBytes : duration;
  const says = within ? color.green('within') : color.red('OVER');
  return `${name}: ${says} the budget, ${show(worst)} of ${show(budget)}`;
}

function took(part: { milliseconds: number } | undefined): string {
  return part ? duration(part.milliseconds) : '-';
}

function bytes(value: number | null): string {
  return value === null ? 'unknown' : prettyBytes(value);
}
