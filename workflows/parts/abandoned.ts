import type { Claim } from '../../domain/claim';
import { LATEST_COPY_FOLDERS } from '../../domain/names';
import { undoSteps } from './activities';
import type { Progress } from './progress';
import { Saga } from './saga';
import { businessFailure } from './failures';

/**
 * Undoes what a run left that was ended from outside (terminated, timed out) and so could not undo it itself.
 * Its claim says what there is to undo. A run that had not yet passed preflight changed nothing.
 */
export async function undoAbandoned(holder: Claim, progress: Progress, batchSize: number): Promise<void> {
  const { files, stores, longFiles, longStores } = undoSteps();
  const { runId, versionId, label, tablesBefore, qdrantSnapshotsBefore } = holder;
  const reason = `the run ${holder.workflowId} (${runId}) was ended from outside; undone by the next one`;
  const saga = new Saga();
  const at = new Date().toISOString();
  saga.undoWith(`claim of ${versionId}`, () => files.releaseClaim(runId), { lastWord: true });
  if (tablesBefore) {
    const operation = {
      type: 'rollback',
      status: 'success' as const,
      details: { reason },
      startedAt: at,
      completedAt: at,
    };
    saga.undoWith(`registry row of ${versionId}`, () => files.rollBackRow(versionId, reason, operation), {
      lastWord: true,
    });
    saga.undoWith('versioning tables', () => files.undoVersioningTables(tablesBefore));
    saga.undoWith('latest-copy', () => files.settleLatestCopy(runId, 'old'));
    saga.undoWith('half-built latest-copy', () => longFiles.removeFolder(LATEST_COPY_FOLDERS.building(runId), runId));
    // Without the list of what was there before, nothing on the server can be told to be that run's.
    if (qdrantSnapshotsBefore)
      saga.undoWith('Qdrant snapshots', () => files.sweepQdrantSnapshots(qdrantSnapshotsBefore));
    saga.undoWith(`artifacts of ${versionId}`, () => longFiles.removeFolder(versionId, runId));
    saga.undoWith(`labels :${label}`, () => longStores.removeVersionLabel(label, batchSize));
    saga.undoWith('fence', () => stores.revokeFence(runId));
  }
  const results = await progress.step(`undo what ${versionId} left`, () => saga.compensate());
  const failed = results.filter(({ state }) => state === 'failed');
  if (failed.length === 0) return;
  throw businessFailure('NEEDS_OPERATOR', {
    found: `what ${versionId} left could not be undone: ${failed.map(({ name, error }) => `${name} (${error})`).join('; ')}`,
    expected: 'a base without leftovers',
    next: 'mend the cause named above and run `hfv migrate` again: it continues the undo',
    details: { versionId, failed },
  });
}
