import { resolve } from 'node:path';
import { HybridFlowError } from '../../domain/errors';
import { listedName } from '../group-names';
import type { ChapterRow } from '../ports/contents';
import { reading } from './open';

const CHAPTERS = 'chapter_metadata';
/** A copy has no writer to wait for. */
const BUSY_TIMEOUT_MS = 5_000;

type Cell = null | bigint | number | string | Buffer;

/**
 * Rows of a copy of metadata.db by chapter; those without a textbook or a number belong to no chapter, and are left out.
 *
 * @throws HybridFlowError ARTIFACT_DAMAGED where the copy is missing, cannot be read, or has no such table
 */
export function readChapterRows(file: string, table: string = CHAPTERS): ChapterRow[] {
  try {
    return reading({ path: resolve(file), busyTimeoutMs: BUSY_TIMEOUT_MS }, (db) => {
      const rows = db
        .prepare(`SELECT * FROM "${table.replaceAll('"', '""')}"`)
        .safeIntegers()
        .all();
      return (rows as Record<string, Cell>[]).flatMap(rowOf);
    });
  } catch (cause) {
    throw new HybridFlowError(
      'ARTIFACT_DAMAGED',
      {
        found: `${file}: ${cause instanceof HybridFlowError ? cause.facts.found : (cause as Error).message}`,
        expected: `a sound copy of metadata.db with the table ${table}`,
        next: 'do not use this copy; `hfv verify` tells which copies are sound',
        details: { file },
      },
      { cause },
    );
  }
}

function rowOf(row: Record<string, Cell>): ChapterRow[] {
  const [book, number] = [row.textbook_id, row.chapter_number];
  if (book == null || number == null) return [];
  const chapter = listedName(`${book.toString()}:${number.toString().replace(/^(?!ch)/, 'ch')}`);
  return [{ chapter, values: Object.fromEntries(Object.entries(row).map(([name, cell]) => [name, told(cell)])) }];
}

function told(cell: Cell): string | number | null {
  if (typeof cell === 'bigint') return Number.isSafeInteger(Number(cell)) ? Number(cell) : String(cell);
  return Buffer.isBuffer(cell) ? `x'${cell.toString('hex')}'` : cell;
}
