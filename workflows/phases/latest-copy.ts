import type { TakenArtifact } from '../../activities';
import { judgeArtifacts } from '../../domain/checks';
import { mayRestoreFrom, type Marks } from '../../domain/consistency';
import { LATEST_COPY_FOLDERS } from '../../domain/names';
import { LATEST_COPY } from '../../domain/version-id';
import type { BaselineRun, Found } from '../parts/baseline-run';
import { artifactFacts, composeManifest, type Collection } from '../parts/compose-manifest';
import { demandConsistent, stateOfCapture } from '../parts/consistency';
import { demandAll } from '../parts/demand';
import { proveProduction } from '../parts/prove-production';
import { rollbackOperation } from '../parts/roll-back';
import { verdictOn } from '../parts/rollback-record';
import { allOrCancel } from '../parts/run';
import { sweepSnapshots } from '../parts/sweep-snapshots';

export interface LatestCopy {
  taken: [sqlite: TakenArtifact, qdrant: TakenArtifact, neo4j: TakenArtifact];
  collection: Collection;
  marks: { before: Marks; after: Marks };
}

/** A restorable copy of all three stores, taken side by side and verified, before anything is modified. */
export async function takeLatestCopy(run: BaselineRun, found: Found): Promise<LatestCopy> {
  const { steps, runId, record, saga } = run;
  const folder = LATEST_COPY_FOLDERS.building(runId);
  registerUndo(run, folder);
  await steps.files.openFolder(folder);
  const before = await steps.longFiles.markStores();
  const [metadata, [qdrant, collection], neo4j] = await allOrCancel([
    () => run.step('latest-copy of SQLite', () => steps.longFiles.snapshotMetadata(folder), artifactFacts),
    () =>
      run.step(
        'latest-copy of Qdrant',
        () => copyQdrant(run, folder, found),
        ([taken]) => artifactFacts(taken),
      ),
    () => run.step('latest-copy of Neo4j', () => steps.longFiles.exportNeo4j(folder), artifactFacts),
  ] as const);
  const after = await steps.longFiles.markStores();
  const copy: LatestCopy = { taken: [metadata, qdrant, neo4j], collection, marks: { before, after } };
  record.consistency = stateOfCapture(run, copy, found.inventory);
  const artifacts = copy.taken.map(({ artifact }) => artifact);
  // Says more than the statement does where it is the counts that differ.
  demandAll(6, judgeArtifacts(found.inventory, artifacts));
  demandConsistent(record.consistency);
  record.latestCopyPath = await run.step('verify and publish latest-copy', async () => {
    await steps.longFiles.sealManifest(folder, composeManifest(run, LATEST_COPY, found, collection, copy.taken));
    return steps.files.publishLatestCopy();
  });
  // Registered before the first modification, so that it runs when all of them have been undone.
  saga.undoWith('production as it was', async () => {
    const oneMoment = mayRestoreFrom(record.consistency);
    const copies = [{ folder: LATEST_COPY, oneMoment }];
    run.proof = await proveProduction(run.undo, run.rollbackLog, { copies, versionId: run.versionId });
  });
  return copy;
}

/**
 * The step removes its own snapshot from the server. Only where it fails can one be left, so the undo looks for it only
 * then, and not when the run fails later; which one is the run's own, its claim tells.
 */
async function copyQdrant(run: BaselineRun, folder: string, found: Found) {
  const { steps, undo, saga } = run;
  const before = found.stores.qdrantSnapshots;
  let left = true;
  saga.undoWith('Qdrant snapshots', async () =>
    left ? sweepSnapshots(undo, before, { runId: run.runId, justNow: true }) : undefined,
  );
  const taken = await steps.longFiles.snapshotQdrant(folder, before, run.settings.deep ?? false);
  left = false;
  await steps.files.amendClaim({ ...run.claim, tablesBefore: found.files.tablesBefore });
  return [taken, await steps.files.describeCollection()] as const;
}

/**
 * Registered first of all, so that they come last: the row's verdict says that all else is undone and production is
 * proven to be as it was, and the copy of production is given up only once that is written down.
 */
function registerUndo(run: BaselineRun, folder: string): void {
  const { undo, saga, runId, versionId, progress } = run;
  saga.undoWith('latest-copy', () => undo.files.settleLatestCopy(runId, 'old'), { lastWord: true });
  saga.undoWith(
    verdictOn(versionId),
    () => undo.files.rollBackRow(versionId, runId, progress.view.reason ?? 'unknown', rollbackOperation(run)),
    { lastWord: true },
  );
  saga.undoWith('half-built latest-copy', () => undo.longFiles.removeFolder(folder, runId));
}
