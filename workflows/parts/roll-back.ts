import type { ApplicationFailure } from '@temporalio/workflow';
import { CancellationScope } from '@temporalio/workflow';
import type { CompensationResult } from '../../domain/baseline';
import type { Operation } from '../../domain/registry';
import { classifyTrigger, statusMessage, type TriggerFound } from '../../domain/triggers';
import type { BaselineRun } from './baseline-run';
import { judgeRun } from './criteria';
import { businessFailure, messageOf, statedTrigger } from './failures';
import { CONTINUE } from './names';
import { unfinished } from './outcome';
import { noteNoRow, noteNoStaging, noteNotCompared } from './rollback-log';
import { writeReport } from './report';
import { leftBy, logFailedRollback, logPostMortem, postMortem, rollbackRecord, validateAgain } from './rollback-record';

export type RollBackResult = { state: 'committed' } | { state: 'ended'; failure: ApplicationFailure };

export interface Cause {
  /** In words; also what was said with an abort. */
  reason: string;
  /** What ended the forward path; undefined for an abort or a cancellation, which are none of the six triggers. */
  error?: unknown;
  /** False where the run ended in preflight: then there is nothing to undo but the claim, and nothing to validate. */
  modified: boolean;
  commitTried: boolean;
}

/**
 * The response protocol: the work has stopped; mark the version, classify, undo everything last-in first-out, validate
 * again, say how it ended. Where the registry turns out to say `committed` (the answer of the commit was lost),
 * nothing is undone.
 */
export async function rollBack(
  run: BaselineRun,
  { reason, error, modified, commitTried }: Cause,
): Promise<RollBackResult> {
  return CancellationScope.nonCancellable(async () => {
    const { progress, rollbackLog: log, record, versionId } = run;
    run.gate.close();
    record.trigger = modified ? triggerOf(run, reason, error) : null;
    const message = statusMessage(record.trigger, reason);
    progress.rollingBack(message);
    log.note(1, 'done', `${versionId}: ${message}`);
    const marked = await mark(run, message);
    if (marked === 'committed') {
      // The commit had landed: nothing fired, and the run goes on to its end.
      record.trigger = null;
      progress.goesOn();
      return { state: 'committed' };
    }
    const criteria = judgeRun(run);
    const unsure = marked === 'unknown' && commitTried;
    const results = unsure ? [undecided()] : await run.saga.compensate((result) => progress.compensated(result));
    const clean = results.every(({ state }) => state !== 'failed');
    noteSteps(run, results);
    const checks = clean && modified ? await validateAgain(log, countedBefore(run)) : [];
    const { trigger } = record;
    const known = { versionId, trigger, reason: message, checks, left: leftBy(results), criteria };
    // A saga whose undos all succeeded has compared production, or had modified nothing.
    record.rollback = rollbackRecord(known, log, run.proof, { proofNeeded: false });
    if (!clean && marked !== 'absent') await logFailedRollback(versionId, results, rollbackOperation(run, 'failed'));
    if (modified && marked !== 'absent') await logPostMortem(run.runId, startedOf(run), record.rollback);
    progress.ended(clean ? 'rolled_back' : 'needs_operator');
    const told = modified ? 'rolled_back' : 'refused';
    await writeReport(run, clean ? told : 'needs_operator', message, results);
    return {
      state: 'ended',
      failure: clean ? rolledBack(run, message, results) : needsOperator(run, message, results),
    };
  });
}

/** The row of operation_log that a rollback opens, and closes with its post-mortem. */
export function rollbackOperation(run: BaselineRun, status: 'success' | 'failed' = 'success'): Operation {
  const { reason, compensations, steps } = run.progress.view;
  const { trigger, labelRetries } = run.record;
  const startedAt = startedOf(run);
  return postMortem(startedAt, run.proof, { trigger, reason, labelRetries, compensations, steps }, status);
}

function startedOf({ progress }: BaselineRun): string {
  return progress.view.rollingBackSince ?? new Date().toISOString();
}

function triggerOf(run: BaselineRun, reason: string, error: unknown): TriggerFound | null {
  return error === undefined ? null : classifyTrigger(run.progress.view.phase, reason, statedTrigger(error));
}

async function mark(run: BaselineRun, message: string): Promise<string> {
  const { undo, versionId, runId, rollbackLog: log } = run;
  const startedAt = startedOf(run);
  try {
    const status = await undo.files.markRollback(versionId, runId, message, startedAt);
    if (status === 'absent') noteNoRow(log, 'baseline', startedAt);
    else log.note(2, 'done', `${status}, operation_log row opened`, startedAt);
    return status;
  } catch (error) {
    // The compensations say for themselves what they could not reach.
    log.note(2, 'failed', messageOf(error), startedAt);
    return 'unknown';
  }
}

function undecided(): CompensationResult {
  const error = 'metadata.db does not answer, so it is unknown whether the version is committed';
  return { name: 'everything', state: 'failed', error };
}

/** What the saga did, told as the plan's steps 3 to 5; 6 and 7 have told of themselves. */
function noteSteps({ rollbackLog: log, label }: BaselineRun, results: readonly CompensationResult[]): void {
  noteNoStaging(log, 'baseline');
  const labels = results.find(({ name }) => name === `labels :${label}`);
  if (!labels) log.note(5, 'not needed', 'no label had been given');
  else if (labels.state === 'failed') log.note(5, 'failed', labels.error ?? '', labels.startedAt, labels.endedAt);
  else log.note(5, 'done', `no node carries :${label} any more`, labels.startedAt, labels.endedAt);
  noteNotCompared(log, 'nothing had been modified when the run ended');
}

function countedBefore({ record }: BaselineRun): { chapters: number; perTextbook: Record<string, number> } | undefined {
  if (!record.plan) return undefined;
  const { chapters, perTextbook } = record.plan.inventory.sqlite;
  return { chapters, perTextbook };
}

function rolledBack(run: BaselineRun, reason: string, results: CompensationResult[]): ApplicationFailure {
  return businessFailure(
    'ROLLED_BACK',
    {
      found: `The migration failed and everything it made was undone. Reason: ${reason}`,
      expected: 'a committed baseline',
      next: 'mend the cause and run `hfv migrate` again',
    },
    unfinished(run, 'rolled_back', reason, results),
  );
}

function needsOperator(run: BaselineRun, reason: string, results: CompensationResult[]): ApplicationFailure {
  const left = run.record.rollback?.left ?? [];
  return businessFailure(
    'NEEDS_OPERATOR',
    {
      found: `The migration failed (${reason}) and could not be undone entirely. Still there: ${left.join('; ')}`,
      expected: 'every compensation done',
      next: `mend the cause named above, then run \`${CONTINUE}\``,
    },
    unfinished(run, 'needs_operator', reason, results),
  );
}
