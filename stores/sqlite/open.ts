import { statSync, type Stats } from 'node:fs';
import Database from 'better-sqlite3';
import { HybridFlowError } from '../../domain/errors';
import type { WriteLease } from '../ports';
import { databaseInvalid, databaseMissing, sqliteCode, translateSqliteError } from './errors';
import { imageOf, isIdleWal } from './idle-image';

export type Db = Database.Database;

/** Where the database is, and how long a statement waits for another program's lock. */
export interface Source {
  path: string;
  busyTimeoutMs: number;
}

/**
 * Reads inside one transaction, so that all statements see the same moment. Every call opens and closes its
 * own connection: a file that was swapped (a restore) is noticed, and no handle outlives the call.
 */
export function reading<T>(source: Source, use: (db: Db) => T): T {
  const read = (db: Db, readonly: boolean) => {
    if (!readonly) db.pragma('query_only = ON');
    return db.transaction(use).deferred(db);
  };
  return translated(source, () => {
    const idle = isIdleWal(source.path);
    const image = idle ? imageOf(source.path) : undefined;
    return image ? closing(new Database(image), (db) => read(db, false)) : connected(source, idle, read);
  });
}

/** As {@link reading}, but outside a transaction: VACUUM INTO brings its own and would refuse. */
export function copying<T>(source: Source, use: (db: Db) => T): T {
  return translated(source, () => connected(source, isIdleWal(source.path), use));
}

/**
 * Writes in one transaction that takes the write lock at its start. The lease is judged once the lock is
 * held: an attempt that was frozen, or had to wait too long, changes nothing.
 *
 * @throws HybridFlowError FENCED where the lease has run out
 */
export function writing<T>(source: Source, lease: WriteLease | undefined, use: (db: Db) => T): T {
  return rebuilding(source, lease, withForeignKeys, use);
}

export function withForeignKeys(db: Db): void {
  db.pragma('foreign_keys = ON');
}

export function withoutForeignKeys(db: Db): void {
  db.pragma('foreign_keys = OFF');
}

/**
 * For what must not be lost once it is said to be done: SQLite's usual care may forget the newest transaction where the
 * power fails right after it.
 */
export function enduring(db: Db): void {
  db.pragma('synchronous = EXTRA');
}

/** As {@link writing}, but without its care for foreign keys; `prepare` does what no transaction allows (ATTACH). */
export function rebuilding<T>(
  source: Source,
  lease: WriteLease | undefined,
  prepare: (db: Db) => void,
  use: (db: Db) => T,
): T {
  return translated(source, () =>
    withConnection(source, { readonly: false }, (db) => {
      prepare(db);
      const guarded = db.transaction(() => {
        assertLease(lease);
        return use(db);
      });
      return guarded.immediate();
    }),
  );
}

/** As {@link writing}, but whatever is written is taken back: a trial leaves no trace, not even a write. */
export function trying<T>(source: Source, use: (db: Db) => T, prepare = withForeignKeys): T {
  return translated(source, () =>
    withConnection(source, { readonly: false }, (db) => {
      prepare(db);
      db.exec('BEGIN IMMEDIATE');
      try {
        return use(db);
      } finally {
        if (db.inTransaction) db.exec('ROLLBACK');
      }
    }),
  );
}

function assertLease(lease: WriteLease | undefined): void {
  if (!lease || Date.now() < lease.notAfter) return;
  throw new HybridFlowError('FENCED', {
    found: `This attempt might write until ${new Date(lease.notAfter).toISOString()}, which has passed`,
    expected: 'an attempt that is still within its time',
    next: 'nothing was written; the run goes on with a newer attempt or has been rolled back',
  });
}

/**
 * A read-only connection where that leaves no trace. Two cases need one that may write: a database in WAL mode that
 * nobody has open and that is too large for an image (a read-only reader would leave empty -wal and -shm files behind, a
 * read-write one removes them when it closes), and a journal left by a killed writer, which must be played back first.
 */
function connected<T>(source: Source, idle: boolean, use: (db: Db, readonly: boolean) => T): T {
  try {
    return withConnection(source, { readonly: !idle }, (db) => use(db, !idle));
  } catch (error) {
    if (idle || !sqliteCode(error)?.startsWith('SQLITE_READONLY_')) throw error;
    return withConnection(source, { readonly: false }, (db) => use(db, false));
  }
}

function translated<T>(source: Source, work: () => T): T {
  try {
    assertRegularFile(source.path);
    return work();
  } catch (error) {
    throw translateSqliteError(error, source.path);
  }
}

function withConnection<T>(source: Source, options: { readonly: boolean }, use: (db: Db) => T): T {
  return closing(new Database(source.path, { ...options, fileMustExist: true, timeout: source.busyTimeoutMs }), use);
}

function closing<T>(db: Db, use: (db: Db) => T): T {
  try {
    return use(db);
  } finally {
    db.close();
  }
}

function assertRegularFile(path: string): void {
  let found: Stats;
  try {
    found = statSync(path);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'ENOENT' || code === 'ENOTDIR') throw databaseMissing(path);
    throw databaseInvalid(path, (error as Error).message, error);
  }
  if (!found.isFile()) throw databaseInvalid(path, found.isDirectory() ? 'it is a folder' : 'it is not a regular file');
}
