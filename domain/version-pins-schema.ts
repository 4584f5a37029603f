import { column, type TableDefinition } from './table-definition';

const REQUIRED = { notNull: true };

/** Versions that no clean-up may remove, and why. */
export const VERSION_PINS: TableDefinition = {
  name: 'version_pins',
  isRecord: true,
  columns: [
    column('version_id', 'TEXT', { notNull: true, primaryKey: true }),
    column('reason', 'TEXT', REQUIRED),
    column('pinned_by', 'TEXT', REQUIRED),
    column('pinned_at', 'TEXT', REQUIRED),
  ],
  create: `CREATE TABLE version_pins (
  version_id TEXT PRIMARY KEY NOT NULL REFERENCES version_registry (version_id),
  reason TEXT NOT NULL,
  pinned_by TEXT NOT NULL,
  pinned_at TEXT NOT NULL CHECK (pinned_at IS datetime(pinned_at))
)`,
  indexes: [],
  triggers: [],
};
