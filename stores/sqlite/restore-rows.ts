import { kindOf } from './inspect';
import type { Db } from './open';
import { NOT_PRODUCTION_LIST, quotedName } from './restore-schema';

/** Replaces a table's rows by the copy's, rowids included, inside SQLite. Returns how many there are. */
export function fillTable(db: Db, name: string): number {
  const table = quotedName(name);
  const columns = [...rowidOf(db, 'copy', name), ...storedColumns(db, 'copy', name).map(quotedName)].join(', ');
  db.exec(`DELETE FROM main.${table}`);
  return db.prepare(`INSERT INTO main.${table} (${columns}) SELECT ${columns} FROM copy.${table}`).run().changes;
}

/** Where AUTOINCREMENT stands. Its table cannot be dropped, so one that the copy lacks is left, empty. */
export function restoreCounters(db: Db): void {
  if (!kindOf(db, 'sqlite_sequence')) return;
  db.exec(`DELETE FROM main.sqlite_sequence WHERE lower(name) NOT IN (${NOT_PRODUCTION_LIST})`);
  const copied = db.prepare("SELECT 1 FROM copy.sqlite_master WHERE name = 'sqlite_sequence'").get();
  if (!copied) return;
  db.exec(
    `INSERT INTO main.sqlite_sequence (name, seq)
     SELECT name, seq FROM copy.sqlite_sequence WHERE lower(name) NOT IN (${NOT_PRODUCTION_LIST})`,
  );
}

/** Numbers in the header that programs keep their own marks in. */
export function restoreMarks(db: Db): void {
  for (const mark of ['user_version', 'application_id']) {
    db.pragma(`main.${mark} = ${Number(db.pragma(`copy.${mark}`, { simple: true }))}`);
  }
}

/** Generated columns are computed, not stored. */
export function storedColumns(db: Db, schema: 'main' | 'copy', table: string): string[] {
  return db
    .prepare('SELECT name FROM pragma_table_xinfo(?, ?) WHERE hidden = 0')
    .pluck()
    .all(table, schema) as string[];
}

/** The name by which a table's rowid can be given; none where it has no rowid, or columns took all three names. */
export function rowidOf(db: Db, schema: 'main' | 'copy', table: string): string[] {
  if (isWithoutRowid(db, schema, table)) return [];
  const columns = db.prepare('SELECT lower(name) FROM pragma_table_xinfo(?, ?)').pluck().all(table, schema) as string[];
  return ['rowid', '_rowid_', 'oid'].filter((name) => !columns.includes(name)).slice(0, 1);
}

export function isWithoutRowid(db: Db, schema: 'main' | 'copy', table: string): boolean {
  return db.prepare('SELECT wr FROM pragma_table_list(?) WHERE schema = ?').pluck().get(table, schema) === 1;
}
