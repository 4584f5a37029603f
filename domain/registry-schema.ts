import { ACTIVE_STATUSES, VERSION_STATUSES } from './status';
import { statusTriggers } from './status-triggers';
import { SWITCH_JOURNAL } from './switch-journal-schema';
import { column, quotedList, type TableDefinition } from './table-definition';
import { VERSION_PINS } from './version-pins-schema';
import { WRITE_FENCE } from './write-fence';

export { compareColumns, type Column, type TableDefinition } from './table-definition';

// No AUTOINCREMENT in any table: it would bring sqlite_sequence into a database that has none, and SQLite
// never lets go of that table again, so no undo could put the file's schema back as it was.

/** Moment as the plan prints it: `2025-12-25 20:00:00`, UTC. */
export const NOW_UTC = `strftime('%Y-%m-%d %H:%M:%S', 'now')`;

export const VERSION_REGISTRY: TableDefinition = {
  name: 'version_registry',
  isRecord: true,
  columns: [
    column('id', 'INTEGER', { primaryKey: true }),
    column('version_id', 'TEXT', { notNull: true }),
    column('status', 'TEXT', { notNull: true }),
    column('created_at', 'TEXT', { notNull: true }),
    column('updated_at', 'TEXT', { notNull: true }),
    column('status_message', 'TEXT'),
    column('metadata_snapshot_path', 'TEXT'),
    column('qdrant_snapshot_path', 'TEXT'),
    column('neo4j_snapshot_path', 'TEXT'),
    column('chapter_count', 'INTEGER'),
    column('paragraph_count', 'INTEGER'),
    column('validation_passed', 'INTEGER'),
    column('committed_by', 'TEXT'),
    column('notes', 'TEXT'),
    column('workflow_id', 'TEXT'),
    column('run_id', 'TEXT'),
  ],
  accepts: [{ column: 'status', values: VERSION_STATUSES }],
  create: `CREATE TABLE version_registry (
  id INTEGER PRIMARY KEY,
  version_id TEXT NOT NULL UNIQUE,
  status TEXT NOT NULL CHECK (status IN (${quotedList(VERSION_STATUSES)})),
  created_at TEXT NOT NULL DEFAULT (${NOW_UTC}),
  updated_at TEXT NOT NULL DEFAULT (${NOW_UTC}),
  status_message TEXT,
  metadata_snapshot_path TEXT,
  qdrant_snapshot_path TEXT,
  neo4j_snapshot_path TEXT,
  chapter_count INTEGER,
  paragraph_count INTEGER,
  validation_passed INTEGER CHECK (validation_passed IN (0, 1)),
  committed_by TEXT,
  notes TEXT,
  workflow_id TEXT,
  run_id TEXT
)`,
  indexes: [
    'CREATE INDEX idx_version_registry_status ON version_registry (status)',
    'CREATE INDEX idx_version_registry_created_at ON version_registry (created_at)',
    // One change at a time, whatever workflow id it was started under: the second insert fails here.
    `CREATE UNIQUE INDEX idx_version_registry_one_active ON version_registry ((1))
  WHERE status IN (${quotedList(ACTIVE_STATUSES)})`,
  ],
  triggers: statusTriggers(),
};

export const OPERATION_LOG: TableDefinition = {
  name: 'operation_log',
  isRecord: true,
  columns: [
    column('id', 'INTEGER', { primaryKey: true }),
    column('version_id', 'TEXT'),
    column('operation_type', 'TEXT', { notNull: true }),
    column('status', 'TEXT', { notNull: true }),
    column('details', 'TEXT'),
    column('created_at', 'TEXT', { notNull: true }),
    column('completed_at', 'TEXT'),
  ],
  create: `CREATE TABLE operation_log (
  id INTEGER PRIMARY KEY,
  version_id TEXT REFERENCES version_registry (version_id),
  operation_type TEXT NOT NULL,
  status TEXT NOT NULL,
  details TEXT,
  created_at TEXT NOT NULL DEFAULT (${NOW_UTC}),
  completed_at TEXT
)`,
  indexes: [
    'CREATE INDEX idx_operation_log_version_id ON operation_log (version_id)',
    'CREATE INDEX idx_operation_log_created_at ON operation_log (created_at)',
  ],
  triggers: [],
};

/** In the order of their creation: all but the write fence refer to version_registry. */
export const VERSIONING_TABLES = [VERSION_REGISTRY, OPERATION_LOG, WRITE_FENCE, SWITCH_JOURNAL, VERSION_PINS] as const;
