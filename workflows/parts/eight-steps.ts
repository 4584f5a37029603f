import type { CompensationResult } from '../../domain/baseline';
import type { CheckResult } from '../../domain/checks';
import { fenceTokens, LATEST_COPY_FOLDERS } from '../../domain/names';
import { isProvenBy, type RollbackRecord } from '../../domain/rollback';
import { BASELINE_LABEL } from '../../domain/version-id';
import { demandStillBack } from '../phases/restore/stores-back';
import { undoSteps, type Steps } from './activities';
import { lookAtProduction, type Leftovers, type ProductionFound } from './production-found';
import type { ProductionProof } from './prove-production';
import { noteNoRow, noteNoStaging, RollbackLog } from './rollback-log';
import {
  leftBy,
  logFailedRollback,
  logPostMortem,
  postMortem,
  rollbackRecord,
  validateAgain,
  verdictOn,
} from './rollback-record';
import { Saga } from './saga';
import { sweepSnapshots } from './sweep-snapshots';

/**
 * The plan's rollback in its eight steps, for a run that is dead. A step that fails is noted and the others are still
 * done; the row's verdict stays open until all else is undone, the copy of production until that verdict is given, and the
 * claim is the last to go. So a copy is missed by no undo that follows one which was killed.
 */
export async function eightSteps(left: Leftovers): Promise<{ record: RollbackRecord; results: CompensationResult[] }> {
  const { holder, status } = left;
  const { versionId, runId, tablesBefore } = holder;
  const steps = undoSteps();
  const log = new RollbackLog();
  log.note(1, 'done', `${versionId}, of run ${runId}`);
  if (status === 'absent') noteNoRow(log, holder.kind, left.startedAt);
  else log.note(2, 'done', status, left.startedAt);
  let found: ProductionFound = { untouched: false };
  // A run that had not passed preflight changed no store.
  if (tablesBefore) {
    await switchBack(steps, log, left);
    await clearStaging(steps, log, left);
    if (left.holder.kind !== 'restore') {
      await log.attempt(5, async () => ({ detail: await removeLabel(steps, left), result: undefined }));
    }
    // What went wrong is noted with the step.
    found = await lookAtProduction(steps, log, left).catch(() => found);
  }
  const results = await restOf(steps, log, left, found.proof);
  if (status !== 'absent' && leftBy(results).length > 0) {
    const { reason, trigger, startedAt } = left;
    const details = { trigger, reason, compensations: results, steps: log.steps };
    await logFailedRollback(versionId, results, postMortem(startedAt, found.proof, details, 'failed'));
  }
  const record = await recordOf(log, left, found, results);
  const restoring = holder.kind === 'restore' && !found.untouched;
  if (status !== 'absent' || restoring) await logPostMortem(holder.runId, left.startedAt, record);
  return { record, results };
}

async function clearStaging({ files, longFiles, longStores }: Steps, log: RollbackLog, left: Leftovers): Promise<void> {
  if (left.holder.kind === 'restore') return noteNoStaging(log, 'restore');
  if (left.holder.label === BASELINE_LABEL) return noteNoStaging(log, 'baseline');
  await log.attempt(3, async () => gone(await files.dropStagingTable()));
  await log.attempt(4, async () => gone(await longFiles.dropStagingCollection(), 'nothing under the staging name'));
  await log.attempt(5, async () => {
    const removed = await longStores.removeStagingNodes(left.batchSize);
    return { detail: `${removed} staging nodes deleted`, result: undefined };
  });
}

function gone(
  was: boolean,
  otherwise = 'there was none',
): { state: 'done' | 'not needed'; detail: string; result: undefined } {
  return { state: was ? 'done' : 'not needed', detail: was ? 'removed' : otherwise, result: undefined };
}

/** The fence goes first: a batch that is still on its way writes nothing after it. */
async function removeLabel({ stores, longStores }: Steps, { holder, batchSize }: Leftovers): Promise<string> {
  for (const token of fenceTokens(holder.runId)) await stores.revokeFence(token);
  const removed = await longStores.removeVersionLabel(holder.label, batchSize);
  return `:${holder.label} removed from ${removed} nodes`;
}

/** Of Qdrant's step; what is told after it is of the staging name alone. */
const ALIAS = {
  'moved back': 'alias moved back, and the collection that it led to removed',
  'not moved': 'the alias had not moved; the collection that it was to lead to removed',
  'not needed': 'no alias to move back',
} as const;

/** First of all, since what production is read from must not be taken for what was staged. */
async function switchBack({ files }: Steps, log: RollbackLog, { holder }: Leftovers): Promise<void> {
  if ((holder.kind ?? 'baseline') !== 'publish') return;
  await log.attempt(4, async () => {
    const moved = await files.switchVectorsBack(holder.runId);
    return { state: moved === 'not needed' ? 'not needed' : 'done', detail: ALIAS[moved], result: undefined };
  });
}

/** Everything else that the run made, last-in first-out; then the last words, unless something is left. */
async function restOf(
  steps: Steps,
  log: RollbackLog,
  left: Leftovers,
  proof: ProductionProof | undefined,
): Promise<CompensationResult[]> {
  const { files, longFiles } = steps;
  const { reason, startedAt, trigger, holder } = left;
  const { runId, versionId, tablesBefore, qdrantSnapshotsBefore } = holder;
  const failed = log.failed;
  const saga = new Saga();
  const lastWord = { lastWord: true };
  saga.undoWith(`claim of ${versionId}`, () => files.releaseClaim(runId), lastWord);
  const copyGoes = () => saga.undoWith('latest-copy', () => files.settleLatestCopy(runId, 'old'), lastWord);
  // Without a claim the open row is all that says that there is something to end: then it is the very last to go.
  const claimed = holder.namespace !== undefined;
  if (tablesBefore) {
    if (claimed) copyGoes();
    saga.undoWith(
      verdictOn(versionId),
      () =>
        files.rollBackRow(
          versionId,
          runId,
          reason,
          postMortem(startedAt, proof, { trigger, reason, steps: log.steps }),
        ),
      lastWord,
    );
    if ((holder.kind ?? 'baseline') !== 'baseline') {
      saga.undoWith('journal of the switch', () => files.closeSwitch(runId, 'undone'), lastWord);
    }
    if (holder.kind === 'restore') {
      // Directly before the journal is closed: an attempt of the dead run may have woken meanwhile.
      saga.undoWith('production once more', () => stillBack(steps, runId), lastWord);
    }
    if (!claimed) copyGoes();
    saga.undoWith('versioning tables', () => files.undoVersioningTables(tablesBefore));
    saga.undoWith('write fence', () => files.releaseWriteFence(runId));
    saga.undoWith('half-built latest-copy', () => longFiles.removeFolder(LATEST_COPY_FOLDERS.building(runId), runId));
    // Without the list of what was there before, nothing on the server can be told to be that run's.
    if (qdrantSnapshotsBefore) {
      saga.undoWith('Qdrant snapshots', () => sweepSnapshots(steps, qdrantSnapshotsBefore, { runId, justNow: false }));
    }
    saga.undoWith('side targets of the rehearsal', () => longFiles.removeRehearsal(runId));
    saga.undoWith(`artifacts of ${versionId}`, () => longFiles.removeFolder(versionId, runId));
  }
  for (const { number, name, detail } of failed) {
    saga.undoWith(`step ${number} (${name})`, () => Promise.reject(new Error(detail)));
  }
  return saga.compensate();
}

async function stillBack(steps: Steps, runId: string): Promise<void> {
  const entry = await steps.files.findSwitch(runId);
  if (entry?.state === 'switching') await demandStillBack(steps, entry);
}

async function recordOf(
  log: RollbackLog,
  { holder, reason, trigger, status, criteria, verdict }: Leftovers,
  { proof, untouched }: ProductionFound,
  results: readonly CompensationResult[],
): Promise<RollbackRecord> {
  const left = leftBy(results);
  let checks: CheckResult[] = [];
  if (left.length > 0) log.note(8, 'failed', left.join('; '));
  else if (holder.tablesBefore) checks = await validateAgain(log);
  else log.note(8, 'done', 'nothing was changed');
  const known = { versionId: holder.versionId, trigger, reason, checks, left, criteria, ...(verdict && { verdict }) };
  const provenBefore = verdict ? isProvenBy(verdict) : false;
  return rollbackRecord(known, log, proof, { proofNeeded: status !== 'absent' && !untouched && !provenBefore });
}
