import type { TakenArtifact } from '../../activities';
import type { BaselineRun, Found } from '../parts/baseline-run';
import { artifactFacts, composeManifest } from '../parts/compose-manifest';
import { allOrCancel } from '../parts/run';
import type { LatestCopy } from './latest-copy';

export interface Registered {
  taken: readonly TakenArtifact[];
  manifestPath: string;
}

/**
 * Phase 2: the v1_baseline entry, the snapshots, their checksums. metadata.db is captured again, now with its
 * tables; what latest-copy already holds byte for byte is linked, not taken twice.
 */
export async function baselineRegistration(run: BaselineRun, found: Found, latest: LatestCopy): Promise<Registered> {
  const { steps, undo, saga, versionId, runId } = run;
  const { sqlite, neo4j } = found.inventory;
  const counts = { chapterCount: sqlite.chapters, paragraphCount: neo4j.paragraphs };
  await run.step('insert the v1_baseline entry', () =>
    steps.files.registerBaselineVersion({ versionId, ...counts, notes: run.input.notes }),
  );
  saga.undoWith('artifacts', () => undo.longFiles.removeFolder(versionId, runId));
  await steps.files.openFolder(versionId);
  const taken = await snapshots(run, latest);
  const manifest = composeManifest(run, versionId, found, latest.collection, taken);
  const manifestPath = await run.step('verify checksums and seal the manifest', () =>
    steps.longFiles.sealManifest(versionId, manifest),
  );
  const [metadata, qdrant, graph] = taken;
  await steps.files.recordSnapshots(versionId, { metadata: metadata.path, qdrant: qdrant.path, neo4j: graph.path });
  await run.flushOperations();
  return { taken, manifestPath };
}

async function snapshots(run: BaselineRun, { taken: [, qdrant, neo4j] }: LatestCopy) {
  const { steps, versionId } = run;
  const link = (from: TakenArtifact) => () => steps.longFiles.linkFromLatestCopy(versionId, from);
  return allOrCancel([
    () => run.step('snapshot of SQLite', () => steps.files.snapshotMetadata(versionId), artifactFacts),
    () => run.step('snapshot of Qdrant', link(qdrant), artifactFacts),
    () => run.step('snapshot of Neo4j', link(neo4j), artifactFacts),
  ] as const);
}
