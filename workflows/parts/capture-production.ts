import type { TakenArtifact } from '../../activities';
import { stateConsistency, type ConsistencyStatement } from '../../domain/consistency';
import type { Steps } from './activities';
import { composeManifest } from './compose-manifest';

export interface Capturing {
  /** Of the run named here, be it at work or dead. */
  folder: string;
  /** What production is. */
  versionId: string;
  runId: string;
  workflowId: string;
  label: string;
  settings: { base: string; deep?: boolean };
  /** Who holds the write fence meanwhile, in words. */
  owner: string;
}

/**
 * Captures production into a folder and seals it: side by side, with the stores' marks before and after. The write fence
 * asks others to keep out meanwhile.
 */
export async function captureProduction(
  { files, longFiles, longStores }: Steps,
  { folder, versionId, runId, workflowId, label, settings, owner }: Capturing,
): Promise<{ taken: readonly TakenArtifact[]; consistency: ConsistencyStatement }> {
  const startedAt = new Date().toISOString();
  await files.openFolder(folder, runId);
  const before = await longFiles.markStores();
  const present = await files.listQdrantSnapshots();
  const [metadata, [qdrant, collection], neo4j] = await Promise.all([
    longFiles.snapshotMetadata(folder),
    longFiles
      .snapshotQdrant(folder, present, settings.deep)
      .then(async (taken) => [taken, await files.describeCollection()] as const),
    longFiles.exportNeo4j(folder),
  ]);
  const after = await longFiles.markStores();
  const taken = [metadata, qdrant, neo4j] as const;
  const fence = { owner, from: startedAt, to: after.sqlite.at, note: 'the row write_fence in metadata.db' };
  const windows = taken.map(({ artifact: { store, capturedFrom, capturedTo } }) => ({
    ...{ store, capturedFrom, capturedTo },
    contentUnchanged: null,
    countsUnchanged: true,
  }));
  const consistency = stateConsistency({ marksBefore: before, marksAfter: after, windows, fence });
  const [{ sqlite }, stores] = await Promise.all([files.inspectFiles(versionId), longStores.inspectStores(label)]);
  const inventory = { takenAt: startedAt, sqlite, qdrant: stores.qdrant, neo4j: stores.neo4j };
  const manifest = composeManifest({ settings, workflowId, runId }, versionId, { inventory }, collection, taken);
  await longFiles.sealManifest(folder, { ...manifest, consistency: { ...consistency } });
  return { taken, consistency };
}
