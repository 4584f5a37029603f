import { sqliteCode } from './errors';
import type { Db } from './open';
import { rowidOf, storedColumns } from './restore-rows';
import { quotedName } from './restore-schema';
import { CHAPTERS, STAGING } from './staging-table';
import { assertChapters, assertReferences, assertShape, unfit } from './staging-unfit';

/**
 * Makes the rows of chapter_metadata those of staging, rowids included, and touches only rows that differ. The caller's
 * connection has foreign keys off.
 *
 * No trigger fires and no foreign key acts: what was staged, validated and fingerprinted is chapter_metadata, and a
 * trigger that wrote elsewhere, or refused, would make production something that nobody has looked at. What a foreign
 * key would have taken along is refused instead.
 *
 * @throws HybridFlowError NOT_STAGING, STAGING_UNFIT; the caller's transaction is to be taken back then
 */
export function becomeStaged(db: Db, path: string): { deleted: number; inserted: number } {
  assertShape(db, path);
  assertChapters(db);
  const triggers = triggersOf(db);
  for (const { name } of triggers) db.exec(`DROP TRIGGER main.${quotedName(name)}`);
  const moved = explained(() => moveRows(db));
  // In the order in which they were made before.
  for (const { sql } of triggers) db.exec(sql);
  assertReferences(db);
  return moved;
}

/** A row that changed goes and comes back, so that two chapters may change places under a unique key. */
function moveRows(db: Db): { deleted: number; inserted: number } {
  const [rowid] = rowidOf(db, 'main', CHAPTERS);
  const columns = [...(rowid ? [rowid] : []), ...storedColumns(db, 'main', CHAPTERS).map(quotedName)];
  const same = sameRow(db, [rowid]);
  const { changes: deleted } = db
    .prepare(
      `DELETE FROM main.${CHAPTERS} AS production WHERE NOT EXISTS (SELECT 1 FROM main.${STAGING} AS staged WHERE ${same})`,
    )
    .run();
  const { changes: inserted } = db
    .prepare(
      `INSERT INTO main.${CHAPTERS} (${columns.join(', ')}) SELECT ${columns.join(', ')} FROM main.${STAGING} AS staged
       WHERE NOT EXISTS (SELECT 1 FROM main.${CHAPTERS} AS production WHERE ${same})`,
    )
    .run();
  return { deleted, inserted };
}

/**
 * That a row of `production` is the row of `staged`, value by value: of the same storage class, and compared bytewise
 * whatever the column's collation is. `rowid`, where it is given, must be the same too.
 */
export function sameRow(db: Db, [rowid]: [rowid?: string]): string {
  const pairs = storedColumns(db, 'main', CHAPTERS).map(quotedName);
  return [
    ...(rowid ? [`production.${rowid} = staged.${rowid}`] : []),
    ...pairs.map((name) => `production.${name} IS staged.${name} COLLATE BINARY`),
    ...pairs.map((name) => `typeof(production.${name}) = typeof(staged.${name})`),
  ].join(' AND ');
}

function triggersOf(db: Db): { name: string; sql: string }[] {
  return db
    .prepare<[string], { name: string; sql: string }>(
      "SELECT name, sql FROM main.sqlite_master WHERE type = 'trigger' AND tbl_name = ? COLLATE NOCASE ORDER BY rowid",
    )
    .all(CHAPTERS);
}

function explained<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (!sqliteCode(error)?.startsWith('SQLITE_CONSTRAINT')) throw error;
    const why = (error as Error).message;
    throw unfit(`${CHAPTERS} does not take the rows of ${STAGING}: ${why}`, `rows that ${CHAPTERS} takes`, {}, error);
  }
}
