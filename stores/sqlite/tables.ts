import { HybridFlowError } from '../../domain/errors';
import type { TableBefore } from '../../domain/registry';
import { VERSIONING_TABLES, type TableDefinition } from '../../domain/registry-schema';
import type { WriteLease } from '../ports';
import { sqliteCode } from './errors';
import { ddlOf, inspect, isOurs, kindOf, rowsOf } from './inspect';
import { reading, writing, type Db, type Source } from './open';

export function inspectTables(source: Source): TableBefore[] {
  return reading(source, inspect);
}

/**
 * Makes the versioning tables and their indexes where they are missing, all or nothing. An empty table of
 * another shape is replaced; its old form is what {@link inspectTables} told before.
 *
 * @throws HybridFlowError SCHEMA_CONFLICT where a table of another shape holds rows
 */
export function createTables(source: Source, lease: WriteLease): { created: string[]; replaced: string[] } {
  return writing(source, lease, (db) => {
    const found = inspect(db);
    refuseConflicts(found);
    const named = (state: TableBefore['state']) => found.filter((t) => t.state === state).map(({ name }) => name);
    const replaced = named('differs');
    // The log refers to the registry, so it goes first and comes last.
    for (const name of [...replaced].reverse()) db.exec(`DROP TABLE "${name}"`);
    for (const table of VERSIONING_TABLES) createTable(db, table);
    return { created: named('absent'), replaced };
  });
}

/**
 * Puts the tables back as they were found before, all or nothing. A table is dropped only while it is empty and
 * still ours; where either one holds rows, both are the record of what happened and stay.
 */
export function undoTables(source: Source, before: TableBefore[]): 'undone' | 'kept' {
  return writing(source, undefined, (db) => {
    if (VERSIONING_TABLES.some(({ name }) => kindOf(db, name) && rowsOf(db, name) > 0)) return 'kept';
    const made = VERSIONING_TABLES.filter((table) => isOurs(db, table) && !isAsBefore(db, table, before)).reverse();
    for (const table of made) {
      if (stateBefore(table, before) === 'fits') dropAddedIndexes(db, table, before);
      else db.exec(`DROP TABLE "${table.name}"`);
    }
    for (const { name, state, ddl } of before) {
      if (state === 'differs' && !kindOf(db, name)) for (const statement of ddl) db.exec(statement);
    }
    return 'undone';
  });
}

function createTable(db: Db, { name, create, indexes }: TableDefinition): void {
  const missing = indexes.filter((statement) => !hasIndex(db, name, indexName(statement)));
  try {
    if (!kindOf(db, name)) db.exec(create);
    for (const statement of missing) db.exec(statement);
  } catch (error) {
    if (!/^SQLITE_(ERROR|CONSTRAINT)/.test(sqliteCode(error) ?? '')) throw error;
    throw new HybridFlowError(
      'SCHEMA_CONFLICT',
      {
        found: `Table ${name} or one of its indexes cannot be created: ${(error as Error).message}`,
        expected: 'no other object of these names, and at most one version under way',
        next: 'rename the object named above, or end the version that is under way; nothing was changed',
      },
      { cause: error },
    );
  }
}

function refuseConflicts(found: TableBefore[]): void {
  const isView = (t: TableBefore) => t.ddl[0]?.toUpperCase().startsWith('CREATE VIEW') ?? false;
  const conflicts = found.filter((t) => t.state === 'differs' && (t.rows > 0 || isView(t)));
  if (conflicts.length === 0) return;
  const told = conflicts.map((t) => `${t.name} (${t.rows} rows): ${t.differences.join('; ')}`);
  throw new HybridFlowError('SCHEMA_CONFLICT', {
    found: `metadata.db holds versioning tables of another shape. ${told.join('. ')}`,
    expected: 'no such table, an empty one, or one of the needed shape',
    next: 'rename the table (ALTER TABLE … RENAME TO …) and start again; nothing was changed',
    details: { tables: conflicts.map(({ name, rows, differences }) => ({ name, rows, differences })) },
  });
}

function stateBefore(table: TableDefinition, before: TableBefore[]): TableBefore['state'] | undefined {
  return before.find(({ name }) => name === table.name)?.state;
}

/** A table nobody told us about is not ours to undo. */
function isAsBefore(db: Db, table: TableDefinition, before: TableBefore[]): boolean {
  const was = before.find(({ name }) => name === table.name);
  return !was || JSON.stringify(ddlOf(db, table.name)) === JSON.stringify(was.ddl);
}

function dropAddedIndexes(db: Db, table: TableDefinition, before: TableBefore[]): void {
  const known = before.find(({ name }) => name === table.name)?.ddl.map(indexName) ?? [];
  for (const name of table.indexes.map(indexName)) {
    if (!known.includes(name)) db.exec(`DROP INDEX IF EXISTS "${name}"`);
  }
}

function hasIndex(db: Db, table: string, index: string): boolean {
  return (
    db
      .prepare("SELECT 1 FROM sqlite_master WHERE type = 'index' AND name = ? AND tbl_name = ? COLLATE NOCASE")
      .get(index, table) !== undefined
  );
}

/** The name in `CREATE [UNIQUE] INDEX name ON …`; '' for any other statement. */
function indexName(statement: string): string {
  return /^CREATE\s+(?:UNIQUE\s+)?INDEX\s+"?(\w+)/i.exec(statement)?.[1] ?? '';
}
