import type { ErrorCode } from './errors';

/** One column as `PRAGMA table_info` reports it, in the parts that matter for a comparison. */
export interface Column {
  name: string;
  type: string;
  notNull: boolean;
  primaryKey: boolean;
}

export interface TableDefinition {
  name: string;
  columns: readonly Column[];
  create: string;
  indexes: readonly string[];
  triggers: readonly string[];
  /** Whether its rows tell what happened: then an undo must not drop them. */
  isRecord: boolean;
  /** Columns that a CHECK holds to these values. */
  accepts?: readonly { column: string; values: readonly string[] }[];
}

export function column(name: string, type: string, flags: Partial<Column> = {}): Column {
  return { name, type, notNull: false, primaryKey: false, ...flags };
}

/** `'a', 'b'`, for an IN of SQL. */
export function quotedList(values: readonly string[]): string {
  return values.map((value) => `'${value}'`).join(', ');
}

/**
 * A trigger `<table>_<name>` that runs before a statement takes effect.
 *
 * Only what every SQLite reads may stand in it: a trigger that an older one cannot parse makes the whole file unreadable
 * to it. So messages are literals.
 */
export function guard(
  table: string,
  name: string,
  event: 'INSERT' | 'UPDATE' | 'DELETE',
  when: string | undefined,
  body: readonly string[],
): string {
  const condition = when === undefined ? '' : `\nWHEN ${when}`;
  return `CREATE TRIGGER ${table}_${name} BEFORE ${event} ON ${table}${condition}
BEGIN
${body.map((statement) => `  ${statement};`).join('\n')}
END`;
}

/** The refusal of a {@link guard}; its message begins with the code that a caller is told. */
export function refuse(message: `${ErrorCode}: ${string}`, when?: string): string {
  return `SELECT RAISE(ABORT, '${message}')${when === undefined ? '' : ` WHERE ${when}`}`;
}

/** Differences between a table as found and as needed, one sentence per column; empty where it fits. */
export function compareColumns(needed: readonly Column[], found: readonly Column[]): string[] {
  const byName = new Map(found.map((c) => [c.name, c]));
  const differences: string[] = [];
  for (const want of needed) {
    const have = byName.get(want.name);
    if (!have) differences.push(`${want.name}: missing (${describe(want)} needed)`);
    else if (describe(have) !== describe(want)) {
      differences.push(`${want.name}: found ${describe(have)}, needed ${describe(want)}`);
    }
  }
  const names = new Set(needed.map((c) => c.name));
  for (const have of found) if (!names.has(have.name)) differences.push(`${have.name}: ${describe(have)} not known`);
  return differences;
}

function describe({ type, notNull, primaryKey }: Column): string {
  return [type.toUpperCase() || 'no type', primaryKey ? 'PRIMARY KEY' : '', notNull ? 'NOT NULL' : '']
    .filter(Boolean)
    .join(' ');
}
