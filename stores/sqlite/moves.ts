import { HybridFlowError } from '../../domain/errors';
import type { VersionRow } from '../../domain/registry';
import { assertMove, type VersionStatus } from '../../domain/status';
import type { Db } from './open';
import { isBaseline, sqlMoment, toVersionRow, type RawVersion } from './registry-rows';

export function findVersion(db: Db, versionId: string): VersionRow | undefined {
  const raw = db.prepare<[string], RawVersion>('SELECT * FROM version_registry WHERE version_id = ?').get(versionId);
  return raw && toVersionRow(raw);
}

/** @throws HybridFlowError VERSION_UNKNOWN */
export function requireVersion(db: Db, versionId: string): VersionRow {
  const row = findVersion(db, versionId);
  if (!row) throw unknownVersion(versionId);
  return row;
}

export function unknownVersion(versionId: string): HybridFlowError {
  return new HybridFlowError('VERSION_UNKNOWN', {
    found: `The registry has no version ${versionId}`,
    next: 'list the versions with `hfv versions`',
    details: { versionId },
  });
}

/** One move of the status machine. A message of null keeps the one that is there. */
export function moveVersion(db: Db, row: VersionRow, to: VersionStatus, message: string | null): VersionRow {
  assertMove(row.versionId, row.status, to, isBaseline(row.versionId));
  db.prepare(
    `UPDATE version_registry SET status = ?, status_message = COALESCE(?, status_message), updated_at = ?
     WHERE version_id = ?`,
  ).run(to, message, sqlMoment(new Date()), row.versionId);
  return requireVersion(db, row.versionId);
}

/**
 * Takes a version from wherever it stands to `rolled_back`, through every state between. The reason is set with
 * `rollback_triggered` and stays; one that an operator has set there already stays too.
 */
export function rollBackVersion(db: Db, row: VersionRow, reason: string): VersionRow {
  let now = row;
  if (now.status === 'pending') now = moveVersion(db, now, isBaseline(now.versionId) ? 'validating' : 'staging', null);
  const triggered = now.status === 'rollback_triggered' || now.status === 'rolling_back';
  if (!triggered) now = moveVersion(db, now, 'rollback_triggered', reason);
  if (now.status === 'rollback_triggered') now = moveVersion(db, now, 'rolling_back', now.statusMessage ?? reason);
  return moveVersion(db, now, 'rolled_back', now.statusMessage ?? reason);
}
