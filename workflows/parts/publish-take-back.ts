import { CancellationScope, type ApplicationFailure } from '@temporalio/workflow';
import type { CompensationResult } from '../../domain/baseline';
import type { RollbackRecord } from '../../domain/rollback';
import { classifyTrigger, statusMessage, type TriggerFound } from '../../domain/triggers';
import { tellingSteps } from './activities';
import { eightSteps } from './eight-steps';
import { businessFailure, messageOf, statedTrigger } from './failures';
import { CONTINUE } from './names';
import type { PublishRun } from './publish-run';

export interface TakeBackCause {
  reason: string;
  error?: unknown;
  /** False where nothing but the claim is there to undo. */
  modified: boolean;
  /** Whether production was touched: only then the commit point may have been passed. */
  switched: boolean;
}

/**
 * The response protocol for a staged version: the eight steps, as for a run that is dead. Answers the failure that the
 * run ends with, nothing where there is none but the cause itself, and `committed` where the commit had landed.
 */
export async function takeBack(
  run: PublishRun,
  cause: TakeBackCause,
): Promise<ApplicationFailure | 'committed' | undefined> {
  return CancellationScope.nonCancellable(async () => {
    const { undo, runId, progress } = run;
    run.gate.close();
    if (!cause.modified) {
      await undo.files.releaseClaim(runId);
      progress.ended(run.desk.cancelled === undefined ? 'rolled_back' : 'cancelled');
      return undefined;
    }
    const trigger = triggerOf(run, cause);
    const message = statusMessage(trigger, cause.reason);
    progress.rollingBack(message);
    try {
      return await undoAll(run, cause, trigger, message);
    } catch (error) {
      progress.ended('needs_operator');
      throw needsOperator(run, message, [messageOf(error)], null, []);
    }
  });
}

async function undoAll(
  run: PublishRun,
  { switched }: TakeBackCause,
  trigger: TriggerFound | null,
  message: string,
): Promise<ApplicationFailure | 'committed' | undefined> {
  const { undo, runId, versionId, progress, settings } = run;
  const startedAt = new Date().toISOString();
  if (switched && (await isCommitted(run))) {
    progress.goesOn();
    return 'committed';
  }
  const status = await undo.files.markRollback(versionId, runId, message, startedAt);
  // The commit may have landed between the question and the mark; once marked, none can follow.
  if (status === 'committed') {
    progress.goesOn();
    return 'committed';
  }
  const tablesBefore = (await undo.files.inspectFiles(versionId)).tablesBefore;
  const holder = { ...run.claim, tablesBefore };
  const { record, results } = await eightSteps({
    ...{ holder, batchSize: settings.batchSize, reason: message, status, startedAt, trigger },
  });
  results.forEach((result) => progress.compensated(result));
  await report(run, record, results, startedAt);
  const clean = record.left.length === 0;
  progress.ended(!clean ? 'needs_operator' : run.desk.cancelled === undefined ? 'rolled_back' : 'cancelled');
  if (!clean) return needsOperator(run, message, record.left, record, results);
  return run.desk.cancelled === undefined ? rolledBack(run, message, record, results) : undefined;
}

/** Once it is marked as taken back, no commit can follow. */
async function isCommitted({ undo, runId }: PublishRun): Promise<boolean> {
  const state = await undo.files.takeBackSwitch(runId);
  return state === 'committed' || state === 'done';
}

function triggerOf(run: PublishRun, { reason, error }: TakeBackCause): TriggerFound | null {
  return error === undefined ? null : classifyTrigger(run.progress.view.phase, reason, statedTrigger(error));
}

/** What is undone is undone, whether or not it can be told. */
async function report(
  { settings, workflowId, runId }: PublishRun,
  rollback: RollbackRecord,
  compensations: CompensationResult[],
  startedAt: string,
): Promise<void> {
  const told = { base: settings.base, workflowId, runId, startedAt, endedAt: new Date().toISOString() };
  await tellingSteps()
    .files.reportRollback({ ...told, rollback, compensations })
    .catch(() => undefined);
}

function rolledBack(
  run: PublishRun,
  reason: string,
  rollback: RollbackRecord,
  compensations: CompensationResult[],
): ApplicationFailure {
  const { versionId } = run;
  return businessFailure(
    'ROLLED_BACK',
    {
      found: `${versionId} failed and everything of it was undone. Reason: ${reason}`,
      expected: 'a committed version',
      next: 'mend the cause and stage again with `hfv stage`',
    },
    { outcome: 'rolled_back', versionId, reason, rollback, compensations, steps: run.progress.steps },
  );
}

function needsOperator(
  run: PublishRun,
  reason: string,
  left: readonly string[],
  rollback: RollbackRecord | null,
  compensations: CompensationResult[],
): ApplicationFailure {
  const { versionId } = run;
  return businessFailure(
    'NEEDS_OPERATOR',
    {
      found: `${versionId} failed (${reason}) and could not be undone entirely. Still there: ${left.join('; ')}`,
      expected: 'every compensation done',
      next: `mend the cause named above, then run \`${CONTINUE}\``,
    },
    { outcome: 'needs_operator', versionId, reason, rollback, compensations, steps: run.progress.steps },
  );
}
