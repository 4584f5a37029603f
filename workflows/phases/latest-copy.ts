import type { TakenArtifact } from '../../activities';
import { LATEST_COPY_FOLDERS } from '../../domain/names';
import { LATEST_COPY } from '../../domain/version-id';
import type { BaselineRun, Found } from '../parts/baseline-run';
import { artifactFacts, composeManifest, type Collection } from '../parts/compose-manifest';
import { rollbackOperation } from '../parts/roll-back';
import { allOrCancel } from '../parts/run';

export interface LatestCopy {
  taken: [sqlite: TakenArtifact, qdrant: TakenArtifact, neo4j: TakenArtifact];
  collection: Collection;
  path: string;
}

/** A restorable copy of all three stores, taken side by side before anything is modified. */
export async function takeLatestCopy(run: BaselineRun, found: Found): Promise<LatestCopy> {
  const { steps, runId } = run;
  const folder = LATEST_COPY_FOLDERS.building(runId);
  const before = found.stores.qdrantSnapshots;
  registerUndo(run, folder, before);
  await steps.files.openFolder(folder);
  const [metadata, [qdrant, collection], neo4j] = await allOrCancel([
    () => run.step('latest-copy of SQLite', () => steps.files.snapshotMetadata(folder), artifactFacts),
    () =>
      run.step(
        'latest-copy of Qdrant',
        () => copyQdrant(run, folder, before),
        ([taken]) => artifactFacts(taken),
      ),
    () => run.step('latest-copy of Neo4j', () => steps.longFiles.exportNeo4j(folder), artifactFacts),
  ] as const);
  const taken: LatestCopy['taken'] = [metadata, qdrant, neo4j];
  const path = await run.step('publish latest-copy', async () => {
    await steps.longFiles.sealManifest(folder, composeManifest(run, LATEST_COPY, found, collection, taken));
    return steps.files.publishLatestCopy();
  });
  return { taken, collection, path };
}

async function copyQdrant({ steps }: BaselineRun, folder: string, before: string[]) {
  const taken = await steps.longFiles.snapshotQdrant(folder, before);
  return [taken, await steps.files.describeCollection()] as const;
}

/** The row's verdict is registered first of all, so that it is spoken last: it says that all else is undone. */
function registerUndo(run: BaselineRun, folder: string, before: string[]): void {
  const { undo, saga, runId, versionId, progress } = run;
  saga.undoWith(
    'registry row',
    () => undo.files.rollBackRow(versionId, progress.view.reason ?? 'unknown', rollbackOperation(run)),
    { lastWord: true },
  );
  saga.undoWith('latest-copy', () => undo.files.settleLatestCopy(runId, 'old'));
  saga.undoWith('half-built latest-copy', () => undo.longFiles.removeFolder(folder, runId));
  saga.undoWith('Qdrant snapshots', () => undo.files.sweepQdrantSnapshots(before));
}
