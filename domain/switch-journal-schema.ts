import type { SwitchKind, SwitchState } from './switch-journal';
import { column, guard, quotedList, refuse, type TableDefinition } from './table-definition';

/** States of an entry, and the only moves between them. */
export const SWITCH_MOVES = {
  switching: ['committed', 'undone'],
  committed: ['done'],
  done: [],
  undone: [],
} as const satisfies Record<SwitchState, readonly SwitchState[]>;

export const SWITCH_STATES = Object.keys(SWITCH_MOVES) as SwitchState[];
export const SWITCH_KINDS = ['promote', 'restore'] as const satisfies readonly SwitchKind[];

/** An entry that somebody still has to take back or to drive forward. The journal admits one such entry. */
export const OPEN_SWITCH_STATES = ['switching', 'committed'] as const satisfies readonly SwitchState[];

/** An entry whose version production is, unless a newer one says otherwise. */
export const COMMITTED_SWITCH_STATES = ['committed', 'done'] as const satisfies readonly SwitchState[];

const TABLE = 'switch_journal';
const REQUIRED = { notNull: true };
/** What an entry says from its first moment on, and for good. */
const FIXED = ['id', 'kind', 'version_id', 'previous_version_id', 'stores', 'workflow_id', 'run_id', 'started_at'];

/**
 * Rows are never deleted, so ids grow, and the newest row is the latest switch. Moments are kept as SQLite prints them;
 * each is there exactly in the states that have passed it.
 */
export const SWITCH_JOURNAL: TableDefinition = {
  name: TABLE,
  isRecord: true,
  columns: [
    column('id', 'INTEGER', { primaryKey: true }),
    column('kind', 'TEXT', REQUIRED),
    column('version_id', 'TEXT', REQUIRED),
    column('previous_version_id', 'TEXT'),
    column('state', 'TEXT', REQUIRED),
    column('stores', 'TEXT', REQUIRED),
    column('details', 'TEXT', REQUIRED),
    column('workflow_id', 'TEXT', REQUIRED),
    column('run_id', 'TEXT', REQUIRED),
    column('started_at', 'TEXT', REQUIRED),
    column('committed_at', 'TEXT'),
    column('ended_at', 'TEXT'),
  ],
  accepts: [
    { column: 'kind', values: SWITCH_KINDS },
    { column: 'state', values: SWITCH_STATES },
  ],
  create: `CREATE TABLE switch_journal (
  id INTEGER PRIMARY KEY,
  kind TEXT NOT NULL CHECK (kind IN (${quotedList(SWITCH_KINDS)})),
  version_id TEXT NOT NULL REFERENCES version_registry (version_id),
  previous_version_id TEXT,
  state TEXT NOT NULL CHECK (state IN (${quotedList(SWITCH_STATES)})),
  stores TEXT NOT NULL,
  details TEXT NOT NULL,
  workflow_id TEXT NOT NULL,
  run_id TEXT NOT NULL UNIQUE,
  started_at TEXT NOT NULL CHECK (started_at IS datetime(started_at)),
  committed_at TEXT CHECK (committed_at IS datetime(committed_at)),
  ended_at TEXT CHECK (ended_at IS datetime(ended_at)),
  CHECK ((state IN (${quotedList(COMMITTED_SWITCH_STATES)})) = (committed_at IS NOT NULL)),
  CHECK ((state NOT IN (${quotedList(OPEN_SWITCH_STATES)})) = (ended_at IS NOT NULL))
)`,
  indexes: [
    `CREATE UNIQUE INDEX idx_switch_journal_one_open ON switch_journal ((1))
  WHERE state IN (${quotedList(OPEN_SWITCH_STATES)})`,
  ],
  // Whoever writes past this system is held to the same moves.
  triggers: [
    guard(TABLE, 'begins', 'INSERT', undefined, [
      // INSERT OR REPLACE removes the row in its way without asking a DELETE trigger.
      refuse(
        'STATUS_MOVE_REFUSED: the journal has an entry of this id or run already',
        `EXISTS (SELECT 1 FROM ${TABLE} WHERE id = NEW.id OR run_id = NEW.run_id)`,
      ),
      refuse('STATUS_MOVE_REFUSED: an entry begins as switching', `NEW.state IS NOT 'switching'`),
      refuse(
        'BASE_BUSY: another switch is under way',
        `EXISTS (SELECT 1 FROM ${TABLE} WHERE state IN (${quotedList(OPEN_SWITCH_STATES)}))`,
      ),
    ]),
    guard(TABLE, 'keeps', 'UPDATE', FIXED.map((name) => `NEW.${name} IS NOT OLD.${name}`).join(' OR '), [
      refuse('STATUS_MOVE_REFUSED: what an entry began as stays as it was'),
    ]),
    guard(TABLE, 'moves', 'UPDATE', 'NEW.state IS NOT OLD.state', SWITCH_STATES.map(refuseMoves)),
    guard(TABLE, 'stays', 'DELETE', undefined, [refuse('STATUS_MOVE_REFUSED: the journal forgets nothing')]),
  ],
};

function refuseMoves(from: SwitchState): string {
  const open: readonly SwitchState[] = SWITCH_MOVES[from];
  const allowed = open.length > 0 ? `can only become ${open.join(' or ')}` : `stays ${from}`;
  return refuse(
    `STATUS_MOVE_REFUSED: a switch that is ${from} ${allowed}`,
    `OLD.state = '${from}' AND NEW.state NOT IN (${quotedList(open)})`,
  );
}
