import type { ChapterKey } from '../../domain/checks';
import { assertChapterTable } from './inventory';
import { reading, type Source } from './open';

/**
 * Every chapter of production, by textbook and number.
 *
 * @throws HybridFlowError CHAPTER_TABLE_MISSING where the file is not HybridFlow's
 */
export function readChapters(source: Source): ChapterKey[] {
  return reading(source, (db) => {
    assertChapterTable(db, source.path);
    return db
      .prepare<[], ChapterKey>(
        `SELECT COALESCE(CAST(textbook_id AS TEXT), '(none)') AS textbookId,
                COALESCE(CAST(chapter_number AS TEXT), '(none)') AS chapterNumber
         FROM chapter_metadata ORDER BY textbook_id, chapter_number`,
      )
      .all();
  });
}
