import { compareColumns, VERSIONING_TABLES, type Column, type TableDefinition } from '../../domain/registry-schema';
import type { TableBefore } from '../../domain/registry';
import { compareConstraints } from './constraints';
import type { Db } from './open';

/** How the versioning tables stand, with the statements that would make them again. */
export function inspect(db: Db): TableBefore[] {
  return VERSIONING_TABLES.map((table) => inspectTable(db, table));
}

/** True where the table is there in the shape that the registry's statements need. */
export function isOurs(db: Db, table: TableDefinition): boolean {
  return inspectTable(db, table).state === 'fits';
}

/** The statements as SQLite keeps them: the table first, then its indexes and triggers, then its counter. */
export function ddlOf(db: Db, name: string): string[] {
  const statements = db
    .prepare(
      `SELECT sql FROM sqlite_master WHERE tbl_name = ? COLLATE NOCASE AND sql IS NOT NULL
       ORDER BY type NOT IN ('table', 'view'), rowid`,
    )
    .pluck()
    .all(name) as string[];
  return [...statements, ...autoincrementOf(db, name)];
}

export function rowsOf(db: Db, name: string): number {
  return db.prepare(`SELECT COUNT(*) FROM "${name}"`).pluck().get() as number;
}

export function kindOf(db: Db, name: string): 'table' | 'view' | undefined {
  return db
    .prepare("SELECT type FROM sqlite_master WHERE type IN ('table', 'view') AND name = ? COLLATE NOCASE")
    .pluck()
    .get(name) as 'table' | 'view' | undefined;
}

/** Statement of an index or trigger of that name on the table, as SQLite keeps it. */
export function guardOf(db: Db, table: string, guard: string): string | undefined {
  return db
    .prepare(
      `SELECT sql FROM sqlite_master WHERE type IN ('index', 'trigger') AND name = ? COLLATE NOCASE
       AND tbl_name = ? COLLATE NOCASE`,
    )
    .pluck()
    .get(guard, table) as string | undefined;
}

/** The statements of ours, for indexes and triggers, that the table lacks or has in another form. */
export function missingGuards(db: Db, { name, indexes, triggers }: TableDefinition): string[] {
  return [...indexes, ...triggers].filter((statement) => guardOf(db, name, guardName(statement)) !== statement);
}

/** The name in `CREATE [UNIQUE] INDEX name …` or `CREATE TRIGGER name …`. */
export function guardName(statement: string): string {
  return /^CREATE (?:UNIQUE )?(?:INDEX|TRIGGER) (\w+)/.exec(statement)?.[1] ?? '';
}

function inspectTable(db: Db, definition: TableDefinition): TableBefore {
  const { name, columns: needed } = definition;
  const kind = kindOf(db, name);
  if (!kind) return { name, state: 'absent', rows: 0, columns: [], differences: [], ddl: [] };
  const columns = columnsOf(db, name);
  const differences = [
    ...(kind === 'view' ? [`${name}: is a view, a table is needed`] : []),
    ...compareColumns(needed, columns),
  ];
  if (differences.length === 0) differences.push(...compareConstraints(db, definition));
  const found = { name, rows: rowsOf(db, name), columns, differences, ddl: ddlOf(db, name) };
  if (differences.length > 0) return { ...found, state: 'differs' };
  return { ...found, state: 'fits', missing: missingGuards(db, definition).map(guardName) };
}

function columnsOf(db: Db, name: string): Column[] {
  const rows = db
    .prepare<[string], { name: string; type: string; notnull: number; pk: number }>(
      'SELECT name, type, "notnull", pk FROM pragma_table_xinfo(?)',
    )
    .all(name);
  return rows.map((row) => ({ name: row.name, type: row.type, notNull: row.notnull === 1, primaryKey: row.pk > 0 }));
}

/** An AUTOINCREMENT table that was emptied remembers its last id; dropping the table forgets it. */
function autoincrementOf(db: Db, name: string): string[] {
  if (!kindOf(db, 'sqlite_sequence')) return [];
  const row = db
    .prepare<[string], { name: string; seq: number }>(
      'SELECT name, seq FROM sqlite_sequence WHERE name = ? COLLATE NOCASE',
    )
    .get(name);
  return row
    ? [`INSERT INTO sqlite_sequence (name, seq) VALUES ('${row.name.replaceAll("'", "''")}', ${row.seq})`]
    : [];
}
