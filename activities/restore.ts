import type { ProductionSeen } from '../domain/consistency';
import { HybridFlowError } from '../domain/errors';
import type { Artifact, Manifest } from '../domain/manifest';
import { ARTIFACT_FILES, type StoreName } from '../domain/names';
import { STORE_TITLES, count, plural } from '../domain/words';
import { verifyFiles } from '../inspection/verify/files';
import type { ArtifactRef, GraphRestored, LastLook } from '../stores/ports';
import { callControl, isRetry, run, writeLease } from './context';
import type { ActivityDeps } from './deps';
import { lastLookAt } from './last-look';
import { recordSaved, tryToRecord, type SavedAs } from './rescue-record';

export interface CopyVerdict {
  intact: boolean;
  /** Everything that is wrong with it, in words. */
  problems: string[];
  /** What the manifest says that it holds; empty where there is none. */
  counts: Record<string, number>;
}

const FILES = { sqlite: ARTIFACT_FILES.metadata, qdrant: ARTIFACT_FILES.qdrant, neo4j: ARTIFACT_FILES.neo4j } as const;

/** Production out of a version's artifacts, and the copy of what is there that is taken first. */
export function createRestoreActivities(deps: ActivityDeps) {
  const { metadata, vectors, artifacts } = deps;
  return {
    /**
     * Saves what a store holds now into a folder of this run, before a restore. What was saved once is never saved
     * again: by then production may be the restored one. A record of what it holds is written beside it, last.
     *
     * @param snapshotsBefore Qdrant snapshots that are not this run's; see {@link VectorStore.createSnapshot}
     * @param before production's fingerprint in that store right before
     * @param undoing the record is tried for a few attempts and does without then: the undo must not hang on it
     */
    async saveProduction(
      store: StoreName,
      folder: string,
      snapshotsBefore?: string[],
      before?: string,
      undoing = false,
    ): Promise<ArtifactRef> {
      await artifacts.openFolder(folder, run().runId);
      const file = FILES[store];
      const { ref, captured } = await saveOnce(deps, store, folder, snapshotsBefore);
      const record = undoing ? tryToRecord : recordSaved;
      await record(deps, { store, folder, file, ref, captured, before });
      return ref;
    },

    /**
     * Puts a store back as the version, or latest-copy, in `folder` has it. Its bytes are verified first.
     *
     * @param planned what production was to hold: where somebody has written since, nothing is overwritten
     * @throws HybridFlowError VERSION_UNKNOWN, ARTIFACT_DAMAGED; CHECK_FAILED where it holds something else
     */
    async restoreProduction(
      store: StoreName,
      folder: string,
      planned?: ProductionSeen,
    ): Promise<{ store: StoreName; detail: string }> {
      const artifact = await intactArtifact(deps, folder, store);
      const lastLook = planned && store !== 'sqlite' ? lastLookAt(deps, store, folder, planned) : undefined;
      const detail = await RESTORE[store](deps, artifacts.pathOf(folder, artifact.file), artifact, lastLook);
      return { store, detail };
    },

    /** Whether the bytes of a version, or of latest-copy, are those of its manifest: artifacts and lists alike. */
    async verifyCopy(folder: string): Promise<CopyVerdict> {
      const { manifest, problems } = await verifyFiles(artifacts, folder);
      return { intact: manifest !== undefined && problems.length === 0, problems, counts: countsOf(manifest) };
    },

    /** False where there was none. */
    async dropStagingTable(): Promise<boolean> {
      return metadata.dropStaging(writeLease());
    },

    /** False where there was none. */
    async dropStagingCollection(): Promise<boolean> {
      return vectors.dropStaging();
    },
  };
}

/** What needs Neo4j alone. */
export function createStagingActivities({ graph }: ActivityDeps) {
  return {
    async removeStagingNodes(batchSize: number): Promise<number> {
      return graph.removeStaging(batchSize, callControl());
    },
  };
}

/** What was captured is told by the attempt that did so alone. */
async function saveOnce(
  deps: ActivityDeps,
  store: StoreName,
  folder: string,
  snapshotsBefore: string[] | undefined,
): Promise<{ ref: ArtifactRef; captured?: SavedAs }> {
  const file = FILES[store];
  const saved = await existing(deps, folder, file);
  if (saved) return { ref: saved };
  const meanwhile = new Error(`${file} was saved by another attempt`);
  let captured: SavedAs = {};
  try {
    const ref = await deps.artifacts.write(folder, file, async (temporary) => {
      captured = await SAVE[store](deps, temporary, snapshotsBefore);
      if (await existing(deps, folder, file)) throw meanwhile;
    });
    return { ref, captured };
  } catch (error) {
    const first = error === meanwhile ? await existing(deps, folder, file) : undefined;
    if (first) return { ref: first };
    throw error;
  }
}

type Save = (deps: ActivityDeps, file: string, snapshotsBefore: string[] | undefined) => Promise<SavedAs>;

const SAVE: Record<StoreName, Save> = {
  async sqlite({ metadata }, file) {
    return metadata.snapshotTo(file);
  },
  async qdrant({ vectors }, file, before) {
    const capturedFrom = new Date().toISOString();
    // Without the list nothing tells an earlier attempt's snapshot from somebody else's.
    const snapshot = await vectors.createSnapshot(before ?? [], { retry: before !== undefined && isRetry() });
    await vectors.downloadSnapshot(snapshot, file, callControl());
    await vectors.deleteSnapshot(snapshot.name);
    return { capturedFrom, capturedTo: new Date().toISOString() };
  },
  async neo4j({ graph }, file) {
    const { counts, serverVersion, capturedFrom, capturedTo } = await graph.exportTo(file, callControl());
    return { counts, serverVersion, capturedFrom, capturedTo };
  },
};

/** What is known of the bytes that a store is put back from. */
type Known = Pick<Artifact, 'counts'>;

type Restore = (deps: ActivityDeps, path: string, artifact: Known, lastLook?: LastLook) => Promise<string>;

export const RESTORE: Record<StoreName, Restore> = {
  async sqlite({ metadata }, path) {
    const { tables, rows } = metadata.restoreFrom(path, writeLease());
    return `${plural(tables.length, 'table')} with ${plural(rows, 'row')} put back`;
  },
  async qdrant({ vectors }, path, { counts: { points } }, lastLook) {
    await vectors.restoreFrom(path, { ...callControl(), points, lastLook });
    return points === undefined ? 'collection put back' : `collection of ${plural(points, 'point')} put back`;
  },
  async neo4j({ graph }, path, _known, lastLook) {
    return restoredText(await graph.restoreFrom(path, { ...callControl(), lastLook }));
  },
};

function restoredText(restored: GraphRestored): string {
  const { nodesCreated, nodesDeleted, nodesUpdated, relationshipsCreated, relationshipsDeleted } = restored;
  const schema = [
    ...restored.schemaDropped.map((name) => `${name} dropped`),
    ...restored.schemaCreated.map((name) => `${name} created`),
  ];
  const nodes = `nodes: ${count(nodesCreated)} created, ${count(nodesDeleted)} deleted, ${count(nodesUpdated)} changed back`;
  const relationships = `relationships: ${count(relationshipsCreated)} created, ${count(relationshipsDeleted)} deleted`;
  return [nodes, relationships, ...schema].join('; ');
}

/** @throws HybridFlowError VERSION_UNKNOWN where no manifest names one, ARTIFACT_DAMAGED where its bytes are others */
export async function intactArtifact({ artifacts }: ActivityDeps, folder: string, store: StoreName): Promise<Artifact> {
  const artifact = (await artifacts.readManifest(folder))?.artifacts.find((one) => one.store === store);
  if (!artifact) {
    throw new HybridFlowError('VERSION_UNKNOWN', {
      found: `${artifacts.pathOf(folder)} has no manifest that names an artifact of ${STORE_TITLES[store]}`,
      expected: 'a sealed version',
      next: 'list the versions with `hfv versions`',
    });
  }
  const { path, bytes, sha256 } = await artifacts.digest(folder, artifact.file);
  if (sha256 === artifact.sha256) return artifact;
  throw new HybridFlowError('ARTIFACT_DAMAGED', {
    found: `${path} has ${bytes} bytes with SHA-256 ${sha256}`,
    expected: `${artifact.bytes} bytes with SHA-256 ${artifact.sha256}, as the manifest states`,
    next: 'the store was not written to; restore from another copy',
    details: { file: path },
  });
}

async function existing({ artifacts }: ActivityDeps, folder: string, file: string): Promise<ArtifactRef | undefined> {
  try {
    return await artifacts.digest(folder, file);
  } catch (error) {
    if (error instanceof HybridFlowError && error.code === 'ARTIFACT_DAMAGED') return undefined;
    throw error;
  }
}

function countsOf(manifest: Manifest | undefined): Record<string, number> {
  if (!manifest) return {};
  const { chapters, points, paragraphs, nodes, relationships } = manifest.counts;
  return { chapters, points, paragraphs, nodes, relationships };
}
