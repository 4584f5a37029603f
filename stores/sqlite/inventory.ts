import { statSync } from 'node:fs';
import { HybridFlowError } from '../../domain/errors';
import type { SqliteInventory } from '../../domain/inventory';
import { reading, type Db, type Source } from './open';

const CHAPTERS = 'chapter_metadata';
const NEEDED = ['textbook_id', 'chapter_number'];

/**
 * Counts the chapters, in total and per textbook, at one moment.
 *
 * @throws HybridFlowError CHAPTER_TABLE_MISSING where the file is not HybridFlow's
 */
export function takeInventory(source: Source): SqliteInventory {
  return reading(source, (db) => {
    assertChapterTable(db, source.path);
    const perTextbook = db
      .prepare<[], { textbook: string | null; chapters: number }>(
        `SELECT textbook_id AS textbook, COUNT(*) AS chapters FROM ${CHAPTERS} GROUP BY textbook_id ORDER BY textbook_id`,
      )
      .all();
    return {
      path: source.path,
      bytes: statSync(source.path).size,
      sqliteVersion: sqliteVersion(db),
      chapters: perTextbook.reduce((sum, { chapters }) => sum + chapters, 0),
      perTextbook: Object.fromEntries(perTextbook.map(({ textbook, chapters }) => [textbook ?? '(none)', chapters])),
    };
  });
}

export function sqliteVersion(db: Db): string {
  return db.prepare('SELECT sqlite_version()').pluck().get() as string;
}

/** @throws HybridFlowError CHAPTER_TABLE_MISSING */
export function assertChapterTable(db: Db, path: string): void {
  const columns = db.prepare('SELECT name FROM pragma_table_info(?)').pluck().all(CHAPTERS) as string[];
  const missing = NEEDED.filter((name) => !columns.includes(name));
  if (missing.length === 0) return;
  throw new HybridFlowError('CHAPTER_TABLE_MISSING', {
    found:
      columns.length === 0
        ? `${path} has no table ${CHAPTERS}`
        : `Table ${CHAPTERS} in ${path} lacks ${missing.join(' and ')}`,
    expected: `HybridFlow's table ${CHAPTERS} with ${NEEDED.join(' and ')}`,
    next: 'check that HYBRIDFLOW_METADATA_DB names the metadata.db that HybridFlow writes',
    details: { path, missing: columns.length === 0 ? [CHAPTERS] : missing },
  });
}
