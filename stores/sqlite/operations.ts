import type { Operation, OperationRow } from '../../domain/registry';
import type { Db } from './open';
import { sqlMoment, toOperationRow, type RawOperation } from './registry-rows';

/** The rows of one version, oldest first. */
export function readOperations(db: Db, versionId: string): OperationRow[] {
  return db
    .prepare<[string], RawOperation>('SELECT * FROM operation_log WHERE version_id = ? ORDER BY id')
    .all(versionId)
    .map(toOperationRow);
}

/** Adds one row; the same version, type and start is the same operation and adds nothing. */
export function insertOperation(db: Db, versionId: string, operation: Operation): void {
  db.prepare(
    `INSERT INTO operation_log (version_id, operation_type, status, details, created_at, completed_at)
     SELECT @versionId, @type, @status, @details, @createdAt, @completedAt
     WHERE NOT EXISTS (SELECT 1 FROM operation_log
       WHERE version_id = @versionId AND operation_type = @type AND created_at = @createdAt)`,
  ).run({
    versionId,
    type: operation.type,
    status: operation.status,
    details: JSON.stringify(operation.details),
    createdAt: sqlMoment(operation.startedAt),
    completedAt: sqlMoment(operation.completedAt),
  });
}
