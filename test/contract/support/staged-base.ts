import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { LEASE, MetadataFile } from './metadata-file';

export const BASELINE = 'v1_baseline_20260101_000000';
export const VERSION = 'v2_minor_20260102_000000';

/**
 * Production with everything that a switch of its chapters could get wrong: triggers that write and one that refuses,
 * keys of other tables from and to it, a key within it, counted ids, a collation, a computed column, a table that names
 * itself, a unique index with a statement of its own.
 */
export const PRODUCTION = `
  CREATE TABLE books (id TEXT PRIMARY KEY, title);
  CREATE TABLE audit (what TEXT);
  CREATE TABLE [chapter_metadata] (id INTEGER PRIMARY KEY AUTOINCREMENT, textbook_id TEXT NOT NULL REFERENCES books (id),
    chapter_number TEXT NOT NULL COLLATE NOCASE, title TEXT DEFAULT 'untitled' CHECK (chapter_metadata.title <> ''),
    quality_score, follows INTEGER REFERENCES chapter_metadata (id),
    key TEXT GENERATED ALWAYS AS (textbook_id || ':' || chapter_number) STORED, UNIQUE (textbook_id, chapter_number));
  CREATE UNIQUE INDEX "by ""title" ON chapter_metadata (textbook_id, lower(title)) WHERE chapter_metadata.title <> 'untitled';
  CREATE INDEX by_score ON chapter_metadata (quality_score);
  CREATE TABLE ingestion_log (chapter INTEGER REFERENCES chapter_metadata (id) ON DELETE CASCADE, message);
  INSERT INTO books VALUES ('bailey', 'B'), ('schwartz', 'S');
  INSERT INTO chapter_metadata (id, textbook_id, chapter_number, title, quality_score, follows)
    VALUES (7, 'bailey', '1', 'Ears', 1, NULL), (9, 'bailey', '2', 'Nose', 0.5, 7), (11, 'schwartz', '1', 'Ears', NULL, NULL),
      (20, 'schwartz', 'A', 'Appendix', NULL, NULL), (99, 'bailey', '99', 'gone', NULL, NULL);
  DELETE FROM chapter_metadata WHERE id = 99;
  INSERT INTO ingestion_log VALUES (7, 'done'), (NULL, 'begun');
  CREATE TRIGGER added AFTER INSERT ON chapter_metadata BEGIN INSERT INTO audit VALUES ('added ' || new.key); END;
  CREATE TRIGGER "taken ""away" AFTER DELETE ON chapter_metadata BEGIN INSERT INTO audit VALUES ('deleted ' || old.key); END;
  CREATE TRIGGER kept BEFORE DELETE ON chapter_metadata WHEN old.id = 20 BEGIN SELECT RAISE(ABORT, 'appendices stay'); END;`;

/** Made once a script: most of a test's time would go into making it. */
const made = new Map<string, Buffer>();

/** A metadata.db with a committed baseline, and a copy of it as it was then. */
export class StagedBase extends MetadataFile {
  readonly copy = join(this.folder, 'the copy.db');

  constructor(script = PRODUCTION) {
    super('');
    const bytes = made.get(script);
    if (bytes) writeFileSync(this.path, bytes);
    else this.make(script);
    made.set(script, bytes ?? readFileSync(this.path));
    copyFileSync(this.path, this.copy);
  }

  private make(script: string): void {
    this.sql(script);
    this.store.createTables(LEASE);
    const ids = { versionId: BASELINE, workflowId: 'w', runId: 'baseline run' };
    this.store.registry.registerBaseline({ ...ids, chapterCount: 4, paragraphCount: 40 }, LEASE);
    const operation = { type: 'commit', status: 'success' as const, details: {}, startedAt: '2026-01-01T00:00:00Z' };
    this.store.registry.commit(BASELINE, 'ann', { ...operation, completedAt: null }, LEASE);
  }

  /** Stages production as it is, for the chapters to be changed in it. */
  stage(script = ''): void {
    this.store.prepareStaging({ file: this.copy }, LEASE);
    this.sql(script);
  }

  /** Rows of chapter_metadata, of staging, or of another table of their columns. */
  chapters(table = 'chapter_metadata'): Record<string, unknown>[] {
    return this.rows(`SELECT *, typeof(quality_score) AS kind FROM ${table} ORDER BY id`);
  }

  /** What is no chapter: other tables' rows, and all objects of production. */
  others(): unknown {
    const tables = ['books', 'audit', 'ingestion_log'].map((table) => this.rows(`SELECT rowid, * FROM ${table}`));
    const objects = this.rows(`SELECT type, name, sql FROM sqlite_master WHERE sql IS NOT NULL
      AND tbl_name IN ('books', 'audit', 'ingestion_log', 'chapter_metadata') ORDER BY type, name`);
    return { tables, objects };
  }
}
