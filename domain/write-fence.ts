import { column, type TableDefinition } from './table-definition';

/** The row in metadata.db by which a run asks other writers to keep out. Moments are ISO 8601, UTC. */
export interface WriteFence {
  /** For people: the change that holds it, e.g. `registerBaseline v1_baseline_20261123_091317`. */
  owner: string;
  workflowId: string;
  runId: string;
  reason: string;
  acquiredAt: string;
  /** After this the row means nothing any more, whoever left it. */
  expiresAt: string;
}

const REQUIRED = { notNull: true };

/**
 * At most one row. Moments are kept as SQLite prints them, so that any program can compare them with
 * `datetime('now')`; the CHECK keeps out a form that would compare wrongly.
 */
export const WRITE_FENCE: TableDefinition = {
  name: 'write_fence',
  isRecord: false,
  columns: [
    column('id', 'INTEGER', { primaryKey: true }),
    column('owner', 'TEXT', REQUIRED),
    column('workflow_id', 'TEXT', REQUIRED),
    column('run_id', 'TEXT', REQUIRED),
    column('reason', 'TEXT', REQUIRED),
    column('acquired_at', 'TEXT', REQUIRED),
    column('expires_at', 'TEXT', REQUIRED),
  ],
  create: `CREATE TABLE write_fence (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  owner TEXT NOT NULL,
  workflow_id TEXT NOT NULL,
  run_id TEXT NOT NULL,
  reason TEXT NOT NULL,
  acquired_at TEXT NOT NULL CHECK (acquired_at IS datetime(acquired_at)),
  expires_at TEXT NOT NULL CHECK (expires_at IS datetime(expires_at))
)`,
  indexes: [],
  triggers: [],
};

/**
 * How an ingestion script asks, in plain SQL: a row that comes back means keep out. No such table means that no
 * change has reached its tables; the first minutes of a run are covered by its claim in the backups folder only.
 */
export const WRITE_FENCE_QUERY =
  "SELECT owner, reason, expires_at FROM write_fence WHERE expires_at > datetime('now');";
