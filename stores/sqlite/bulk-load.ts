import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import Database from 'better-sqlite3';
import { HybridFlowError } from '../../domain/errors';
import { createProductionTables, PRODUCTION_TABLES } from './production-schema';

/** One chapter's rows in metadata.db: its metadata and the entry of its ingestion. */
export interface MetadataRow {
  textbookId: string;
  chapterNumber: string;
  title: string;
  contentHash: string;
  ingestedAt: string;
  sourceFilePath: string;
  chunkCount: number;
  qualityScore: number;
  logMessage: string;
}

export interface MetadataCounts {
  chapters: number;
  logEntries: number;
}

export interface MetadataSurvey {
  exists: boolean;
  tables: { name: string; rows: number }[];
}

/** A row as its owner can recognise it: `handle` finds it again, `key` and `mark` say what it is. */
export interface HeldRow {
  handle: { table: (typeof PRODUCTION_TABLES)[number]; id: number };
  key: string;
  mark: string;
}

const INSERT_CHAPTER = `
INSERT INTO chapter_metadata (textbook_id, chapter_number, title, content_hash, version, ingestion_timestamp,
  source_file_path, chunk_count, quality_score)
VALUES (@textbookId, @chapterNumber, @title, @contentHash, 1, @ingestedAt, @sourceFilePath, @chunkCount, @qualityScore)`;
const INSERT_LOG = `
INSERT INTO ingestion_log (textbook_id, chapter_number, status, message, created_at)
VALUES (@textbookId, @chapterNumber, 'completed', @logMessage, @ingestedAt)`;

/** Which tables a file holds and how many rows each has. A missing file is an empty one. */
export function surveyMetadata(file: string): MetadataSurvey {
  if (!existsSync(file)) return { exists: false, tables: [] };
  return withDatabase(file, true, (db) => ({
    exists: true,
    tables: tableNames(db).map((name) => ({ name, rows: count(db, name) })),
  }));
}

/**
 * Creates production's tables and fills them, in a file of its own that then takes the place of `file`: they are there
 * complete or not at all, and a crash leaves no half-written journal for the next reader to trip over.
 *
 * `file` must hold no table yet: the caller has looked.
 */
export function loadMetadata(
  file: string,
  rows: Iterable<MetadataRow>,
  onProgress?: (done: number) => void,
): MetadataCounts {
  const building = buildingFile(file);
  mkdirSync(dirname(file), { recursive: true });
  removeFiles(building);
  const counts = withDatabase(building, false, (db) => db.transaction(() => insertAll(db, rows, onProgress))());
  removeFiles(file);
  renameSync(building, file);
  return counts;
}

/** Where {@link loadMetadata} builds; what a crash leaves there is no part of any database. */
function buildingFile(file: string): string {
  return `${file}.seeding`;
}

function insertAll(db: Database.Database, rows: Iterable<MetadataRow>, onProgress?: (done: number) => void) {
  createProductionTables(db);
  const [chapter, log] = [db.prepare(INSERT_CHAPTER), db.prepare(INSERT_LOG)];
  let done = 0;
  for (const row of rows) {
    chapter.run(row);
    log.run(row);
    onProgress?.(++done);
  }
  return { chapters: done, logEntries: done };
}

/** Every row of production's tables, as its owner can recognise it. */
export function heldMetadata(file: string): HeldRow[] {
  if (!existsSync(file)) return [];
  return withDatabase(file, true, (db) => {
    const present = tableNames(db);
    return PRODUCTION_TABLES.filter((table) => present.includes(table)).flatMap((table) => {
      const mark = table === 'chapter_metadata' ? 'content_hash' : 'message';
      const sql = `SELECT id, textbook_id AS book, chapter_number AS number, ${mark} AS mark FROM ${table}`;
      const rows = db.prepare<[], { id: number; book: string; number: string; mark: string | null }>(sql).all();
      return rows.map(({ id, book, number, mark }) => ({
        handle: { table, id },
        key: `${table}/${book}:ch${number}`,
        mark: mark ?? '',
      }));
    });
  });
}

/**
 * Deletes the rows named, then the tables of production that this left empty, then the file where no table is left.
 * @returns the tables that are still there
 */
export function removeMetadata(file: string, handles: readonly HeldRow['handle'][]): string[] {
  removeFiles(buildingFile(file));
  if (!existsSync(file)) return [];
  const left = withDatabase(file, false, (db) =>
    db.transaction(() => {
      const statements = new Map(
        PRODUCTION_TABLES.filter((table) => tableNames(db).includes(table)).map((table) => [
          table,
          db.prepare(`DELETE FROM ${table} WHERE id = ?`),
        ]),
      );
      for (const { table, id } of handles) statements.get(table)?.run(id);
      for (const table of statements.keys()) if (count(db, table) === 0) db.exec(`DROP TABLE ${table}`);
      return tableNames(db);
    })(),
  );
  if (left.length === 0) removeFiles(file);
  return left;
}

/** A database's log or journal must never outlive it: SQLite would apply it to the next file of that name. */
function removeFiles(file: string): void {
  for (const suffix of ['', '-wal', '-shm', '-journal']) rmSync(file + suffix, { force: true });
}

function tableNames(db: Database.Database): string[] {
  const sql = `SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY name`;
  return db.prepare<[], string>(sql).pluck().all();
}

function count(db: Database.Database, table: string): number {
  const sql = `SELECT count(*) FROM "${table.replaceAll('"', '""')}"`;
  return db.prepare<[], number>(sql).pluck().get() ?? 0;
}

function withDatabase<T>(file: string, readonly: boolean, use: (db: Database.Database) => T): T {
  let db: Database.Database | undefined;
  try {
    db = new Database(file, { readonly });
    return use(db);
  } catch (cause) {
    if (!(cause instanceof Database.SqliteError)) throw cause;
    throw new HybridFlowError(
      'METADATA_DB_INVALID',
      { found: `${file}: ${cause.message}`, next: 'check that HYBRIDFLOW_METADATA_DB names the right file' },
      { cause },
    );
  } finally {
    db?.close();
  }
}
