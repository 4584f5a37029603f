import Database from 'better-sqlite3';
import { chapterId, chunksOf, contentHash, type ParsedChapter } from './chapter';

/** Puts the rows of these chapters into staging, and takes those of the removed ones out. */
export function stageRows(file: string, chapters: readonly ParsedChapter[], removed: readonly string[]): void {
  const db = new Database(file, { fileMustExist: true, timeout: 10_000 });
  try {
    const upsert = db.prepare(`
      INSERT INTO chapter_metadata_staging
        (textbook_id, chapter_number, title, content_hash, version, ingestion_timestamp, source_file_path, chunk_count, quality_score)
      VALUES (@textbookId, @number, @title, @hash, 1, datetime('now'), @source, @chunks, 1.0)
      ON CONFLICT (textbook_id, chapter_number) DO UPDATE SET
        title = excluded.title, content_hash = excluded.content_hash, version = version + 1,
        ingestion_timestamp = excluded.ingestion_timestamp, source_file_path = excluded.source_file_path,
        chunk_count = excluded.chunk_count`);
    const remove = db.prepare(`DELETE FROM chapter_metadata_staging WHERE textbook_id || ':ch' || chapter_number = ?`);
    const inProduction = db.prepare(`SELECT 1 FROM chapter_metadata WHERE textbook_id || ':ch' || chapter_number = ?`);
    db.transaction(() => {
      for (const chapter of chapters) {
        const { textbookId, number, title, source } = chapter;
        upsert.run({ textbookId, number, title, source, hash: contentHash(chapter), chunks: chunksOf(chapter).length });
      }
      for (const id of removed) {
        // One that production alone has was removed by an earlier run.
        if (remove.run(id).changes > 0 || inProduction.get(id)) continue;
        throw new Error(`neither staging nor production has a chapter ${id}`);
      }
    })();
  } finally {
    db.close();
  }
}

/** Ids of all chapters that staging holds. */
export function stagedChapters(file: string): string[] {
  const db = new Database(file, { fileMustExist: true, readonly: true });
  try {
    const rows = db
      .prepare<[], { textbookId: string; number: string }>(
        'SELECT textbook_id AS textbookId, chapter_number AS number FROM chapter_metadata_staging',
      )
      .all();
    return rows.map(chapterId).sort();
  } finally {
    db.close();
  }
}
