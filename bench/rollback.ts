import { setTimeout as pause } from 'node:timers/promises';
import { ApplicationFailure, WorkflowFailedError } from '@temporalio/client';
import { startOrAttach, type ChangeHandle } from '../client/changes';
import type { Context } from '../client/context';
import type { Session } from '../client/temporal';
import type { BaselineOutcome, ProgressView } from '../domain/baseline';
import { abortUpdate, progress } from '../workflows/messages';

/** Where a run is aborted: with the first labels given, and with all of them, while production is validated. */
export const ABORTED_IN = ['label addition', 'validation'] as const;
export type AbortedIn = (typeof ABORTED_IN)[number];

/** What a rollback without a restore took, proof and checks included. Times in milliseconds. */
export interface MeasuredRollback {
  abortedIn: AbortedIn;
  /** From the abort to the end of the run. */
  totalMs: number;
  steps: { number: number; name: string; milliseconds: number }[];
}

const POLL_MS = 20;

/** Starts a migration, aborts it, and takes the time; a rollback that restored, or proved nothing, is another thing. */
export async function measureRollback(
  context: Context,
  session: Session,
  abortedIn: AbortedIn,
): Promise<MeasuredRollback> {
  const { change, attached } = await startOrAttach(session, context.settings().base, { startedBy: 'bench' });
  if (attached) throw new Error('A migration was running already: it is not for the benchmark to abort');
  await until(change.handle, (view) => isIn(view, abortedIn));
  const startedAt = performance.now();
  await change.handle.executeUpdate<string, [object]>(abortUpdate.name, { args: [{ by: 'bench' }] });
  const outcome = await endOf(change.handle);
  const totalMs = Math.round(performance.now() - startedAt);
  const { rollback } = outcome;
  if (outcome.outcome !== 'rolled_back' || !rollback?.proven || rollback.restored.length > 0) {
    throw new Error(`The run ended as ${outcome.outcome}, which is no rollback without a restore`);
  }
  const steps = rollback.steps.map(({ number, name, startedAt: from, endedAt }) => {
    return { number, name, milliseconds: Date.parse(endedAt) - Date.parse(from) };
  });
  return { abortedIn, totalMs, steps };
}

function isIn({ phase, labels, steps }: ProgressView, abortedIn: AbortedIn): boolean {
  if (abortedIn === 'label addition') return labels !== null;
  return phase === abortedIn && steps.some((step) => step.phase === abortedIn && step.state === 'done');
}

async function until(handle: ChangeHandle, reached: (view: ProgressView) => boolean): Promise<void> {
  while (!reached(await handle.query(progress))) await pause(POLL_MS);
}

/** A rollback ends as a failure that carries what the run has to tell. */
async function endOf(handle: ChangeHandle): Promise<BaselineOutcome> {
  try {
    return (await handle.result()) as BaselineOutcome;
  } catch (error) {
    const cause = error instanceof WorkflowFailedError ? error.cause : undefined;
    const outcome = cause instanceof ApplicationFailure ? cause.details?.[1] : undefined;
    if (outcome === undefined) throw error;
    return outcome as BaselineOutcome;
  }
}
