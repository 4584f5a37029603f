import Database from 'better-sqlite3';
import { HybridFlowError } from '../../domain/errors';
import { STAGING_NAMES } from '../../domain/names';
import { compareColumns, type Column } from '../../domain/table-definition';
import { sqliteCode } from './errors';
import { kindOf } from './inspect';
import { assertChapterTable } from './inventory';
import type { Db } from './open';
import { isWithoutRowid, rowidOf, storedColumns } from './restore-rows';
import { quotedName } from './restore-schema';

export const CHAPTERS = 'chapter_metadata';
export const STAGING = STAGING_NAMES.table;

type Schema = 'main' | 'copy';

/**
 * Makes the staging table anew, empty, as chapter_metadata is: columns, constraints, defaults, generated columns, and
 * unique indexes that were made by statements of their own.
 *
 * @throws HybridFlowError CHAPTER_TABLE_MISSING, SCHEMA_CONFLICT where an object of that name is in the way
 */
export function makeStaging(db: Db, path: string): void {
  assertChapterTable(db, path);
  try {
    // A view in its place fails here, and is for its owner to move.
    db.exec(`DROP TABLE IF EXISTS main.${STAGING}`);
    for (const statement of stagingStatements(db)) db.exec(statement);
    takeCounter(db);
  } catch (error) {
    if (!sqliteCode(error)?.startsWith('SQLITE_ERROR')) throw error;
    throw new HybridFlowError(
      'SCHEMA_CONFLICT',
      {
        found: `Table ${STAGING} cannot be made after ${CHAPTERS} in ${path}: ${(error as Error).message}`,
        expected: `a plain table ${CHAPTERS}, and no other object of the name ${STAGING}`,
        next: 'rename the object that is in the way; nothing was changed',
      },
      { cause: error },
    );
  }
}

/** Fills the empty staging table with the chapters of the copy that is beside, rowids included. */
export function fillStaging(db: Db): void {
  const columns = [...rowidOf(db, 'copy', CHAPTERS), ...storedColumns(db, 'copy', CHAPTERS).map(quotedName)].join(', ');
  db.exec(`INSERT INTO main.${STAGING} (${columns}) SELECT ${columns} FROM copy.${CHAPTERS}`);
}

/** One sentence for each column of `found` that is not as chapter_metadata has it; order does not matter. */
export function differencesFromChapters(db: Db, schema: Schema, found: string): string[] {
  const without = [isWithoutRowid(db, 'main', CHAPTERS), isWithoutRowid(db, schema, found)];
  return [
    ...compareColumns(columnsOf(db, 'main', CHAPTERS), columnsOf(db, schema, found)),
    ...(without[0] === without[1] ? [] : [`rowid: ${without[1] ? 'missing' : 'not known'}`]),
  ];
}

function columnsOf(db: Db, schema: Schema, table: string): Column[] {
  const rows = db
    .prepare<[string, string], { name: string; type: string; notnull: number; pk: number; hidden: number }>(
      'SELECT name, type, "notnull", pk, hidden FROM pragma_table_xinfo(?, ?)',
    )
    .all(table, schema);
  return rows.map(({ name, type, notnull, pk, hidden }) => ({
    name,
    type: hidden === 0 ? type : `${type} GENERATED`,
    notNull: notnull === 1,
    primaryKey: pk > 0,
  }));
}

/** SQLite itself renames the table, in memory: it knows every place in a statement where a table names itself. */
function stagingStatements(db: Db): string[] {
  const memory = new Database(':memory:');
  try {
    for (const sql of ownStatements(db)) memory.exec(sql);
    memory.exec(`ALTER TABLE ${CHAPTERS} RENAME TO ${STAGING}`);
    const statements = memory
      .prepare('SELECT sql FROM sqlite_master WHERE sql IS NOT NULL AND tbl_name = ? ORDER BY rowid')
      .pluck()
      .all(STAGING) as string[];
    return statements.map((sql, i) => sql.replace(INDEX_NAME, `$1${STAGING}_${i}`));
  } finally {
    memory.close();
  }
}

/** The names of indexes are one namespace a database. SQLite keeps a statement from the name on as it was written. */
const INDEX_NAME =
  /^(CREATE UNIQUE INDEX )("(?:[^"]|"")*"|\[[^\]]*\]|`(?:[^`]|``)*`|'(?:[^']|'')*'|[\w$\u0080-\uffff]+)/;

function ownStatements(db: Db): string[] {
  return db
    .prepare(
      `SELECT sql FROM main.sqlite_master WHERE tbl_name = @table COLLATE NOCASE AND sql IS NOT NULL AND
         (type = 'table' OR type = 'index' AND name IN (SELECT name FROM pragma_index_list(@table) WHERE "unique"))
       ORDER BY type <> 'table', rowid`,
    )
    .pluck()
    .all({ table: CHAPTERS }) as string[];
}

/** A counted id is never given twice: staging counts on from where production stands. */
function takeCounter(db: Db): void {
  if (!kindOf(db, 'sqlite_sequence')) return;
  db.prepare(
    'INSERT INTO main.sqlite_sequence (name, seq) SELECT ?, seq FROM main.sqlite_sequence WHERE name = ? COLLATE NOCASE',
  ).run(STAGING, CHAPTERS);
}
