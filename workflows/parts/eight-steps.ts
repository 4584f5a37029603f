import type { CompensationResult } from '../../domain/baseline';
import type { CheckResult } from '../../domain/checks';
import type { Claim } from '../../domain/claim';
import { fenceTokens, LATEST_COPY_FOLDERS } from '../../domain/names';
import type { RollbackRecord } from '../../domain/rollback';
import type { TriggerFound } from '../../domain/triggers';
import { BASELINE_LABEL } from '../../domain/version-id';
import { undoSteps, type Steps } from './activities';
import { businessFailure } from './failures';
import { CONTINUE } from './names';
import { proveProduction, type ProductionProof } from './prove-production';
import { RollbackLog } from './rollback-log';
import { leftBy, postMortem, rollbackRecord, validateAgain } from './rollback-record';
import { Saga } from './saga';

export interface Leftovers {
  holder: Claim;
  batchSize: number;
  reason: string;
  /** Where the version stands once marked; `absent` where the run had no row yet. */
  status: string;
  startedAt: string;
  /** What the run itself told of its end, where it could. */
  trigger: TriggerFound | null;
}

/**
 * The plan's rollback in its eight steps, for a run that is dead. A step that fails is noted and the others are still
 * done; the copies of production, the row's verdict and the claim stay until all else is undone.
 */
export async function eightSteps(left: Leftovers): Promise<{ record: RollbackRecord; results: CompensationResult[] }> {
  const { holder, status } = left;
  const { versionId, runId, tablesBefore } = holder;
  const steps = undoSteps();
  const log = new RollbackLog();
  log.note(1, 'done', `${versionId}, of run ${runId}`);
  log.note(2, status === 'absent' ? 'not needed' : 'done', status === 'absent' ? 'the version had no row yet' : status);
  let proof: ProductionProof | undefined;
  // A run that had not passed preflight changed no store.
  if (tablesBefore) {
    await clearStaging(steps, log, left);
    await log.attempt(5, async () => ({ detail: await removeLabel(steps, left), result: undefined }));
    // What went wrong is noted with the step.
    proof = await prove(steps, log, left).catch(() => undefined);
  }
  const results = await restOf(steps, log, left, proof);
  return { record: await recordOf(log, left, proof, results), results };
}

async function clearStaging({ files, longFiles, longStores }: Steps, log: RollbackLog, left: Leftovers): Promise<void> {
  if (left.holder.label === BASELINE_LABEL) {
    log.note(3, 'not needed', 'a baseline has no staging table');
    log.note(4, 'not needed', 'a baseline has no staging collection');
    return;
  }
  await log.attempt(3, async () => gone(await files.dropStagingTable()));
  await log.attempt(4, async () => gone(await longFiles.dropStagingCollection()));
  await log.attempt(5, async () => {
    const removed = await longStores.removeStagingNodes(left.batchSize);
    return { detail: `${removed} staging nodes deleted`, result: undefined };
  });
}

function gone(was: boolean): { state: 'done' | 'not needed'; detail: string; result: undefined } {
  return { state: was ? 'done' : 'not needed', detail: was ? 'removed' : 'there was none', result: undefined };
}

/** The fence goes first: a batch that is still on its way writes nothing after it. */
async function removeLabel({ stores, longStores }: Steps, { holder, batchSize }: Leftovers): Promise<string> {
  for (const token of fenceTokens(holder.runId)) await stores.revokeFence(token);
  const removed = await longStores.removeVersionLabel(holder.label, batchSize);
  return `:${holder.label} removed from ${removed} nodes`;
}

async function prove(steps: Steps, log: RollbackLog, left: Leftovers): Promise<ProductionProof | undefined> {
  const { runId, versionId } = left.holder;
  const copies = await log.step(6, async () => {
    const found = await steps.files.copiesBefore(runId);
    const lost = found.length === 0 && left.status !== 'absent';
    // Where the claim is lost too, the backups folder is another one now, and there is nothing to wait for.
    if (lost && left.holder.namespace !== undefined) throw copyIsGone(versionId);
    const none = lost ? COPY_LOST : NOTHING_MODIFIED;
    const detail = found.length > 0 ? `${found.map(({ folder }) => folder).join(', ')} to compare with` : none;
    return { state: found.length > 0 ? 'done' : 'not needed', detail, result: found };
  });
  if (copies.length > 0) return proveProduction(steps, log, { copies, versionId });
  log.note(7, 'not needed', 'there is nothing to compare with');
  return undefined;
}

const NOTHING_MODIFIED = 'the run ended before its copy of production, and so before it modified anything';

const COPY_LOST = 'claim and latest-copy are lost: production cannot be compared with what it was';

/** A row is made only after latest-copy: where there is a row and no copy, somebody has taken it away. */
function copyIsGone(versionId: string): Error {
  return businessFailure('NEEDS_OPERATOR', {
    found: `${versionId} has a row, and there is no copy of production from before it`,
    expected: 'latest-copy in the backups folder',
    next: `bring the backups folder back (HYBRIDFLOW_BACKUPS), then continue with \`${CONTINUE}\``,
  });
}

/** Everything else that the run made, last-in first-out; then the last words, unless something is left. */
async function restOf(
  { files, longFiles }: Steps,
  log: RollbackLog,
  left: Leftovers,
  proof: ProductionProof | undefined,
): Promise<CompensationResult[]> {
  const { reason, startedAt, trigger, holder } = left;
  const { runId, versionId, tablesBefore, qdrantSnapshotsBefore } = holder;
  const failed = log.failed;
  const saga = new Saga();
  const lastWord = { lastWord: true };
  saga.undoWith(`claim of ${versionId}`, () => files.releaseClaim(runId), lastWord);
  if (tablesBefore) {
    saga.undoWith(
      `registry row of ${versionId}`,
      () =>
        files.rollBackRow(
          versionId,
          runId,
          reason,
          postMortem(startedAt, proof, { trigger, reason, steps: log.steps }),
        ),
      lastWord,
    );
    saga.undoWith('latest-copy', () => files.settleLatestCopy(runId, 'old'), lastWord);
    saga.undoWith('versioning tables', () => files.undoVersioningTables(tablesBefore));
    saga.undoWith('write fence', () => files.releaseWriteFence(runId));
    saga.undoWith('half-built latest-copy', () => longFiles.removeFolder(LATEST_COPY_FOLDERS.building(runId), runId));
    // Without the list of what was there before, nothing on the server can be told to be that run's.
    if (qdrantSnapshotsBefore) {
      saga.undoWith('Qdrant snapshots', () => files.sweepQdrantSnapshots(qdrantSnapshotsBefore));
    }
    saga.undoWith('side targets of the rehearsal', () => longFiles.removeRehearsal(runId));
    saga.undoWith(`artifacts of ${versionId}`, () => longFiles.removeFolder(versionId, runId));
  }
  for (const { number, name, detail } of failed) {
    saga.undoWith(`step ${number} (${name})`, () => Promise.reject(new Error(detail)));
  }
  return saga.compensate();
}

async function recordOf(
  log: RollbackLog,
  { holder, reason, trigger, status }: Leftovers,
  proof: ProductionProof | undefined,
  results: readonly CompensationResult[],
): Promise<RollbackRecord> {
  const left = leftBy(results);
  let checks: CheckResult[] = [];
  if (left.length > 0) log.note(8, 'failed', left.join('; '));
  else if (holder.tablesBefore) checks = await validateAgain(log);
  else log.note(8, 'done', 'nothing was changed');
  const known = { versionId: holder.versionId, trigger, reason, checks, left };
  return rollbackRecord(known, log, proof, { proofNeeded: status !== 'absent' });
}
