import { HybridFlowError } from '../../domain/errors';
import { STAGING_NAMES } from '../../domain/names';
import type { MetadataRestore, WriteLease } from '../ports';
import { withCopy } from './attach-copy';
import { sqliteCode } from './errors';
import { kindOf } from './inspect';
import { writing, type Db, type Source } from './open';
import { fillTable, restoreCounters, restoreMarks } from './restore-rows';
import { createMissing, dropUnwanted, isPlainTable, objectsOf } from './restore-schema';

/**
 * Makes production's tables what they are in the copy, in one transaction: rows with their rowids, indexes, views,
 * triggers, counters. What the copy lacks goes. The versioning tables and the staging table are not production, and stay.
 *
 * @throws HybridFlowError ARTIFACT_DAMAGED where the copy is no sound database of production; nothing is changed then
 */
export function restoreFrom(
  source: Source,
  file: string,
  lease: WriteLease,
): ReturnType<MetadataRestore['restoreFrom']> {
  return withCopy(source, file, lease, (db) => bringBack(db, source.path, file));
}

/**
 * Drops the staging table; false where there was none.
 *
 * @throws HybridFlowError FENCED where the lease has run out: what is staged by now may be another run's
 */
export function dropStaging(source: Source, lease?: WriteLease): boolean {
  return writing(source, lease, (db) => {
    if (kindOf(db, STAGING_NAMES.table) !== 'table') return false;
    db.exec(`DROP TABLE "${STAGING_NAMES.table}"`);
    return true;
  });
}

/** As {@link restoreFrom}, in the caller's own transaction, of the copy that is beside as `copy` (see {@link withCopy}). */
export function bringBack(db: Db, path: string, file: string): ReturnType<MetadataRestore['restoreFrom']> {
  return explained(path, file, () => replaceAll(db));
}

/** With every trigger gone first and foreign keys off, nothing answers to the rows that go and come. */
function replaceAll(db: Db): ReturnType<MetadataRestore['restoreFrom']> {
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
