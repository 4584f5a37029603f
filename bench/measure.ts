import { startOrAttach } from '../client/changes';
import type { Context } from '../client/context';
import type { Session } from '../client/temporal';
import { durationsByPhase, type BaselineOutcome, type BatchLatency } from '../domain/baseline';
import { forgetPeak, peakMemory } from './memory';

/** What one migration took. Times in milliseconds, memory in bytes. */
export interface Measured {
  versionId: string;
  /** From the call that starts the workflow to its result in the hands of the caller. */
  migrateMs: number;
  phases: { phase: string; milliseconds: number }[];
  steps: { phase: string; name: string; milliseconds: number }[];
  labels: BatchLatency | null;
  /** The worker's peak while it migrated; null where the system does not tell. */
  workerPeakBytes: number | null;
  historyEvents: number;
  paragraphs: number;
  artifactBytes: number;
}

/** Runs one migration to its end and reads off what it took. */
export async function measure(context: Context, session: Session, workerPid: number): Promise<Measured> {
  const { base } = context.settings();
  forgetPeak(workerPid);
  const startedAt = performance.now();
  const { change, attached } = await startOrAttach(session, base, { startedBy: 'bench' });
  if (attached) throw new Error(`A migration of ${base} was running already: its figures would be half a run's`);
  const outcome = (await change.handle.result()) as BaselineOutcome;
  const migrateMs = performance.now() - startedAt;
  if (outcome.outcome !== 'committed') throw new Error(`The run ended as ${outcome.outcome}, so it measured nothing`);
  const { historyLength } = await change.handle.describe();
  return {
    versionId: outcome.versionId,
    migrateMs: Math.round(migrateMs),
    phases: durationsByPhase(outcome.steps),
    steps: outcome.steps.map(({ phase, name, startedAt: from, endedAt }) => {
      return { phase, name, milliseconds: Date.parse(endedAt ?? from) - Date.parse(from) };
    }),
    labels: outcome.labelLatencyMs,
    workerPeakBytes: peakMemory(workerPid),
    historyEvents: historyLength,
    paragraphs: outcome.counts?.paragraphs ?? 0,
    artifactBytes: outcome.artifacts.reduce((sum, { bytes }) => sum + bytes, 0),
  };
}
