import type { Claim, ClaimResult } from '../domain/claim';
import type { Neo4jInventory, QdrantInventory, SqliteInventory } from '../domain/inventory';
import type { LabelCounts } from '../domain/checks';
import type { Manifest } from '../domain/manifest';
import type { Operation, OperationRow, TableBefore, VersionRow } from '../domain/registry';
import type { VersionStatus } from '../domain/status';

/**
 * What the activities may ask of the outside world. Only `stores/` knows drivers; every method is safe to
 * call twice with the same input, because every activity may run twice.
 */

/** Reports progress of a long call: `done` units so far. Called often; must be cheap. */
export type OnProgress = (done: number) => void;

export interface CallControl {
  onProgress?: OnProgress;
  /** Aborted where the attempt was cancelled or timed out: the call stops at its next safe point. */
  signal?: AbortSignal;
}

/**
 * A moment (epoch milliseconds) after which an attempt must not write any more. It is checked inside the
 * write transaction, so an attempt that was frozen and wakes late changes nothing.
 */
export interface WriteLease {
  notAfter: number;
}

export interface CapturedFile {
  bytes: number;
  sha256: string;
  /** Exact numbers of what the file holds, e.g. `{chapters: 220}`. */
  counts: Record<string, number>;
  serverVersion: string;
  /** ISO 8601: when reading the store began and ended. */
  capturedFrom: string;
  capturedTo: string;
}

/** metadata.db. Calls are synchronous underneath; the file is small. */
export interface MetadataStore {
  inventory(): SqliteInventory;
  /** How version_registry and operation_log stand now. */
  inspectTables(): TableBefore[];
  /** Creates what is missing, in one transaction. Refuses (SCHEMA_CONFLICT) a table of another shape that holds rows. */
  createTables(lease: WriteLease): { created: string[]; replaced: string[] };
  /** Puts the tables back as `before` says, unless they hold rows: then they are the record, and stay. */
  undoTables(before: TableBefore[]): 'undone' | 'kept';
  /** Writes a consistent copy (VACUUM INTO) to `file`, which must not exist. */
  snapshotTo(file: string): Omit<CapturedFile, 'bytes' | 'sha256'>;
  registry: VersionRegistry;
  close(): void;
}

export interface NewVersion {
  versionId: string;
  workflowId: string;
  runId: string;
  chapterCount: number;
  paragraphCount: number;
  notes?: string;
}

export interface SnapshotPaths {
  metadata: string;
  qdrant: string;
  neo4j: string;
}

export interface VersionRegistry {
  /** All versions, oldest first; empty where the tables do not exist (or have another shape). */
  list(): VersionRow[];
  find(versionId: string): VersionRow | undefined;
  operations(versionId: string): OperationRow[];
  /** The committed baseline, where there is one. */
  committedBaseline(): VersionRow | undefined;
  /**
   * Inserts the row as `pending` and moves it to `validating` (a baseline's data is production already) in
   * one transaction. The same run may call it again. Another active row is BASE_BUSY, naming its run; the id of
   * another run, or a baseline that is committed already, is VERSION_IN_USE.
   */
  registerBaseline(version: NewVersion, lease: WriteLease): VersionRow;
  recordSnapshots(versionId: string, paths: SnapshotPaths, lease: WriteLease): void;
  /** Moves along the status machine; being there already is fine. A message of null keeps the one that is there. */
  move(versionId: string, to: VersionStatus, message: string | null): VersionRow;
  /** `validating -> committed`, with the verdict and who did it, and the operation row, in one transaction. */
  commit(versionId: string, by: string, operation: Operation, lease: WriteLease): VersionRow;
  /**
   * From wherever the version stands to `rolled_back` (through every state between), with the reason, and the
   * operation row; `absent` where there is no row or no table, which is fine.
   */
  rollBack(versionId: string, reason: string, operation: Operation): 'rolled_back' | 'absent';
  /** One row per operation of a version; a second call with the same type and start adds nothing. */
  logOperations(versionId: string, operations: Operation[]): void;
}

export interface QdrantSnapshotRef {
  name: string;
  /** As the server states it; null where it states none. */
  checksum: string | null;
  bytes: number;
}

export interface VectorStore {
  inventory(): Promise<QdrantInventory>;
  status(): Promise<{ points: number; status: string }>;
  /** The collection's own settings, for the manifest. */
  describe(): Promise<{ config: unknown; payloadSchema: unknown }>;
  listSnapshots(): Promise<QdrantSnapshotRef[]>;
  /**
   * Takes a snapshot on the server. A repeated attempt (`retry`) first adopts one that appeared since
   * `before` was listed, so that a lost answer does not leave a second one.
   */
  createSnapshot(before: string[], options: { retry: boolean }): Promise<QdrantSnapshotRef>;
  /** Streams a snapshot into `file` and returns its size and SHA-256; a checksum that differs is ARTIFACT_DAMAGED. */
  downloadSnapshot(
    ref: QdrantSnapshotRef,
    file: string,
    control?: CallControl,
  ): Promise<{ bytes: number; sha256: string }>;
  /** Missing is fine. */
  deleteSnapshot(name: string): Promise<void>;
}

export interface LabelBatch {
  label: string;
  token: string;
  /** Paragraphs with a chunk_id greater than this; '' for the first page. */
  after: string;
  batchSize: number;
}

export type LabelBatchResult =
  /** `labelled` paragraphs of this page carry the label; `cursor` is the last chunk_id of the page. */
  | { state: 'done'; labelled: number; cursor: string; milliseconds: number }
  /** The write gate is closed (paused): nothing was written. */
  | { state: 'paused' };

/** What the fence node knows: the store is the truth about how far labelling came. */
export interface FenceState {
  token: string;
  cursor: string;
  batches: number;
  labelled: number;
  paused: boolean;
}

export interface GraphStore {
  inventory(label: string): Promise<Neo4jInventory>;
  counts(label: string): Promise<{ nodes: number; relationships: number; labels: LabelCounts }>;
  /**
   * Complete logical export (constraints, indexes, nodes, labels, properties, relationships) as gzipped JSON
   * lines, from which the same graph can be rebuilt. Fence nodes are left out.
   */
  exportTo(file: string, control?: CallControl): Promise<Omit<CapturedFile, 'bytes' | 'sha256'>>;
  /** Sets up the fence for this run: replaces any other token. Idempotent; does nothing after `notAfter`. */
  acquireFence(token: string, lease: WriteLease): Promise<FenceState>;
  readFence(): Promise<FenceState | undefined>;
  /** Closes or opens the write gate. Returns once no batch of this token is in flight. FENCED where the token is not the fence's. */
  setGate(token: string, paused: boolean): Promise<FenceState>;
  /** Labels a few small pages and takes them back: the first real batch then finds a warm server. Leaves nothing. */
  rehearseLabels(label: string, token: string): Promise<void>;
  /** Labels one keyset page; the token is checked, and the cursor kept, in the same transaction. FENCED where it does not fit. */
  labelBatch(batch: LabelBatch): Promise<LabelBatchResult>;
  /** Removes the fence of this token; every later batch with it is FENCED. Missing is fine. */
  revokeFence(token: string): Promise<void>;
  /** Removes the label from every node, in batches; returns how many nodes lost it. */
  removeLabel(label: string, batchSize: number, control?: CallControl): Promise<number>;
  close(): Promise<void>;
}

export interface ArtifactRef {
  /** Path of the file, as the operator sees it. */
  path: string;
  bytes: number;
  sha256: string;
}

/**
 * The backups folder: `<backups>/<folder>/…`. A run only ever removes folders that carry its own run id.
 */
export interface ArtifactStore {
  /** Creates the backups folder where it is missing; BACKUPS_UNWRITABLE where it cannot be written. */
  assertWritable(): Promise<void>;
  freeBytes(): Promise<number>;
  pathOf(folder: string, file?: string): string;
  exists(folder: string): Promise<boolean>;
  /** Makes the folder and marks it with the run id. VERSION_IN_USE where it is somebody else's. */
  openFolder(folder: string, runId: string): Promise<void>;
  /**
   * Writes under an attempt's own temporary name, fsyncs, hashes, renames. Renaming fails once the folder was
   * removed, so an attempt that wakes after a rollback leaves nothing. An artifact of a sealed version is FENCED.
   */
  write(folder: string, file: string, writer: (temporary: string) => Promise<void>): Promise<ArtifactRef>;
  /** Gives `to` the same bytes as `from`: a hard link, or a copy where links do not work. */
  link(from: { folder: string; file: string }, to: { folder: string; file: string }): Promise<ArtifactRef>;
  /** Hashes a file anew. */
  digest(folder: string, file: string): Promise<ArtifactRef>;
  /** Verifies every artifact against the manifest, writes checksums.txt, then manifest.json, last. */
  seal(folder: string, manifest: Manifest): Promise<ArtifactRef>;
  readManifest(folder: string): Promise<Manifest | undefined>;
  /** Puts the sealed folder of this run in latest-copy's place; what was there is kept aside until `settleLatestCopy`. */
  publishLatestCopy(folder: string, runId: string): Promise<void>;
  /**
   * Drops what was kept aside (`keep: 'new'`), or puts it back and removes this run's, be it in place or still
   * under construction (`keep: 'old'`).
   */
  settleLatestCopy(runId: string, keep: 'new' | 'old'): Promise<void>;
  /** Removes a folder that this run made; any other is left alone. Missing is fine. */
  removeFolder(folder: string, runId: string): Promise<void>;
  claim(claim: Claim): Promise<ClaimResult>;
  /** Adds facts to one's own claim. */
  amendClaim(claim: Claim): Promise<void>;
  readClaim(): Promise<Claim | undefined>;
  releaseClaim(runId: string): Promise<void>;
}
