import type { Claim } from '../domain/claim';
import { LATEST_COPY_FOLDERS } from '../domain/names';
import { undoSteps } from './parts/activities';
import { businessFailure } from './parts/failures';
import { Saga } from './parts/saga';

/**
 * Undoes what a run left that was ended from outside (terminated, timed out) and so could not undo it itself. Its
 * claim says what there is to undo; a run that had not yet passed preflight changed nothing. A workflow of its own,
 * named after the dead run, so that Temporal lets only one run do it.
 *
 * Answers `committed` where the dead run turns out to have committed: that is driven forward, not undone.
 */
export async function undoAbandonedRun(holder: Claim, batchSize: number): Promise<'undone' | 'committed'> {
  const { files } = undoSteps();
  const { runId, versionId } = holder;
  const reason = `the run ${holder.workflowId} (${runId}) was ended from outside; undone by the next one`;
  // Once marked, a commit of the dead run that is still on its way is refused.
  if ((await files.markRollback(versionId, runId, reason)) === 'committed') {
    await files.settleLatestCopy(runId, 'new');
    await files.releaseClaim(runId);
    return 'committed';
  }
  const results = await sagaOf(holder, reason, batchSize).compensate();
  const failed = results.filter(({ state }) => state === 'failed');
  if (failed.length === 0) return 'undone';
  throw businessFailure('NEEDS_OPERATOR', {
    found: `what ${versionId} left could not be undone: ${failed.map(({ name, error }) => `${name} (${error})`).join('; ')}`,
    expected: 'a base without leftovers',
    next: 'mend the cause named above and run `hfv migrate` again: it continues the undo',
    details: { versionId, failed },
  });
}

function sagaOf(holder: Claim, reason: string, batchSize: number): Saga {
  const { files, stores, longFiles, longStores } = undoSteps();
  const { runId, versionId, label, tablesBefore, qdrantSnapshotsBefore } = holder;
  const saga = new Saga();
  saga.undoWith(`claim of ${versionId}`, () => files.releaseClaim(runId), { lastWord: true });
  if (!tablesBefore) return saga;
  const at = new Date().toISOString();
  const operation = {
    type: 'rollback',
    status: 'success' as const,
    details: { reason },
    startedAt: at,
    completedAt: at,
  };
  saga.undoWith(`registry row of ${versionId}`, () => files.rollBackRow(versionId, runId, reason, operation), {
    lastWord: true,
  });
  saga.undoWith('versioning tables', () => files.undoVersioningTables(tablesBefore));
  saga.undoWith('latest-copy', () => files.settleLatestCopy(runId, 'old'));
  saga.undoWith('half-built latest-copy', () => longFiles.removeFolder(LATEST_COPY_FOLDERS.building(runId), runId));
  // Without the list of what was there before, nothing on the server can be told to be that run's.
  if (qdrantSnapshotsBefore) saga.undoWith('Qdrant snapshots', () => files.sweepQdrantSnapshots(qdrantSnapshotsBefore));
  saga.undoWith(`artifacts of ${versionId}`, () => longFiles.removeFolder(versionId, runId));
  saga.undoWith(`labels :${label}`, () => longStores.removeVersionLabel(label, batchSize));
  saga.undoWith('fence', () => stores.revokeFence(runId));
  return saga;
}
