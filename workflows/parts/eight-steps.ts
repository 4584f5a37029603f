import type { CompensationResult } from '../../domain/baseline';
import type { CheckResult } from '../../domain/checks';
import type { Claim } from '../../domain/claim';
import { LATEST_COPY_FOLDERS } from '../../domain/names';
import type { Operation } from '../../domain/registry';
import type { RollbackRecord } from '../../domain/rollback';
import { BASELINE_LABEL } from '../../domain/version-id';
import { tellingSteps, undoSteps, type Steps } from './activities';
import { CONTINUE } from './names';
import { proveProduction, type ProductionProof } from './prove-production';
import { RollbackLog } from './rollback-log';
import { Saga } from './saga';

export interface Leftovers {
  holder: Claim;
  batchSize: number;
  reason: string;
  /** Where the version stands once marked; `absent` where the run had no row yet. */
  status: string;
  startedAt: string;
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
    proof = await prove(steps, log, holder).catch(() => undefined);
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
  await stores.revokeFence(holder.runId);
  const removed = await longStores.removeVersionLabel(holder.label, batchSize);
  return `:${holder.label} removed from ${removed} nodes`;
}

async function prove(steps: Steps, log: RollbackLog, holder: Claim): Promise<ProductionProof | undefined> {
  const { runId, versionId, qdrantSnapshotsBefore } = holder;
  const copies = await steps.files.copiesBefore(runId);
  if (copies.length > 0) return proveProduction(steps, log, { copies, versionId, qdrantSnapshotsBefore });
  log.note(6, 'not needed', 'the run ended before its copy of production, and so before it modified anything');
  log.note(7, 'not needed', 'nothing had been modified');
  return undefined;
}

/** Everything else that the run made, last-in first-out; then the last words, unless something is left. */
async function restOf(
  { files, longFiles }: Steps,
  log: RollbackLog,
  left: Leftovers,
  proof: ProductionProof | undefined,
): Promise<CompensationResult[]> {
  const { runId, versionId, tablesBefore, qdrantSnapshotsBefore } = left.holder;
  const failed = log.failed;
  const saga = new Saga();
  const lastWord = { lastWord: true };
  saga.undoWith(`claim of ${versionId}`, () => files.releaseClaim(runId), lastWord);
  if (tablesBefore) {
    saga.undoWith(
      `registry row of ${versionId}`,
      () => files.rollBackRow(versionId, runId, left.reason, postMortem(log, left, proof)),
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

function postMortem(log: RollbackLog, { reason, startedAt }: Leftovers, proof: ProductionProof | undefined): Operation {
  const told = proof?.comparisons.map(({ store, same, actual }) => ({ store, same, sha256: actual.sha256 })) ?? [];
  const details = { reason, steps: log.steps, proof: told, restored: proof?.restored ?? [] };
  return { type: 'rollback', status: 'success', details, startedAt, completedAt: new Date().toISOString() };
}

async function recordOf(
  log: RollbackLog,
  { holder, reason }: Leftovers,
  proof: ProductionProof | undefined,
  results: readonly CompensationResult[],
): Promise<RollbackRecord> {
  const left = results.filter(({ state }) => state === 'failed').map(({ name, error }) => `${name} (${error ?? ''})`);
  let checks: CheckResult[] = [];
  if (left.length === 0 && holder.tablesBefore) {
    await log.attempt(8, async () => {
      checks = await tellingSteps().longFiles.runSevenChecks();
      const passed = checks.filter((check) => check.passed).length;
      return { detail: `rolled_back; ${passed} of ${checks.length} checks passed`, result: undefined };
    });
  } else if (left.length === 0) log.note(8, 'done', 'nothing was changed');
  else log.note(8, 'failed', left.join('; '));
  const comparisons = proof?.comparisons ?? [];
  return {
    versionId: holder.versionId,
    trigger: null,
    reason,
    steps: log.steps,
    restored: proof?.restored ?? [],
    savedTo: proof?.savedTo ?? null,
    proof: comparisons,
    checks,
    proven: left.length === 0 && comparisons.every(({ same }) => same),
    left,
    next: left.length > 0 ? CONTINUE : null,
  };
}
