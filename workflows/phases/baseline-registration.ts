import type { TakenArtifact } from '../../activities';
import { LATEST_COPY } from '../../domain/version-id';
import type { BaselineRun, Found } from '../parts/baseline-run';
import { artifactFacts, composeManifest } from '../parts/compose-manifest';
import { settleConsistency } from '../parts/consistency';
import { triggerFailure } from '../parts/failures';
import { allOrCancel } from '../parts/run';
import type { LatestCopy } from './latest-copy';

/**
 * Phase 2: the v1_baseline entry, the snapshots, their checksums. metadata.db is captured again, now with its
 * tables; what latest-copy already holds byte for byte is linked, not taken twice.
 */
export async function baselineRegistration(run: BaselineRun, found: Found, latest: LatestCopy): Promise<void> {
  const { steps, undo, saga, versionId, runId, record } = run;
  const { sqlite, neo4j } = found.inventory;
  const counts = { chapterCount: sqlite.chapters, paragraphCount: neo4j.paragraphs };
  record.row = await run.step('insert the v1_baseline entry', () =>
    steps.files.registerBaselineVersion({ versionId, ...counts, notes: run.input.notes }),
  );
  saga.undoWith('artifacts', () => undo.longFiles.removeFolder(versionId, runId));
  await steps.files.openFolder(versionId);
  const taken = await snapshots(run, latest);
  record.taken = taken;
  demandSameContent(latest.taken[0], taken[0]);
  await run.step(
    'state the consistency',
    () => settleConsistency(run, LATEST_COPY, latest, found.inventory),
    () => ({ consistency: record.consistency }),
  );
  const { consistency } = record;
  const manifest = {
    ...composeManifest(run, versionId, found, latest.collection, taken),
    ...(consistency && { consistency: { ...consistency } }),
  };
  record.manifestPath = await run.step('verify checksums and seal the manifest', () =>
    steps.longFiles.sealManifest(versionId, manifest),
  );
  const [metadata, qdrant, graph] = taken;
  await steps.files.recordSnapshots(versionId, { metadata: metadata.path, qdrant: qdrant.path, neo4j: graph.path });
  await run.flushOperations();
}

async function snapshots(run: BaselineRun, { taken: [, qdrant, neo4j] }: LatestCopy) {
  const { steps, versionId } = run;
  const link = (from: TakenArtifact) => () => steps.longFiles.linkFromLatestCopy(versionId, from);
  return allOrCancel([
    () => run.step('snapshot of SQLite', () => steps.longFiles.snapshotMetadata(versionId), artifactFacts),
    () => run.step('snapshot of Qdrant', link(qdrant), artifactFacts),
    () => run.step('snapshot of Neo4j', link(neo4j), artifactFacts),
  ] as const);
}

/** The two copies of metadata.db differ in the versioning tables only, which a fingerprint leaves out. */
function demandSameContent(before: TakenArtifact, now: TakenArtifact): void {
  const [expected, actual] = [before.artifact.fingerprint?.sha256, now.artifact.fingerprint?.sha256];
  if (expected === actual) return;
  throw triggerFailure(6, 'CHECK_FAILED', {
    found: `metadata.db changed during the run: its content has the fingerprint ${actual}`,
    expected: `${expected}, as when latest-copy was taken`,
    next: 'stop whatever writes chapters, then run the migration again',
  });
}
