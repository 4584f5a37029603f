import type { SqliteInventory } from '../../domain/inventory';
import type { Operation, OperationRow, TableBefore, VersionRow } from '../../domain/registry';
import type { VersionStatus } from '../../domain/status';
import type { CapturedFile, WriteLease } from './common';
import type { MetadataChecks } from './checks';
import type { MetadataFingerprints } from './fingerprints';
import type { MetadataHealth } from './health';
import type { Marked } from './marks';
import type { Pins, SwitchJournal } from './journal';
import type { MetadataRestore } from './restore';
import type { MetadataStaging } from './staging';
import type { WriteFenceStore } from './write-fence';

/** metadata.db. Calls are synchronous underneath; the file is small. */
export interface MetadataStore
  extends MetadataFingerprints, MetadataChecks, MetadataRestore, MetadataStaging, MetadataHealth, Marked {
  inventory(): SqliteInventory;
  /** How the versioning tables stand now. */
  inspectTables(): TableBefore[];
  /** Creates what is missing, in one transaction. Refuses (SCHEMA_CONFLICT) a table of another shape that holds rows. */
  createTables(lease: WriteLease): TablesCreated;
  /**
   * Puts the tables back as `before` says. A table that is a record and holds rows stays, version_registry and
   * operation_log together; what is empty goes, and so does the write fence.
   */
  undoTables(before: TableBefore[]): 'undone' | 'kept';
  /** Writes a consistent copy (VACUUM INTO) to `file`, which must not exist. */
  snapshotTo(file: string): Omit<CapturedFile, 'bytes' | 'sha256'>;
  registry: VersionRegistry;
  fence: WriteFenceStore;
  journal: SwitchJournal;
  pins: Pins;
  close(): void;
}

export interface TablesCreated {
  created: string[];
  /** Empty tables of another shape that made way. */
  replaced: string[];
  /** Rows of operation_log right after; an earlier run that was rolled back leaves some. */
  operationLogRows: number;
}

/** What the plan's own statements on the versioning tables gave. */
export interface OperationsTried {
  inserted: number;
  found: number;
  left: number;
  /** The newest version, as the registry's own query tells it. */
  newest: string | null;
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
  /**
   * Inserts the row of a version that is to be staged, as `pending`. The same run may call it again. BASE_BUSY and
   * VERSION_IN_USE as for a baseline.
   */
  open(version: NewVersion, lease: WriteLease): VersionRow;
  /** The number that the next version gets: one more than the highest there ever was. */
  nextNumber(): number;
  /** Counts of the version as it is to be committed; `passed` goes to validation_passed. */
  recordValidation(versionId: string, counts: { chapters: number; paragraphs: number; passed: boolean }): void;
  /** Free text of a person; null clears it. */
  setNotes(versionId: string, notes: string | null): VersionRow;
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
  /**
   * One row per operation of a version, whatever its status, or of none; a second call with the same type and start
   * adds nothing.
   */
  logOperations(versionId: string | null, operations: Operation[]): void;
  /** Of the closed rows of that type, removes all but the newest `keep`. Answers how many went. */
  pruneOperations(versionId: string, type: string, keep: number): number;
  /** Inserts, finds and deletes a row of the type `test`, and asks for the newest version; nothing of it stays. */
  tryOperations(versionId: string): OperationsTried;
}
