import { ARTIFACT_FILES, LATEST_COPY_FOLDERS, type StoreName } from '../domain/names';
import type { Artifact, Manifest } from '../domain/manifest';
import { LATEST_COPY } from '../domain/version-id';
import type { ArtifactRef, CapturedFile } from '../stores/ports';
import { callControl, isRetry, run } from './context';
import type { ActivityDeps } from './deps';

export interface TakenArtifact {
  artifact: Artifact;
  path: string;
}

/** Captures of the three stores into a version's folder, and the sealing of that folder. */
export function createSnapshotActivities(deps: ActivityDeps) {
  const { metadata, artifacts } = deps;
  return {
    async openFolder(folder: string): Promise<void> {
      await artifacts.openFolder(folder, run().runId);
    },

    /** Whoever ran first: the folder of a run is removed by that run's id. */
    async removeFolder(folder: string, runId: string): Promise<void> {
      await artifacts.removeFolder(folder, runId);
    },

    async snapshotMetadata(folder: string): Promise<TakenArtifact> {
      const file = ARTIFACT_FILES.metadata;
      let captured: Omit<CapturedFile, 'bytes' | 'sha256'> | undefined;
      const ref = await artifacts.write(folder, file, async (temporary) => {
        captured = metadata.snapshotTo(temporary);
      });
      return taken('sqlite', file, ref, captured);
    },

    /** `before`: names of the snapshots that were there before this run; see {@link VectorStore.createSnapshot}. */
    async snapshotQdrant(folder: string, before: string[]): Promise<TakenArtifact> {
      return captureQdrant(deps, folder, before);
    },

    /** Removes what the server still keeps of this run's snapshots: those not in `before`. */
    async sweepQdrantSnapshots(before: string[]): Promise<string[]> {
      const names = (await deps.vectors.listSnapshots())
        .map(({ name }) => name)
        .filter((name) => !before.includes(name));
      for (const name of names) await deps.vectors.deleteSnapshot(name);
      return names;
    },

    async exportNeo4j(folder: string): Promise<TakenArtifact> {
      const file = ARTIFACT_FILES.neo4j;
      let captured: Omit<CapturedFile, 'bytes' | 'sha256'> | undefined;
      const ref = await artifacts.write(folder, file, async (temporary) => {
        captured = await deps.graph.exportTo(temporary, callControl());
      });
      return taken('neo4j', file, ref, captured);
    },

    /** Gives the version the bytes that latest-copy already holds. */
    async linkFromLatestCopy(folder: string, from: TakenArtifact): Promise<TakenArtifact> {
      const { file } = from.artifact;
      const ref = await artifacts.link({ folder: LATEST_COPY, file }, { folder, file });
      return { path: ref.path, artifact: { ...from.artifact, linkedFrom: LATEST_COPY } };
    },

    async describeCollection(): Promise<{ config: unknown; payloadSchema: unknown }> {
      return deps.vectors.describe();
    },

    async sealManifest(folder: string, manifest: Manifest): Promise<string> {
      return (await artifacts.seal(folder, manifest)).path;
    },

    async publishLatestCopy(): Promise<string> {
      const { runId } = run();
      await artifacts.publishLatestCopy(LATEST_COPY_FOLDERS.building(runId), runId);
      return artifacts.pathOf(LATEST_COPY);
    },

    async settleLatestCopy(runId: string, keep: 'new' | 'old'): Promise<void> {
      await artifacts.settleLatestCopy(runId, keep);
    },
  };
}

async function captureQdrant(
  { vectors, artifacts }: ActivityDeps,
  folder: string,
  before: string[],
): Promise<TakenArtifact> {
  const file = ARTIFACT_FILES.qdrant;
  const capturedFrom = new Date().toISOString();
  const snapshot = await vectors.createSnapshot(before, { retry: isRetry() });
  const { points, serverVersion } = await vectors.inventory();
  const capturedTo = new Date().toISOString();
  const ref = await artifacts.write(folder, file, async (temporary) => {
    await vectors.downloadSnapshot(snapshot, temporary, callControl());
  });
  await vectors.deleteSnapshot(snapshot.name);
  return taken('qdrant', file, ref, { counts: { points }, serverVersion, capturedFrom, capturedTo });
}

function taken(
  store: StoreName,
  file: string,
  ref: ArtifactRef,
  captured: Omit<CapturedFile, 'bytes' | 'sha256'> | undefined,
): TakenArtifact {
  if (!captured) throw new Error(`the writer of ${file} was not called`);
  return { path: ref.path, artifact: { store, file, bytes: ref.bytes, sha256: ref.sha256, ...captured } };
}
