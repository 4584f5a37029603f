import { chapterIdOf } from '../../domain/chunk-id';
import type { ChapterKey } from '../../domain/checks';
import { HybridFlowError } from '../../domain/errors';
import { CHAPTER_KEY } from './chapters';
import { kindOf } from './inspect';
import { assertChapterTable } from './inventory';
import type { Db } from './open';
import { CHAPTERS, differencesFromChapters, STAGING } from './staging-table';

const MOST_SAMPLES = 20;

export function unfit(found: string, expected: string, details: Record<string, unknown>, cause?: unknown) {
  const next = `mend ${STAGING} and try again; production was not changed`;
  return new HybridFlowError('STAGING_UNFIT', { found, expected, next, details }, { cause });
}

/** @throws HybridFlowError NOT_STAGING where there is no staging table, STAGING_UNFIT where it has other columns */
export function assertShape(db: Db, path: string): void {
  assertChapterTable(db, path);
  if (kindOf(db, STAGING) !== 'table') {
    throw new HybridFlowError('NOT_STAGING', {
      found: `${path} has no table ${STAGING}`,
      expected: 'a version that is being staged',
      next: 'look at what is under way with `hfv status`',
    });
  }
  const differences = differencesFromChapters(db, 'main', STAGING);
  if (differences.length === 0) return;
  throw unfit(`${STAGING} has other columns than ${CHAPTERS}: ${differences.join('; ')}`, 'the same columns', {
    differences,
  });
}

/** @throws HybridFlowError STAGING_UNFIT where a row names no chapter, or two name the same */
export function assertChapters(db: Db): void {
  const empty = (name: string) => `trim(COALESCE(CAST(${name} AS TEXT), '')) = ''`;
  const nameless = rowsWhere(db, `WHERE ${empty('textbook_id')} OR ${empty('chapter_number')}`);
  if (nameless.total > 0) {
    const what = nameless.total === 1 ? '1 row lacks' : `${nameless.total} rows lack`;
    throw unfit(`${what} textbook_id or chapter_number: ${nameless.samples.join(', ')}`, 'both in every row', nameless);
  }
  const twice = rowsWhere(db, 'GROUP BY textbookId, chapterNumber HAVING COUNT(*) > 1');
  if (twice.total > 0) {
    const what = twice.total === 1 ? '1 chapter has' : `${twice.total} chapters have`;
    throw unfit(`${what} more than one row: ${twice.samples.join(', ')}`, 'one row a chapter', twice);
  }
}

/** @throws HybridFlowError STAGING_UNFIT where a reference from or to chapter_metadata leads nowhere */
export function assertReferences(db: Db): void {
  const dangling = db
    .prepare<{ table: string }, { child: string; parent: string; rows: number }>(
      `SELECT "table" AS child, parent, COUNT(*) AS rows FROM pragma_foreign_key_check
       WHERE @table IN (lower("table"), lower(parent)) GROUP BY 1, 2 ORDER BY 1, 2`,
    )
    .all({ table: CHAPTERS });
  if (dangling.length === 0) return;
  const told = dangling.map(({ child, parent, rows }) => `${child} (${rows} rows) -> ${parent}`).join(', ');
  throw unfit(
    `With what is staged in place, rows would refer to rows that are not there: ${told}`,
    'no row of another table that refers to a chapter which staging leaves out, and no chapter without what it refers to',
    { dangling },
  );
}

/** Staged chapters, one of each key, in order. */
function rowsWhere(db: Db, clause: string): { total: number; samples: string[] } {
  const keys = db
    .prepare<[], ChapterKey>(`SELECT DISTINCT ${CHAPTER_KEY} FROM ${STAGING} ${clause} ORDER BY 1, 2`)
    .all();
  return { total: keys.length, samples: keys.slice(0, MOST_SAMPLES).map(chapterIdOf) };
}
