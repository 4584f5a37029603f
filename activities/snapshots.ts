import type { GroupFingerprint } from '../domain/fingerprint';
import { DEEP_FINGERPRINT_FILE, type Artifact, type Manifest } from '../domain/manifest';
import { POINT_LIST_FILE } from '../domain/compare';
import { ARTIFACT_FILES, FINGERPRINT_FILES, LATEST_COPY_FOLDERS, type StoreName } from '../domain/names';
import { LATEST_COPY } from '../domain/version-id';
import { writePoints } from '../stores/artifacts/chunk-list';
import { listText, rootFingerprint, summaryOf } from '../stores/fingerprint-text';
import type { ArtifactRef, ArtifactStore, CapturedFile } from '../stores/ports';
import { callControl, run } from './context';
import type { ActivityDeps } from './deps';
import { sweepSnapshots, takeSnapshot, type SweptSnapshots } from './snapshot-names';

export interface TakenArtifact {
  artifact: Artifact;
  path: string;
  /** Files that lie beside it and that no manifest names. */
  beside?: string[];
}

type Captured = Omit<CapturedFile, 'bytes' | 'sha256'>;

/** Captures of the three stores into a version's folder, and the sealing of that folder. */
export function createSnapshotActivities(deps: ActivityDeps) {
  const { metadata, artifacts } = deps;
  return {
    /** @param runId whose folder it is: another run's where what that run began is driven to its end */
    async openFolder(folder: string, runId?: string): Promise<void> {
      await artifacts.openFolder(folder, runId ?? run().runId);
    },

    /** Whoever ran first: the folder of a run is removed by that run's id. */
    async removeFolder(folder: string, runId: string): Promise<void> {
      await artifacts.removeFolder(folder, runId);
    },

    async snapshotMetadata(folder: string): Promise<TakenArtifact> {
      const file = ARTIFACT_FILES.metadata;
      let captured: Captured | undefined;
      const ref = await artifacts.write(folder, file, async (temporary) => {
        captured = metadata.snapshotTo(temporary);
      });
      const fingerprint = await keepList(artifacts, folder, 'sqlite', metadata.fingerprint(ref.path));
      return taken('sqlite', file, ref, captured, fingerprint);
    },

    /**
     * @param before names of the snapshots that were there before this run; see {@link VectorStore.createSnapshot}
     * @param deep records the vectors' content too
     */
    async snapshotQdrant(folder: string, before: string[], deep = false): Promise<TakenArtifact> {
      return captureQdrant(deps, folder, before, deep);
    },

    async listQdrantSnapshots(): Promise<string[]> {
      return (await deps.vectors.listSnapshots()).map(({ name }) => name);
    },

    /** Removes what the server still keeps of a run's snapshots, and tells of others that have come since `before`. */
    async sweepQdrantSnapshots(before: string[], runId: string, justNow: boolean): Promise<SweptSnapshots> {
      return sweepSnapshots(deps, before, { runId, justNow });
    },

    async exportNeo4j(folder: string): Promise<TakenArtifact> {
      return captureNeo4j(deps, folder);
    },

    /** Gives the version the bytes that latest-copy already holds, and the list of their fingerprints. */
    async linkFromLatestCopy(folder: string, from: TakenArtifact): Promise<TakenArtifact> {
      const { file, fingerprint, deepFingerprint } = from.artifact;
      const lists = [fingerprint, deepFingerprint].filter((list) => list !== undefined).map((list) => list.file);
      const link = (name: string) => artifacts.link({ folder: LATEST_COPY, file: name }, { folder, file: name });
      const ref = await link(file);
      for (const name of [...lists, ...(from.beside ?? [])]) await link(name);
      return { path: ref.path, artifact: { ...from.artifact, linkedFrom: LATEST_COPY } };
    },

    async describeCollection(): Promise<{ config: unknown; payloadSchema: unknown }> {
      return deps.vectors.describe();
    },

    /** The one hash over the stores' fingerprints is added here: a workflow has no means to hash. */
    async sealManifest(folder: string, manifest: Manifest): Promise<string> {
      const fingerprint = rootFingerprint(manifest.artifacts);
      return (await artifacts.seal(folder, { ...manifest, fingerprint })).path;
    },

    async publishLatestCopy(of?: string): Promise<string> {
      const runId = of ?? run().runId;
      await artifacts.publishLatestCopy(LATEST_COPY_FOLDERS.building(runId), runId);
      return artifacts.pathOf(LATEST_COPY);
    },

    async settleLatestCopy(runId: string, keep: 'new' | 'old'): Promise<void> {
      await artifacts.settleLatestCopy(runId, keep);
    },
  };
}

async function captureQdrant(
  deps: ActivityDeps,
  folder: string,
  before: string[],
  deep: boolean,
): Promise<TakenArtifact> {
  const { vectors, artifacts } = deps;
  const file = ARTIFACT_FILES.qdrant;
  const capturedFrom = new Date().toISOString();
  const snapshot = await takeSnapshot(deps, before);
  const { points, serverVersion } = await vectors.inventory();
  // A snapshot cannot be looked into, so that its fingerprint is that of the collection it was just taken of.
  const { groups, beside } = await listPoints(deps, folder);
  const deepGroups = deep ? await vectors.fingerprint({ deep }, callControl()) : undefined;
  const capturedTo = new Date().toISOString();
  const ref = await artifacts.write(folder, file, async (temporary) => {
    await vectors.downloadSnapshot(snapshot, temporary, callControl());
  });
  await vectors.deleteSnapshot(snapshot.name);
  const captured = { counts: { points }, serverVersion, capturedFrom, capturedTo };
  const copy = { ...taken('qdrant', file, ref, captured, await keepList(artifacts, folder, 'qdrant', groups)), beside };
  if (!deepGroups) return copy;
  const deepFingerprint = await writeList(artifacts, folder, DEEP_FINGERPRINT_FILE, deepGroups);
  return { ...copy, artifact: { ...copy.artifact, deepFingerprint } };
}

/** The fingerprint of the collection, and of the same pass the list of its points, by which versions are compared. */
async function listPoints(
  { artifacts, vectors }: ActivityDeps,
  folder: string,
): Promise<{ groups: readonly GroupFingerprint[]; beside: string[] }> {
  const pages = vectors.pointDigests?.({}, callControl());
  if (!pages) return { groups: await vectors.fingerprint({}, callControl()), beside: [] };
  let groups: readonly GroupFingerprint[] = [];
  await artifacts.write(folder, POINT_LIST_FILE, async (temporary) => {
    groups = await writePoints(temporary, pages);
  });
  return { groups, beside: [POINT_LIST_FILE] };
}

async function captureNeo4j({ graph, artifacts }: ActivityDeps, folder: string): Promise<TakenArtifact> {
  const file = ARTIFACT_FILES.neo4j;
  let captured: Captured | undefined;
  let groups: GroupFingerprint[] = [];
  const ref = await artifacts.write(folder, file, async (temporary) => {
    ({ fingerprint: groups, ...captured } = await graph.exportTo(temporary, callControl()));
  });
  return taken('neo4j', file, ref, captured, await keepList(artifacts, folder, 'neo4j', groups));
}

/** Writes the list beside the artifact. Only its summary goes on from here: a workflow's history must stay small. */
async function keepList(
  artifacts: ArtifactStore,
  folder: string,
  store: StoreName,
  groups: readonly GroupFingerprint[],
): Promise<NonNullable<Artifact['fingerprint']>> {
  return writeList(artifacts, folder, FINGERPRINT_FILES[store], groups);
}

async function writeList(
  artifacts: ArtifactStore,
  folder: string,
  file: string,
  groups: readonly GroupFingerprint[],
): Promise<NonNullable<Artifact['fingerprint']>> {
  await artifacts.writeText(folder, file, listText(groups));
  const { sha256, items, groups: count } = summaryOf(groups);
  return { file, sha256, items, groups: count };
}

function taken(
  store: StoreName,
  file: string,
  ref: ArtifactRef,
  captured: Captured | undefined,
  fingerprint: NonNullable<Artifact['fingerprint']>,
): TakenArtifact {
  if (!captured) throw new Error(`the writer of ${file} was not called`);
  return { path: ref.path, artifact: { store, file, bytes: ref.bytes, sha256: ref.sha256, ...captured, fingerprint } };
}
