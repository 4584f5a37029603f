import { durationsByPhase } from '../baseline';
import type { RunReport } from '../report';
import { count, duration, plural } from '../words';
import { bullets, maybe, plain, section, table } from './text';

/** What was done, in order, and how long it took. */
export function courseSection({ steps }: Pick<RunReport, 'steps'>): string {
  const phases = durationsByPhase(steps).map(({ phase, milliseconds }) => [phase, duration(milliseconds)]);
  const rows = steps.map(({ phase, name, state, startedAt, endedAt }) => [
    phase,
    plain(name),
    state === 'done' ? state : `**${state}**`,
    startedAt,
    endedAt === undefined ? '' : duration(Date.parse(endedAt) - Date.parse(startedAt)),
  ]);
  return section('Phases and steps', [
    phases.length > 0 ? table(['Phase', 'Took'], phases) : null,
    rows.length > 0 ? table(['Phase', 'Step', 'State', 'Began', 'Took'], rows) : null,
  ]);
}

/** Batches, their latency, and every retry with smaller ones. */
export function labelsSection({ labels: { latencyMs, retries }, plan }: RunReport): string {
  const planned = plan
    ? `${plural(plan.batches.count, 'batch', 'batches')} of ${count(plan.batches.size)} were planned.`
    : null;
  return section('Labelling', [
    maybe(
      latencyMs,
      ({ batches, p50, p95, max }) =>
        `${plural(batches, 'batch', 'batches')} written; per batch p50 ${duration(p50)}, p95 ${duration(p95)}, max ${duration(max)}. ${planned ?? ''}`,
    ),
    retries.length > 0
      ? bullets(
          retries.map(({ batchSize, error }) => `retried with batches of ${count(batchSize)} after: ${plain(error)}`),
        )
      : null,
  ]);
}

export function logsSection({ logs }: RunReport): string {
  const found = logs.map(({ path, readable, errors, samples }) =>
    [
      `${plain(path)}: ${readable ? plural(errors, 'error') : 'cannot be read'}`,
      ...samples.map((sample) => `  - ${plain(sample)}`),
    ].join('\n'),
  );
  return section('Logs of the services', [bullets(found)], 'None could be read from here.');
}

export function warningsSection({ warnings }: Pick<RunReport, 'warnings'>): string {
  return section('Warnings', [bullets(warnings.map(plain))], 'None.');
}
