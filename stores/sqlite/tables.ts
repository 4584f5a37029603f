import { HybridFlowError } from '../../domain/errors';
import type { TableBefore } from '../../domain/registry';
import { OPERATION_LOG, VERSIONING_TABLES, type TableDefinition } from '../../domain/registry-schema';
import type { TablesCreated, WriteLease } from '../ports';
import { sqliteCode } from './errors';
import { guardName, guardOf, inspect, kindOf, missingGuards, rowsOf } from './inspect';
import { dropGuard } from './undo-tables';
import { reading, writing, type Db, type Source } from './open';

export function inspectTables(source: Source): TableBefore[] {
  return reading(source, inspect);
}

/**
 * Makes the versioning tables with their indexes and triggers where they are missing, all or nothing. An empty table
 * of another shape is replaced, and so is an index or trigger of ours in another form; what was there is what
 * {@link inspectTables} told before.
 *
 * @throws HybridFlowError SCHEMA_CONFLICT where a table of another shape holds rows
 */
export function createTables(source: Source, lease: WriteLease): TablesCreated {
  return writing(source, lease, (db) => {
    const found = inspect(db);
    refuseConflicts(found);
    const named = (state: TableBefore['state']) => found.filter((t) => t.state === state).map(({ name }) => name);
    const replaced = named('differs');
    // The log refers to the registry, so it goes first and comes last.
    for (const name of [...replaced].reverse()) db.exec(`DROP TABLE "${name}"`);
    for (const table of VERSIONING_TABLES) createTable(db, table);
    return { created: named('absent'), replaced, operationLogRows: rowsOf(db, OPERATION_LOG.name) };
  });
}

function createTable(db: Db, table: TableDefinition): void {
  const { name, create } = table;
  try {
    if (!kindOf(db, name)) db.exec(create);
    for (const statement of missingGuards(db, table)) {
      const guard = guardName(statement);
      if (guardOf(db, name, guard) !== undefined) dropGuard(db, guard);
      db.exec(statement);
    }
  } catch (error) {
    if (!/^SQLITE_(ERROR|CONSTRAINT)/.test(sqliteCode(error) ?? '')) throw error;
    throw new HybridFlowError(
      'SCHEMA_CONFLICT',
      {
        found: `Table ${name} or one of its indexes and triggers cannot be created: ${(error as Error).message}`,
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
