import type { CallControl, WriteLease } from './common';

/** Restoring from artifacts, and the staging targets that a rollback clears. */
export interface MetadataRestore {
  /**
   * Puts the production tables back as they are in the copy `file`, in one transaction: what the copy lacks goes. The
   * versioning tables and the staging table stay. ARTIFACT_DAMAGED where the copy is not sound: nothing is changed then.
   */
  restoreFrom(file: string, lease: WriteLease): { tables: string[]; rows: number };
  /** Drops chapter_metadata_staging; false where there was none. */
  dropStaging(lease?: WriteLease): boolean;
}

/** `atOnce`: all that is to be written is one step, and a failure leaves nothing of it. */
export type LastLook = (how: { atOnce: boolean }) => Promise<void>;

export interface OverwriteControl extends CallControl {
  /** Awaited right before production is overwritten, perhaps more than once. Where it throws, nothing was written. */
  lastLook?: LastLook;
}

/** `lastLook` is asked by a restore in place only, once the server has all but the last bytes of the snapshot. */
export interface VectorRestoreControl extends OverwriteControl {
  /** How many points the snapshot is to hold, exactly; without it, any number but none. */
  points?: number;
}

export interface VectorRestore {
  /**
   * Restores a snapshot file into a collection of its own beside production; repeating it starts over, and a failure
   * leaves none. ARTIFACT_DAMAGED where the file is no whole snapshot.
   */
  restoreAside(file: string, collection: string, control?: VectorRestoreControl): Promise<void>;
  /** Removes a collection that is not production, with its snapshots. Missing is fine; production (or what its alias names) is refused. */
  dropAside(collection: string): Promise<void>;
  /** Collections whose name begins so, in order. */
  collectionsNamed(prefix: string): Promise<string[]>;
  /** Puts a snapshot file in production's place, behind the alias too. A damaged one is refused, and production stays as it was. */
  restoreFrom(file: string, control?: VectorRestoreControl): Promise<void>;
}

/** What was written to make the live graph equal to an export; all zeros and empty where it was equal already. */
export interface GraphRestored {
  nodesCreated: number;
  nodesDeleted: number;
  /** Nodes that kept their identity, relationships and version labels, and got their properties back. */
  nodesUpdated: number;
  relationshipsCreated: number;
  relationshipsDeleted: number;
  /** Names of constraints and indexes. */
  schemaCreated: string[];
  schemaDropped: string[];
}

export interface GraphRestore {
  /** Brings the live graph to what the export holds, changing only what differs; version labels, fence and `:staging` nodes stay. `lastLook` is asked before the first write, and before the first commit. */
  restoreFrom(file: string, control?: OverwriteControl): Promise<GraphRestored>;
  /** Deletes `:staging` nodes in batches; returns how many. */
  removeStaging(batchSize: number, control?: CallControl): Promise<number>;
}

/** Copies of artifacts that a rehearsal opens; they lie beside the versions, on the same disk. */
export interface ArtifactCopies {
  /** Runs work on a copy of an artifact, under a name of its own; the copy is removed whatever happens. */
  withCopy<T>(folder: string, file: string, name: string, work: (path: string) => T | Promise<T>): Promise<T>;
  /** Removes copies whose name begins so, of whoever was killed before it could. Missing is fine. */
  removeCopies(prefix: string): Promise<void>;
}
