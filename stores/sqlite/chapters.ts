import type { ChapterKey } from '../../domain/checks';
import { assertChapterTable } from './inventory';
import { reading, type Db, type Source } from './open';

/**
 * Every chapter of production, by textbook and number.
 *
 * @throws HybridFlowError CHAPTER_TABLE_MISSING where the file is not HybridFlow's
 */
export function readChapters(source: Source): ChapterKey[] {
  return reading(source, (db) => {
    assertChapterTable(db, source.path);
    return chaptersOf(db, 'chapter_metadata');
  });
}

/** The columns of a chapter's key, as every list of chapters tells them. */
export const CHAPTER_KEY = `COALESCE(CAST(textbook_id AS TEXT), '(none)') AS textbookId,
  COALESCE(CAST(chapter_number AS TEXT), '(none)') AS chapterNumber`;

export function chaptersOf(db: Db, table: string): ChapterKey[] {
  return db.prepare<[], ChapterKey>(`SELECT ${CHAPTER_KEY} FROM ${table} ORDER BY textbook_id, chapter_number`).all();
}
