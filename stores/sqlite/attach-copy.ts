import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { HybridFlowError } from '../../domain/errors';
import type { WriteLease } from '../ports';
import { enduring, rebuilding, withoutForeignKeys, type Db, type Source } from './open';
import { objectsOf } from './restore-schema';

/**
 * Writes in one transaction, with foreign keys off and the copy `file` of metadata.db beside as `copy`. The copy itself
 * is only read: SQLite would lock it, or write a log beside it.
 *
 * @throws HybridFlowError ARTIFACT_DAMAGED where the copy is no sound database of production; nothing is changed then
 */
export function withCopy<T>(source: Source, file: string, lease: WriteLease, use: (db: Db) => T): T {
  const folder = mkdtempSync(join(tmpdir(), 'hfv-restore-'));
  try {
    const attach = (db: Db) => {
      withoutForeignKeys(db);
      enduring(db);
      attachCopy(db, file, join(folder, 'copy.db'));
    };
    return rebuilding(source, lease, attach, use);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function attachCopy(db: Db, file: string, readable: string): void {
  try {
    copyFileSync(file, readable);
    db.prepare('ATTACH ? AS copy').run(readable);
    const faults = (db.pragma('copy.integrity_check') as { integrity_check: string }[]).map(
      (row) => row.integrity_check,
    );
    if (faults.join() !== 'ok') throw damaged(file, `integrity_check: ${faults.slice(0, 5).join('; ')}`);
    const dangling = (db.pragma('copy.foreign_key_check') as unknown[]).length;
    if (dangling > 0) throw damaged(file, `foreign_key_check: ${dangling} rows without parent`);
    if (!objectsOf(db, 'copy').some(({ name }) => name.toLowerCase() === 'chapter_metadata')) {
      throw damaged(file, 'it has no table chapter_metadata');
    }
  } catch (error) {
    if (error instanceof HybridFlowError) throw error;
    if ((error as NodeJS.ErrnoException).code === 'ENOSPC') throw noSpace(readable, error);
    throw damaged(file, (error as Error).message, error);
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
