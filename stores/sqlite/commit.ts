import { HybridFlowError } from '../../domain/errors';
import type { Operation, VersionRow } from '../../domain/registry';
import type { SnapshotPaths, VersionRegistry } from '../ports';
import { moveVersion, requireVersion } from './moves';
import type { Db } from './open';
import { insertOperation } from './operations';
import { sqlMoment } from './registry-rows';

/** `validating -> committed`, with the verdict, who did it, and the operation. */
export function commitVersion(db: Db, row: VersionRow, by: string, operation: Operation): VersionRow {
  // A version id belongs to one run, so a committed row is this run's own, made by an earlier attempt.
  if (row.status === 'committed') return row;
  moveVersion(db, row, 'committed', null);
  db.prepare('UPDATE version_registry SET validation_passed = 1, committed_by = ? WHERE version_id = ?').run(
    by,
    row.versionId,
  );
  insertOperation(db, row.versionId, operation);
  return requireVersion(db, row.versionId);
}

export function recordSnapshots(db: Db, row: VersionRow, paths: SnapshotPaths): VersionRow {
  const same =
    row.metadataSnapshotPath === paths.metadata &&
    row.qdrantSnapshotPath === paths.qdrant &&
    row.neo4jSnapshotPath === paths.neo4j;
  if (same) return row;
  // A promoted version is captured right after its commit, which stays the moment that its row tells.
  const capturedLate = row.status === 'committed' && row.metadataSnapshotPath === null;
  if (!capturedLate) assertBeingMade(row, 'snapshots');
  const at = capturedLate ? row.updatedAt : sqlMoment(new Date());
  db.prepare(
    `UPDATE version_registry SET metadata_snapshot_path = ?, qdrant_snapshot_path = ?, neo4j_snapshot_path = ?,
       updated_at = ? WHERE version_id = ?`,
  ).run(paths.metadata, paths.qdrant, paths.neo4j, at, row.versionId);
  return requireVersion(db, row.versionId);
}

export function recordValidation(
  db: Db,
  row: VersionRow,
  { chapters, paragraphs, passed }: Parameters<VersionRegistry['recordValidation']>[1],
): VersionRow {
  const same = row.chapterCount === chapters && row.paragraphCount === paragraphs && row.validationPassed === passed;
  if (same) return row;
  assertBeingMade(row, 'validation');
  db.prepare(
    `UPDATE version_registry SET chapter_count = ?, paragraph_count = ?, validation_passed = ?, updated_at = ?
     WHERE version_id = ?`,
  ).run(chapters, paragraphs, passed ? 1 : 0, sqlMoment(new Date()), row.versionId);
  return requireVersion(db, row.versionId);
}

/** `updated_at` stays: it is the moment at which the version came to where it stands, and a note does not move it. */
export function setNotes(db: Db, row: VersionRow, notes: string | null): VersionRow {
  if (row.notes === notes) return row;
  db.prepare('UPDATE version_registry SET notes = ? WHERE version_id = ?').run(notes, row.versionId);
  return requireVersion(db, row.versionId);
}

/** A version that is committed or on its way back is no longer a step's to describe. */
function assertBeingMade(row: VersionRow, what: string): void {
  if (['pending', 'staging', 'validating'].includes(row.status)) return;
  throw new HybridFlowError('STATUS_MOVE_REFUSED', {
    found: `${row.versionId} is ${row.status}, so its ${what} cannot be recorded any more`,
    expected: 'pending, staging or validating',
    next: `look at the version with \`hfv show ${row.versionId}\``,
  });
}
