import type { TakenArtifact } from '../../activities';
import { judgeArtifacts } from '../../domain/checks';
import { LATEST_COPY_FOLDERS } from '../../domain/names';
import { LATEST_COPY } from '../../domain/version-id';
import type { BaselineRun, Found } from '../parts/baseline-run';
import { artifactFacts, composeManifest, type Collection } from '../parts/compose-manifest';
import { rollbackOperation } from '../parts/roll-back';
import { allOrCancel } from '../parts/run';
import { demandAll } from './validation';

export interface LatestCopy {
  taken: [sqlite: TakenArtifact, qdrant: TakenArtifact, neo4j: TakenArtifact];
  collection: Collection;
  path: string;
}

/** A restorable copy of all three stores, taken side by side before anything is modified. */
export async function takeLatestCopy(run: BaselineRun, found: Found): Promise<LatestCopy> {
  const { steps, runId } = run;
  const folder = LATEST_COPY_FOLDERS.building(runId);
  registerUndo(run, folder);
  await steps.files.openFolder(folder);
  const [metadata, [qdrant, collection], neo4j] = await allOrCancel([
    () => run.step('latest-copy of SQLite', () => steps.files.snapshotMetadata(folder), artifactFacts),
    () =>
      run.step(
        'latest-copy of Qdrant',
        () => copyQdrant(run, folder, found),
        ([taken]) => artifactFacts(taken),
      ),
    () => run.step('latest-copy of Neo4j', () => steps.longFiles.exportNeo4j(folder), artifactFacts),
  ] as const);
  const taken: LatestCopy['taken'] = [metadata, qdrant, neo4j];
  demandAll(
    judgeArtifacts(
      found.inventory,
      taken.map(({ artifact }) => artifact),
    ),
  );
  const path = await run.step('publish latest-copy', async () => {
    await steps.longFiles.sealManifest(folder, composeManifest(run, LATEST_COPY, found, collection, taken));
    return steps.files.publishLatestCopy();
  });
  return { taken, collection, path };
}

/**
 * The step removes its own snapshot from the server. Only where it fails can one be left; it is known by not having
 * been there before, so the undo looks for it only then, and not when the run fails later: somebody else may have
 * taken one meanwhile.
 */
async function copyQdrant(run: BaselineRun, folder: string, found: Found) {
  const { steps, undo, saga } = run;
  const before = found.stores.qdrantSnapshots;
  let left = true;
  saga.undoWith('Qdrant snapshots', async () => left && undo.files.sweepQdrantSnapshots(before));
  const taken = await steps.longFiles.snapshotQdrant(folder, before);
  left = false;
  await steps.files.amendClaim({ ...run.claim, tablesBefore: found.files.tablesBefore });
  return [taken, await steps.files.describeCollection()] as const;
}

/** The row's verdict is registered first of all, so that it is spoken last: it says that all else is undone. */
function registerUndo(run: BaselineRun, folder: string): void {
  const { undo, saga, runId, versionId, progress } = run;
  saga.undoWith(
    'registry row',
    () => undo.files.rollBackRow(versionId, runId, progress.view.reason ?? 'unknown', rollbackOperation(run)),
    { lastWord: true },
  );
  saga.undoWith('latest-copy', () => undo.files.settleLatestCopy(runId, 'old'));
  saga.undoWith('half-built latest-copy', () => undo.longFiles.removeFolder(folder, runId));
}
