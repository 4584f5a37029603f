import { resolve } from 'node:path';
import type { GroupFingerprint } from '../../domain/fingerprint';
import { FingerprintGroups, ItemWriter } from '../fingerprint';
import { reading, type Db, type Source } from './open';
import { isPlainTable, objectsOf } from './restore-schema';

const CHAPTERS = 'chapter_metadata';

type Cell = null | bigint | number | string | Buffer;

/** Of production's tables and their schema, in the database itself or in the copy `file`, at one moment. */
export function takeFingerprint(source: Source, file?: string): GroupFingerprint[] {
  return reading(file === undefined ? source : { ...source, path: resolve(file) }, (db) => fingerprintOf(db));
}

/** With `chapters`, the rows of that table count as those of chapter_metadata. */
export function fingerprintOf(db: Db, chapters?: string): GroupFingerprint[] {
  const groups = new FingerprintGroups();
  const item = new ItemWriter();
  const objects = objectsOf(db, 'main');
  for (const { type, name, table, sql } of objects) {
    groups.add('(schema)', item.text(type).text(name).text(table).text(sql).digest());
  }
  for (const { name } of objects.filter(isPlainTable)) {
    addRows(db, name, (isChapters(name) ? chapters : undefined) ?? name, groups, item);
  }
  return groups.list();
}

function isChapters(table: string): boolean {
  return table.toLowerCase() === CHAPTERS;
}

/** The rows of `from`, as those of `table`. */
function addRows(db: Db, table: string, from: string, groups: FingerprintGroups, item: ItemWriter): void {
  const columns = db.prepare('SELECT name FROM pragma_table_info(?) ORDER BY name').pluck().all(table) as string[];
  // As bytes, since a text may be no valid UTF-8, and reading it as a text would hide what it is.
  const utf8 = db.pragma('encoding', { simple: true }) === 'UTF-8';
  const exact = (name: string) =>
    utf8 ? `CASE typeof(${name}) WHEN 'text' THEN CAST(${name} AS BLOB) ELSE ${name} END` : name;
  const selected = columns.map(quoted).flatMap((name) => [`typeof(${name})`, exact(name)]);
  const rows = db
    .prepare(`SELECT ${selected.join(', ')} FROM ${quoted(from)}`)
    .raw()
    .safeIntegers();
  const group = groupsOf(table, columns);
  for (const row of rows.iterate() as IterableIterator<Cell[]>) {
    columns.forEach((name, i) => item.text(name).raw(typed(row[2 * i], row[2 * i + 1])));
    groups.add(group(row), item.digest());
  }
}

/** A chapter's own row belongs to the chapter; every other row to its table. */
function groupsOf(table: string, columns: readonly string[]): (row: Cell[]) => string {
  const rest = `(table ${table})`;
  const place = (name: string) => columns.findIndex((column) => column.toLowerCase() === name);
  const [textbook, number] = [place('textbook_id'), place('chapter_number')];
  if (!isChapters(table) || textbook < 0 || number < 0) return () => rest;
  return (row) => {
    const [book, chapter] = [row[2 * textbook + 1], row[2 * number + 1]];
    return book == null || chapter == null ? rest : `${book.toString()}:${chapter.toString().replace(/^(?!ch)/, 'ch')}`;
  };
}

/** A value with a letter for its storage class, so that 1, 1.0 and '1' are three values. */
function typed(storage: unknown, value: unknown): Buffer {
  switch (storage) {
    case 'integer':
      return Buffer.from(`i${String(value)}`);
    case 'real': {
      const bytes = Buffer.alloc(8);
      bytes.writeDoubleBE(value as number);
      return Buffer.from(`f${bytes.toString('hex')}`);
    }
    case 'text':
      return Buffer.concat([Buffer.from('t'), Buffer.from(value as string | Buffer as string)]);
    case 'blob':
      return Buffer.from(`b${(value as Buffer).toString('hex')}`);
    default:
      return Buffer.from('null');
  }
}

function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
