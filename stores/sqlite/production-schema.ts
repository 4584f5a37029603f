import type { Database } from 'better-sqlite3';

/** Tables of HybridFlow's own ingestion, as they stand in production before versions exist. */
export const PRODUCTION_TABLES = ['chapter_metadata', 'ingestion_log'] as const;

const CHAPTER_METADATA = `
CREATE TABLE chapter_metadata (
  id INTEGER PRIMARY KEY,
  textbook_id TEXT NOT NULL,
  chapter_number TEXT NOT NULL,
  title TEXT,
  content_hash TEXT,
  version INTEGER DEFAULT 1,
  ingestion_timestamp TEXT DEFAULT CURRENT_TIMESTAMP,
  source_file_path TEXT,
  chunk_count INTEGER,
  quality_score REAL,
  UNIQUE (textbook_id, chapter_number)
)`;

const INGESTION_LOG = `
CREATE TABLE ingestion_log (
  id INTEGER PRIMARY KEY,
  textbook_id TEXT,
  chapter_number TEXT,
  status TEXT,
  message TEXT,
  created_at TEXT DEFAULT CURRENT_TIMESTAMP
)`;

/** Creates production's two tables. They must not exist yet. */
export function createProductionTables(db: Database): void {
  db.exec(CHAPTER_METADATA);
  db.exec(INGESTION_LOG);
}
