import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { HybridFlowError } from '../../domain/errors';
import { STAGING_NAMES } from '../../domain/names';
import type { MetadataRestore, WriteLease } from '../ports';
import { sqliteCode } from './errors';
import { kindOf } from './inspect';
import { rebuilding, writing, type Db, type Source } from './open';
import { fillTable, restoreCounters, restoreMarks } from './restore-rows';
import { createMissing, dropUnwanted, isPlainTable, objectsOf } from './restore-schema';

/**
 * Makes production's tables what they are in the copy, in one transaction: rows with their rowids, indexes, views,
 * triggers, counters. What the copy lacks goes. The versioning tables and the staging table are not production, and
 * stay. The copy itself is only read: SQLite would lock it, or write a log beside it.
 *
 * @throws HybridFlowError ARTIFACT_DAMAGED where the copy is no sound database of production; nothing is changed then
 */
export function restoreFrom(
  source: Source,
  file: string,
  lease: WriteLease,
): ReturnType<MetadataRestore['restoreFrom']> {
  const folder = mkdtempSync(join(tmpdir(), 'hfv-restore-'));
  try {
    const attach = (db: Db) => attachCopy(db, file, join(folder, 'copy.db'));
    return rebuilding(source, lease, attach, (db) => explained(source.path, file, () => bringBack(db)));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Drops the staging table; false where there was none. */
export function dropStaging(source: Source): boolean {
  return writing(source, undefined, (db) => {
    if (kindOf(db, STAGING_NAMES.table) !== 'table') return false;
    db.exec(`DROP TABLE "${STAGING_NAMES.table}"`);
    return true;
  });
}

/** With every trigger gone first and foreign keys off, nothing answers to the rows that go and come. */
function bringBack(db: Db): ReturnType<MetadataRestore['restoreFrom']> {
  const wanted = objectsOf(db, 'copy');
  // SQLite guards the tables that a full-text index keeps its rows in; they are production like any other.
  if (wanted.some(({ sql }) => /^CREATE\s+VIRTUAL/i.test(sql))) db.unsafeMode();
  dropUnwanted(db, wanted);
  createMissing(db, wanted, ['table']);
  const tables = wanted.filter(isPlainTable).map(({ name }) => name);
  const rows = tables.reduce((sum, name) => sum + fillTable(db, name), 0);
  restoreCounters(db);
  createMissing(db, wanted, ['index', 'view', 'trigger']);
  restoreMarks(db);
  return { tables, rows };
}

function attachCopy(db: Db, file: string, readable: string): void {
  db.pragma('foreign_keys = OFF');
  try {
    copyFileSync(file, readable);
    db.prepare('ATTACH ? AS copy').run(readable);
    const faults = (db.pragma('copy.integrity_check') as { integrity_check: string }[]).map(
      (row) => row.integrity_check,
    );
    if (faults.join() !== 'ok') throw damaged(file, `integrity_check: ${faults.slice(0, 5).join('; ')}`);
    const dangling = (db.pragma('copy.foreign_key_check') as unknown[]).length;
    if (dangling > 0) throw damaged(file, `foreign_key_check: ${dangling} rows without parent`);
    if (!objectsOf(db, 'copy').some(({ name }) => name === 'chapter_metadata')) {
      throw damaged(file, 'it has no table chapter_metadata');
    }
  } catch (error) {
    if (error instanceof HybridFlowError) throw error;
    if ((error as NodeJS.ErrnoException).code === 'ENOSPC') throw noSpace(readable, error);
    throw damaged(file, (error as Error).message, error);
  }
}

/** What a statement runs into (a name that is taken, a module that is not there) is for a person to solve. */
function explained<T>(path: string, file: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (!/^SQLITE_(ERROR|CONSTRAINT)/.test(sqliteCode(error) ?? '')) throw error;
    throw new HybridFlowError(
      'SCHEMA_CONFLICT',
      {
        found: `${path} cannot be brought to what ${file} holds: ${(error as Error).message}`,
        next: `nothing was changed; stop every program that uses ${path} and put the copy in its place by hand`,
      },
      { cause: error },
    );
  }
}

function noSpace(readable: string, cause: unknown): HybridFlowError {
  return new HybridFlowError(
    'DISK_TOO_SMALL',
    { found: `There is no space for ${readable}`, next: 'free some space and start again; nothing was changed' },
    { cause },
  );
}

function damaged(file: string, why: string, cause?: unknown): HybridFlowError {
  return new HybridFlowError(
    'ARTIFACT_DAMAGED',
    {
      found: `${file} cannot be restored from: ${why}`,
      expected: 'a sound copy of metadata.db',
      next: 'verify the version that it belongs to, and restore from another one; nothing was changed',
      details: { file },
    },
    { cause },
  );
}
