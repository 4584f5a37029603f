import type { TakenArtifact } from '../../activities';
import type { ConsistencyStatement, FenceCoverage, Marks } from '../../domain/consistency';
import type { Inventory } from '../../domain/inventory';
import type { Manifest } from '../../domain/manifest';
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

export interface Captured {
  taken: readonly TakenArtifact[];
  marks: { before: Marks; after: Marks };
  /** Taken when the captures had ended. */
  inventory: Inventory;
  fence: FenceCoverage;
  /** Not written yet, and without the statement. */
  manifest: Manifest;
}

/**
 * Captures production into a folder: side by side, with the stores' marks before and after. The write fence asks others
 * to keep out meanwhile. It is no version before it is sealed.
 */
export async function captureProduction(
  { files, longFiles, longStores }: Steps,
  { folder, versionId, runId, workflowId, label, settings, owner }: Capturing,
): Promise<Captured> {
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
  const [{ sqlite }, stores] = await Promise.all([files.inspectFiles(versionId), longStores.inspectStores(label)]);
  const inventory = { takenAt: startedAt, sqlite, qdrant: stores.qdrant, neo4j: stores.neo4j };
  return {
    ...{ taken, marks: { before, after }, inventory },
    fence: { owner, from: startedAt, to: after.sqlite.at, note: 'the row write_fence in metadata.db' },
    manifest: composeManifest({ settings, workflowId, runId }, versionId, { inventory }, collection, taken),
  };
}

/** The statement is part of the manifest, so that what speaks against the capture has to be known before. */
export async function sealCaptured(
  { longFiles }: Steps,
  folder: string,
  manifest: Manifest,
  consistency: ConsistencyStatement,
): Promise<void> {
  await longFiles.sealManifest(folder, { ...manifest, consistency: { ...consistency } });
}
