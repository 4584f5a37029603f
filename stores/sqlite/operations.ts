import type { Operation, OperationRow } from '../../domain/registry';
import type { OperationsTried } from '../ports';
import type { Db } from './open';
import { sqlMoment, toOperationRow, type RawOperation } from './registry-rows';

/** The rows of one version, oldest first. */
export function readOperations(db: Db, versionId: string): OperationRow[] {
  return db
    .prepare<[string], RawOperation>('SELECT * FROM operation_log WHERE version_id = ? ORDER BY id')
    .all(versionId)
    .map(toOperationRow);
}

/**
 * Adds one row; the same version, type and start is the same operation and adds nothing. One that was opened before
 * (`running`) is closed by it, whoever closes it and whenever they began.
 */
export function insertOperation(db: Db, versionId: string | null, operation: Operation): void {
  const row = {
    versionId,
    type: operation.type,
    status: operation.status,
    details: JSON.stringify(operation.details),
    createdAt: sqlMoment(operation.startedAt),
    completedAt: operation.completedAt === null ? null : sqlMoment(operation.completedAt),
  };
  const same = 'version_id IS @versionId AND operation_type = @type AND created_at = @createdAt';
  const closed = db
    .prepare(
      `UPDATE operation_log SET status = @status, details = @details, completed_at = @completedAt
       WHERE version_id IS @versionId AND operation_type = @type AND completed_at IS NULL AND @completedAt IS NOT NULL`,
    )
    .run(row);
  if (closed.changes > 0) return;
  db.prepare(
    `INSERT INTO operation_log (version_id, operation_type, status, details, created_at, completed_at)
     SELECT @versionId, @type, @status, @details, @createdAt, @completedAt
     WHERE NOT EXISTS (SELECT 1 FROM operation_log WHERE ${same})`,
  ).run(row);
}

/** A row that is open belongs to something that still goes on, and is nobody's to remove. */
export function pruneOperations(db: Db, versionId: string, type: string, keep: number): number {
  const { changes } = db
    .prepare(
      `DELETE FROM operation_log
       WHERE version_id = @versionId AND operation_type = @type AND completed_at IS NOT NULL AND id NOT IN (
         SELECT id FROM operation_log WHERE version_id = @versionId AND operation_type = @type
         ORDER BY id DESC LIMIT @keep
       )`,
    )
    .run({ versionId, type, keep });
  return changes;
}

/**
 * The plan's test of the infrastructure, in its own statements. The caller takes the transaction back, so that rows of
 * that type which somebody else has left survive the DELETE.
 */
export function tryOperations(db: Db, versionId: string): OperationsTried {
  const { changes: inserted, lastInsertRowid } = db
    .prepare(
      `INSERT INTO operation_log (version_id, operation_type, status, details)
       VALUES (?, 'test', 'success', 'Testing operation log')`,
    )
    .run(versionId);
  const select = db.prepare<[], RawOperation>("SELECT * FROM operation_log WHERE operation_type='test'");
  const found = select.all().filter(({ id }) => id === Number(lastInsertRowid)).length;
  db.prepare("DELETE FROM operation_log WHERE operation_type='test'").run();
  const newest = db
    .prepare<[], { version_id: string }>(
      'SELECT version_id, status FROM version_registry ORDER BY created_at DESC LIMIT 1',
    )
    .get();
  return { inserted, found, left: select.all().length, newest: newest?.version_id ?? null };
}
