import { chmodSync, closeSync, fsyncSync, openSync, rmSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { HybridFlowError } from '../../domain/errors';
import type { CapturedFile } from '../ports';
import { databaseInvalid } from './errors';
import { sqliteVersion } from './inventory';
import { copying, reading, type Db, type Source } from './open';

/** Numbers in the file's header that programs keep their own marks in; a copy must carry them. */
const MARKS = ['user_version', 'application_id'] as const;

/**
 * Writes a consistent copy of the database to `file`: one read transaction, also beside a live writer. The copy
 * is checked and on disk before this returns; a copy that fails is removed.
 */
export function snapshotTo(source: Source, file: string): Omit<CapturedFile, 'bytes' | 'sha256'> {
  const target = resolve(file);
  reserve(target);
  try {
    const capturedFrom = new Date().toISOString();
    const origin = copying(source, (db) => {
      db.prepare('VACUUM INTO ?').run(target);
      return { serverVersion: sqliteVersion(db), marks: marksOf(db) };
    });
    const capturedTo = new Date().toISOString();
    const counts = checkedCounts(target, source, origin.marks);
    chmodSync(target, 0o600);
    fsyncPath(target);
    fsyncPath(dirname(target));
    return { counts, serverVersion: origin.serverVersion, capturedFrom, capturedTo };
  } catch (error) {
    for (const leftover of [target, `${target}-journal`]) rmSync(leftover, { force: true });
    throw error;
  }
}

/** VACUUM INTO takes an empty file for a free one, so an exclusive create is what refuses an existing target. */
function reserve(target: string): void {
  try {
    closeSync(openSync(target, 'wx', 0o600));
  } catch (cause) {
    throw new HybridFlowError(
      'ARTIFACT_WRITE_FAILED',
      {
        found: `${target} cannot be created: ${(cause as Error).message}`,
        expected: 'a free name in a folder that exists',
      },
      { cause },
    );
  }
}

function checkedCounts(target: string, source: Source, marks: unknown[]): Record<string, number> {
  return reading({ ...source, path: target }, (db) => {
    const faults = (db.pragma('integrity_check') as { integrity_check: string }[]).map((row) => row.integrity_check);
    if (faults.join() !== 'ok') throw damagedCopy(source.path, `integrity_check: ${faults.slice(0, 5).join('; ')}`);
    const dangling = db.pragma('foreign_key_check') as { table: string; parent: string }[];
    if (dangling.length > 0) {
      const pairs = new Set(dangling.map(({ table, parent }) => `${table} -> ${parent}`));
      throw damagedCopy(
        source.path,
        `foreign_key_check: ${dangling.length} rows without parent (${[...pairs].join(', ')})`,
      );
    }
    if (JSON.stringify(marksOf(db)) !== JSON.stringify(marks)) {
      throw damagedCopy(source.path, `${MARKS.join(' or ')} was changed while the copy was taken`);
    }
    return countRows(db);
  });
}

function damagedCopy(path: string, why: string): HybridFlowError {
  return databaseInvalid(path, `its copy does not pass ${why}`);
}

function marksOf(db: Db): unknown[] {
  return MARKS.map((name) => db.pragma(name, { simple: true }));
}

function countRows(db: Db): Record<string, number> {
  const tables = db
    .prepare(
      `SELECT name FROM sqlite_master
       WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' AND sql NOT LIKE 'CREATE VIRTUAL%' ORDER BY name`,
    )
    .pluck()
    .all() as string[];
  const counts = tables.map((name): [string, number] => [
    name,
    db
      .prepare(`SELECT COUNT(*) FROM "${name.replaceAll('"', '""')}"`)
      .pluck()
      .get() as number,
  ]);
  return { ...Object.fromEntries(counts), chapters: Object.fromEntries(counts).chapter_metadata ?? 0 };
}

function fsyncPath(path: string): void {
  const handle = openSync(path, 'r');
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}
