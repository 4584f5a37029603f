import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import type { ErrorCode, HybridFlowError } from '../../../domain/errors';
import { openMetadataStore } from '../../../stores/sqlite';
import type { MetadataStore } from '../../../stores/ports';

export const LEASE = { notAfter: Number.MAX_SAFE_INTEGER };
export const PAST = { notAfter: 1 };

/** A metadata.db in a folder of its own, and the means to look into it and to change it past the store. */
export class MetadataFile {
  readonly folder = mkdtempSync(join(tmpdir(), 'hfv-metadata-'));
  readonly path = join(this.folder, 'metadata.db');

  constructor(script: string) {
    this.sql(script);
  }

  get store(): MetadataStore {
    return openMetadataStore(this.path, { busyTimeoutMs: 20 });
  }

  /** What an outsider does to the file; with foreign keys unchecked, as in the `sqlite3` shell. */
  sql(script: string, file = this.path): void {
    const db = new Database(file);
    try {
      db.unsafeMode();
      db.pragma('foreign_keys = OFF');
      db.exec(script);
    } finally {
      db.close();
    }
  }

  rows<T = unknown>(query: string, file = this.path): T[] {
    const db = new Database(file, { readonly: true });
    try {
      return db.prepare(query).all() as T[];
    } finally {
      db.close();
    }
  }

  schema(): { type: string; name: string; tbl_name: string; sql: string | null }[] {
    return this.rows('SELECT type, name, tbl_name, sql FROM sqlite_master ORDER BY type, name');
  }

  digest(file = this.path): string {
    return createHash('sha256').update(readFileSync(file)).digest('hex');
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** What the work fails with. */
export function failure(work: () => unknown): HybridFlowError {
  try {
    work();
  } catch (error) {
    return error as HybridFlowError;
  }
  throw new Error('expected a failure');
}

export function expectCode(work: () => unknown, code: ErrorCode): HybridFlowError {
  const error = failure(work);
  expect({ code: error.code, message: error.message }).toEqual({ code, message: error.message });
  return error;
}
