import { HybridFlowError } from '../../domain/errors';
import type { VersionRow } from '../../domain/registry';
import { OPERATION_LOG, VERSION_REGISTRY } from '../../domain/registry-schema';
import type { SnapshotPaths, VersionRegistry, WriteLease } from '../ports';
import { isOurs } from './inspect';
import { findVersion, moveVersion, requireVersion, rollBackVersion, unknownVersion } from './moves';
import { reading, trying, writing, type Db, type Source } from './open';
import { insertOperation, readOperations, tryOperations } from './operations';
import { committedBaseline, registerBaseline } from './register';
import { sqlMoment, toVersionRow, type RawVersion } from './registry-rows';

/** The registry of versions, kept in metadata.db itself. Reads answer "nothing" where its tables do not exist. */
export function openRegistry(source: Source): VersionRegistry {
  const read = <T>(without: T, use: (db: Db) => T): T =>
    reading(source, (db) => (isOurs(db, VERSION_REGISTRY) ? use(db) : without));
  const change = (versionId: string, lease: WriteLease | undefined, use: (db: Db, row: VersionRow) => VersionRow) =>
    writing(source, lease, (db) => use(db, requireRegistered(db, versionId)));

  return {
    list: () =>
      read([], (db) =>
        db.prepare<[], RawVersion>('SELECT * FROM version_registry ORDER BY id').all().map(toVersionRow),
      ),
    find: (versionId) => read(undefined, (db) => findVersion(db, versionId)),
    operations: (versionId) =>
      reading(source, (db) => (isOurs(db, OPERATION_LOG) ? readOperations(db, versionId) : [])),
    committedBaseline: () => read(undefined, committedBaseline),
    registerBaseline: (version, lease) =>
      writing(source, lease, (db) => {
        assertTables(db, source.path);
        return registerBaseline(db, version);
      }),
    recordSnapshots: (versionId, paths, lease) => {
      change(versionId, lease, (db, row) => recordSnapshots(db, row, paths));
    },
    move: (versionId, to, message) =>
      change(versionId, undefined, (db, row) => (row.status === to ? row : moveVersion(db, row, to, message))),
    commit: (versionId, by, operation, lease) =>
      change(versionId, lease, (db, row) => {
        // A version id belongs to one run, so a committed row is this run's own, made by an earlier attempt.
        if (row.status === 'committed') return row;
        moveVersion(db, row, 'committed', null);
        db.prepare('UPDATE version_registry SET validation_passed = 1, committed_by = ? WHERE version_id = ?').run(
          by,
          versionId,
        );
        insertOperation(db, versionId, operation);
        return requireVersion(db, versionId);
      }),
    rollBack: (versionId, reason, operation) =>
      writing(source, undefined, (db) => {
        const row = isOurs(db, VERSION_REGISTRY) ? findVersion(db, versionId) : undefined;
        if (!row) return 'absent';
        if (row.status === 'rolled_back') return 'rolled_back';
        rollBackVersion(db, row, reason);
        insertOperation(db, versionId, operation);
        return 'rolled_back';
      }),
    logOperations: (versionId, operations) => {
      writing(source, undefined, (db) => {
        if (versionId === null) assertTables(db, source.path);
        else requireRegistered(db, versionId);
        for (const operation of operations) insertOperation(db, versionId, operation);
      });
    },
    tryOperations: (versionId) =>
      trying(source, (db) => {
        requireRegistered(db, versionId);
        return tryOperations(db, versionId);
      }),
  };
}

/** @throws HybridFlowError VERSION_UNKNOWN, also where there is no registry */
function requireRegistered(db: Db, versionId: string): VersionRow {
  if (!isOurs(db, VERSION_REGISTRY)) throw unknownVersion(versionId);
  return requireVersion(db, versionId);
}

function recordSnapshots(db: Db, row: VersionRow, paths: SnapshotPaths): VersionRow {
  const same =
    row.metadataSnapshotPath === paths.metadata &&
    row.qdrantSnapshotPath === paths.qdrant &&
    row.neo4jSnapshotPath === paths.neo4j;
  if (same) return row;
  // A version that is committed or on its way back is no longer this step's to describe.
  if (!['pending', 'staging', 'validating'].includes(row.status)) {
    throw new HybridFlowError('STATUS_MOVE_REFUSED', {
      found: `${row.versionId} is ${row.status}, so its snapshots cannot be recorded any more`,
      expected: 'pending, staging or validating',
      next: `look at the version with \`hfv show ${row.versionId}\``,
    });
  }
  db.prepare(
    `UPDATE version_registry SET metadata_snapshot_path = ?, qdrant_snapshot_path = ?, neo4j_snapshot_path = ?,
       updated_at = ? WHERE version_id = ?`,
  ).run(paths.metadata, paths.qdrant, paths.neo4j, sqlMoment(new Date()), row.versionId);
  return requireVersion(db, row.versionId);
}

function assertTables(db: Db, path: string): void {
  const missing = [VERSION_REGISTRY, OPERATION_LOG].filter((table) => !isOurs(db, table)).map(({ name }) => name);
  if (missing.length === 0) return;
  throw new HybridFlowError('SCHEMA_CONFLICT', {
    found: `${path} has no ${missing.join(' and no ')} of the needed shape`,
    expected: 'the versioning tables, created before a version is registered',
    next: 'start the change again, so that its first step creates them',
  });
}
