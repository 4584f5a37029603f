import Database from 'better-sqlite3';
import { VERSIONING_TABLES, type TableDefinition } from '../../domain/registry-schema';
import type { Db } from './open';

const DEFAULT = ': default value';

/**
 * What a table promises beyond its columns, where ours lean on it: defaults, unique keys, references and the
 * accepted states. Found by asking SQLite about the table in question and about ours, made in memory.
 */
export function compareConstraints(db: Db, table: TableDefinition): string[] {
  const needed = constraintsOf(blueprint(), table);
  const found = constraintsOf(db, table);
  return [
    ...[...needed].filter((fact) => !found.has(fact)).map((fact) => `${fact}: missing`),
    // A default more does no harm; a unique key or reference more makes our rows fail.
    ...[...found].filter((fact) => !needed.has(fact) && !fact.endsWith(DEFAULT)).map((fact) => `${fact}: not known`),
  ];
}

let memory: Db | undefined;

function blueprint(): Db {
  if (!memory) {
    memory = new Database(':memory:');
    for (const { create } of VERSIONING_TABLES) memory.exec(create);
  }
  return memory;
}

function constraintsOf(db: Db, table: TableDefinition): Set<string> {
  const { name } = table;
  return new Set([...defaults(db, name), ...uniqueKeys(db, name), ...references(db, name), ...accepted(db, table)]);
}

function defaults(db: Db, table: string): string[] {
  const columns = db
    .prepare('SELECT name FROM pragma_table_info(?) WHERE dflt_value IS NOT NULL')
    .pluck()
    .all(table) as string[];
  return columns.map((name) => `${name}${DEFAULT}`);
}

function uniqueKeys(db: Db, table: string): string[] {
  const keys = db
    .prepare(
      `SELECT (SELECT group_concat(name, ', ') FROM pragma_index_info(list.name))
       FROM pragma_index_list(?) AS list WHERE list."unique" AND NOT list.partial AND list.origin <> 'pk'`,
    )
    .pluck()
    .all(table) as (string | null)[];
  return keys.map((columns) => `${columns ?? 'an expression'}: UNIQUE`);
}

function references(db: Db, table: string): string[] {
  const keys = db
    .prepare<[string], { from: string; table: string; to: string | null }>(
      'SELECT "from", "table", "to" FROM pragma_foreign_key_list(?)',
    )
    .all(table);
  return keys.map((key) => `${key.from}: REFERENCES ${key.table} (${key.to ?? 'its key'})`.toLowerCase());
}

/** Whether each value is accepted is read from the literals of the table's own CHECK. */
function accepted(db: Db, { name, accepts = [] }: TableDefinition): string[] {
  const sql = db
    .prepare("SELECT sql FROM sqlite_master WHERE type = 'table' AND name = ? COLLATE NOCASE")
    .pluck()
    .get(name) as string | undefined;
  if (sql === undefined || !/\bCHECK\s*\(/i.test(sql)) return [];
  return accepts.flatMap(({ column, values }) =>
    values.filter((value) => sql.includes(`'${value}'`)).map((value) => `${column}: CHECK accepts ${value}`),
  );
}
