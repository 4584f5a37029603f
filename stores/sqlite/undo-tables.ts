import type { TableBefore } from '../../domain/registry';
import { OPERATION_LOG, VERSION_REGISTRY, VERSIONING_TABLES, type TableDefinition } from '../../domain/registry-schema';
import { ddlOf, guardName, guardOf, isOurs, kindOf, rowsOf } from './inspect';
import { writing, type Db, type Source } from './open';

/**
 * Puts the tables back as they were found before, all or nothing. A table that was made is dropped while it is still
 * ours; where one of the tables that are a record holds rows, it stays, and version_registry and operation_log with it. A
 * table that fitted before loses what was added to it, and nothing else.
 */
export function undoTables(source: Source, before: TableBefore[]): 'undone' | 'kept' {
  return writing(source, undefined, (db) => {
    const holdsRecord = ({ name, isRecord }: TableDefinition) =>
      isRecord && kindOf(db, name) !== undefined && rowsOf(db, name) > 0;
    const kept = VERSIONING_TABLES.some(holdsRecord);
    const stays = (table: TableDefinition) => holdsRecord(table) || (kept && TOGETHER.includes(table));
    for (const table of [...VERSIONING_TABLES].reverse()) {
      // A table nobody told us about is not ours to undo.
      const was = before.find(({ name }) => name === table.name);
      if (!was || !isOurs(db, table)) continue;
      if (was.state === 'fits') putGuardsBack(db, table, was);
      else if (!isAsBefore(db, was) && !stays(table)) db.exec(`DROP TABLE "${table.name}"`);
    }
    for (const { name, state, ddl } of before) {
      if (state === 'differs' && !kindOf(db, name)) for (const statement of ddl) db.exec(statement);
    }
    return kept ? 'kept' : 'undone';
  });
}

/** What one of them tells is not whole without the other, and what refers to them needs them. */
const TOGETHER: readonly TableDefinition[] = [VERSION_REGISTRY, OPERATION_LOG];

export function dropGuard(db: Db, guard: string): void {
  db.exec(`DROP INDEX IF EXISTS "${guard}"; DROP TRIGGER IF EXISTS "${guard}"`);
}

function isAsBefore(db: Db, was: TableBefore): boolean {
  return JSON.stringify(ddlOf(db, was.name)) === JSON.stringify(was.ddl);
}

/** Our indexes and triggers that were not there go; those that were there in another form come back. */
function putGuardsBack(db: Db, { name, indexes, triggers }: TableDefinition, was: TableBefore): void {
  for (const guard of [...indexes, ...triggers].map(guardName)) {
    const now = guardOf(db, name, guard);
    if (now !== undefined && !was.ddl.includes(now)) dropGuard(db, guard);
  }
  const now = ddlOf(db, name);
  for (const statement of was.ddl) {
    if (/^CREATE (?:UNIQUE )?(?:INDEX|TRIGGER)/i.test(statement) && !now.includes(statement)) db.exec(statement);
  }
}
