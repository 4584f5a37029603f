import { ARTIFACT_FILES, type StoreName } from '../../../domain/names';
import { STORE_TITLES } from '../../../domain/words';
import { allOrCancel } from '../../parts/run';
import type { RestoreRun } from './restore-run';

const SAVED_FILES: Record<StoreName, string> = {
  sqlite: ARTIFACT_FILES.metadata,
  qdrant: ARTIFACT_FILES.qdrant,
  neo4j: ARTIFACT_FILES.neo4j,
};

/** Saves what is there, unless a version goes on holding it. The folder stays, however the restore ends after the switch. */
export async function rescueProduction(run: RestoreRun, switched: () => boolean): Promise<void> {
  const { plan, steps, undo, saga, runId } = run;
  const kept = plan.changes.filter(({ keptIn }) => keptIn !== null);
  for (const { store, keptIn } of kept) {
    await run.step(`${STORE_TITLES[store]} needs no saving: ${keptIn} holds what is there`, () => Promise.resolve());
  }
  const unsaved = plan.changes.filter(({ keptIn }) => keptIn === null).map(({ store }) => store);
  if (unsaved.length === 0) return;
  // The end of a run's id, since ids of runs that began in the same minute begin alike.
  const folder = `rescue-${plan.source.versionId}-${runId.slice(-12)}`;
  // Before the switch it holds nothing that production does not.
  saga.undoWith('rescue copy', async () => (switched() ? 'kept' : undo.longFiles.removeFolder(folder, runId)));
  await steps.files.openFolder(folder);
  await allOrCancel(
    unsaved.map((store) => () => run.step(`save ${STORE_TITLES[store]} to ${folder}`, () => save(run, store, folder))),
  );
  run.rescue = folder;
}

/** Only where nobody wrote meanwhile is it known, to the digest, what was saved. */
async function save({ steps, saved }: RestoreRun, store: StoreName, folder: string): Promise<void> {
  const before = await steps.longFiles.fingerprintProduction(store);
  // Listed right before: a snapshot that somebody took earlier must not be taken for what is there now.
  const present = store === 'qdrant' ? await steps.files.listQdrantSnapshots() : [];
  const { sha256 } = await steps.longFiles.saveProduction(store, folder, present, before.sha256);
  const after = await steps.longFiles.fingerprintProduction(store);
  saved[store] = { file: SAVED_FILES[store], sha256, fingerprint: before.sha256 === after.sha256 ? after : null };
}
