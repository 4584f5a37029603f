import { CancellationScope } from '@temporalio/workflow';
import type { CompensationResult } from '../domain/baseline';
import type { Claim } from '../domain/claim';
import { unjudgedCriteria } from '../domain/criteria';
import type { RollbackRecord } from '../domain/rollback';
import type { SwitchEntry } from '../domain/switch-journal';
import { tellingSteps, undoSteps } from './parts/activities';
import { businessFailure } from './parts/failures';
import { CONTINUE } from './parts/names';
import { driveToEnd, planHealthCheck, type DriveSettings } from './parts/drive-to-end';
import type { Driven } from './parts/driven';
import { eightSteps } from './parts/eight-steps';

/** Where whoever asks is of an older release, and does not say. */
const HEALTH_DELAY_SECONDS = 300;

export interface UndoResult {
  state: 'undone' | 'committed';
  /** What was done; null where the run had committed, or there was nothing left to undo. */
  record: RollbackRecord | null;
  /** Where the run had committed. */
  driven?: Driven;
}

/**
 * Undoes what a run left that cannot undo it itself any more: it was ended from outside (terminated, timed out), or
 * one of its own undos failed. Its claim says what there is to undo; a run that had not yet passed preflight changed
 * nothing. A workflow of its own, named after that run, so that Temporal lets only one run do it.
 *
 * Answers `committed` where the run turns out to have committed: that is driven forward, not undone.
 */
export async function undoAbandonedRun(
  holder: Claim,
  batchSize: number,
  given: string | null = null,
  healthDelaySeconds = HEALTH_DELAY_SECONDS,
): Promise<UndoResult> {
  // An undo that was begun is ended, whoever asked for it and has gone since.
  return CancellationScope.nonCancellable(() => undo(holder, { batchSize, healthDelaySeconds }, given));
}

async function undo(holder: Claim, settings: DriveSettings, given: string | null): Promise<UndoResult> {
  const { batchSize } = settings;
  const { files } = undoSteps();
  // It may have been undone meanwhile, and the base be somebody else's.
  if (!(await files.stillStands(holder))) return { state: 'undone', record: null };
  const { runId, versionId, workflowId } = holder;
  const entry = await markSwitch(holder);
  if (entry) {
    return { state: 'committed', record: null, driven: await driveToEnd(holder, entry, settings) };
  }
  const reason = given ?? `the run ${workflowId} (${runId}) was ended from outside; undone by the next one`;
  const startedAt = new Date().toISOString();
  // Once marked, a commit of the dead run that is still on its way is refused.
  const status = await files.markRollback(versionId, runId, reason, startedAt);
  if (status === 'committed') {
    await files.settleLatestCopy(runId, 'new');
    await files.releaseWriteFence(runId);
    await planHealthCheck(holder.base, versionId, settings);
    await files.releaseClaim(runId);
    return { state: 'committed', record: null };
  }
  const { record: told, verdict } = await files.rollbackTold(versionId);
  const ofBaseline = (holder.kind ?? 'baseline') === 'baseline';
  const { record, results } = await eightSteps({
    ...{ holder, batchSize, reason, status, startedAt, trigger: told?.trigger ?? null, verdict },
    ...(ofBaseline && { criteria: told?.criteria ?? unjudgedCriteria() }),
  });
  const { base } = holder;
  const endedAt = new Date().toISOString();
  const end = { base, workflowId, runId, startedAt, endedAt, rollback: record, compensations: results };
  // What is undone is undone, whether or not it can be told.
  await tellingSteps()
    .files.reportRollback(end)
    .catch(() => undefined);
  if (record.left.length === 0) return { state: 'undone', record };
  throw needsOperator(record, results);
}

/**
 * Marks the dead run's switch as one that is taken back, so that a commit of it that is still on its way is refused.
 * Answers the switch where it had passed its commit point already.
 */
async function markSwitch({ kind = 'baseline', runId }: Claim): Promise<SwitchEntry | null> {
  if (kind === 'baseline') return null;
  const { files } = undoSteps();
  const state = await files.takeBackSwitch(runId);
  return state === 'committed' || state === 'done' ? files.findSwitch(runId) : null;
}

function needsOperator(record: RollbackRecord, compensations: CompensationResult[]): Error {
  const { versionId, left } = record;
  return businessFailure(
    'NEEDS_OPERATOR',
    {
      found: `what ${versionId} left could not be undone: ${left.join('; ')}`,
      expected: 'a base without leftovers',
      next: `mend the cause named above, then run \`${CONTINUE}\``,
      details: { versionId, left },
    },
    { rollback: record, compensations },
  );
}
