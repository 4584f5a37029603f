import type { Column } from './registry-schema';
import type { VersionStatus } from './status';

/** One row of `version_registry`. Moments are UTC as SQLite prints them: `2025-12-25 20:00:00`. */
export interface VersionRow {
  id: number;
  versionId: string;
  status: VersionStatus;
  createdAt: string;
  updatedAt: string;
  statusMessage: string | null;
  metadataSnapshotPath: string | null;
  qdrantSnapshotPath: string | null;
  neo4jSnapshotPath: string | null;
  chapterCount: number | null;
  paragraphCount: number | null;
  validationPassed: boolean | null;
  committedBy: string | null;
  notes: string | null;
  workflowId: string | null;
  runId: string | null;
}

/** One row of `operation_log`, as a step reports it. */
export interface Operation {
  type: string;
  /** `running`: the row is opened, and closed later by an operation of the same type and start. */
  status: 'running' | 'success' | 'failed';
  details: Record<string, unknown>;
  /** ISO 8601, UTC. */
  startedAt: string;
  completedAt: string | null;
}

export interface OperationRow {
  id: number;
  versionId: string | null;
  operationType: string;
  status: string;
  details: unknown;
  createdAt: string;
  completedAt: string | null;
}

/** How a versioning table was found before this run, with all that its undo needs. */
export interface TableBefore {
  name: string;
  state: 'absent' | 'fits' | 'differs';
  rows: number;
  columns: Column[];
  /** One sentence per column that does not fit. */
  differences: string[];
  /** The statements (table, indexes, triggers) that make the table as it was found. */
  ddl: string[];
  /** Indexes and triggers of ours that a table that fits lacks, or has in another form. */
  missing?: string[];
}
