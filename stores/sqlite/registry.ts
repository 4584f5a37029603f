import { HybridFlowError } from '../../domain/errors';
import type { VersionRow } from '../../domain/registry';
import { OPERATION_LOG, VERSION_REGISTRY } from '../../domain/registry-schema';
import type { VersionRegistry, WriteLease } from '../ports';
import { commitVersion, recordSnapshots, recordValidation, setNotes } from './commit';
import { isOurs } from './inspect';
import { findVersion, moveVersion, requireVersion, rollBackVersion, unknownVersion } from './moves';
import { reading, trying, writing, type Db, type Source } from './open';
import { insertOperation, pruneOperations, readOperations, tryOperations } from './operations';
import { committedBaseline, FIRST_AFTER_BASELINE, nextNumber, openVersion, registerBaseline } from './register';
import { toVersionRow, type RawVersion } from './registry-rows';

/** The registry of versions, kept in metadata.db itself. Reads answer "nothing" where its tables do not exist. */
export function openRegistry(source: Source): VersionRegistry {
  const read = <T>(without: T, use: (db: Db) => T): T =>
    reading(source, (db) => (isOurs(db, VERSION_REGISTRY) ? use(db) : without));
  const change = (versionId: string, lease: WriteLease | undefined, use: (db: Db, row: VersionRow) => VersionRow) =>
    writing(source, lease, (db) => use(db, requireRegistered(db, versionId)));
  const register = (lease: WriteLease, use: (db: Db) => VersionRow) =>
    writing(source, lease, (db) => {
      assertTables(db, source.path);
      return use(db);
    });

  return {
    list: () =>
      read([], (db) =>
        db.prepare<[], RawVersion>('SELECT * FROM version_registry ORDER BY id').all().map(toVersionRow),
      ),
    find: (versionId) => read(undefined, (db) => findVersion(db, versionId)),
    operations: (versionId) =>
      reading(source, (db) => (isOurs(db, OPERATION_LOG) ? readOperations(db, versionId) : [])),
    committedBaseline: () => read(undefined, committedBaseline),
    registerBaseline: (version, lease) => register(lease, (db) => registerBaseline(db, version)),
    open: (version, lease) => register(lease, (db) => openVersion(db, version)),
    nextNumber: () => read(FIRST_AFTER_BASELINE, nextNumber),
    recordValidation: (versionId, counts) => {
      change(versionId, undefined, (db, row) => recordValidation(db, row, counts));
    },
    setNotes: (versionId, notes) => change(versionId, undefined, (db, row) => setNotes(db, row, notes)),
    recordSnapshots: (versionId, paths, lease) => {
      change(versionId, lease, (db, row) => recordSnapshots(db, row, paths));
    },
    move: (versionId, to, message) =>
      change(versionId, undefined, (db, row) => (row.status === to ? row : moveVersion(db, row, to, message))),
    commit: (versionId, by, operation, lease) =>
      change(versionId, lease, (db, row) => commitVersion(db, row, by, operation)),
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
    pruneOperations: (versionId, type, keep) =>
      writing(source, undefined, (db) => (isOurs(db, OPERATION_LOG) ? pruneOperations(db, versionId, type, keep) : 0)),
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

function assertTables(db: Db, path: string): void {
  const missing = [VERSION_REGISTRY, OPERATION_LOG].filter((table) => !isOurs(db, table)).map(({ name }) => name);
  if (missing.length === 0) return;
  throw new HybridFlowError('SCHEMA_CONFLICT', {
    found: `${path} has no ${missing.join(' and no ')} of the needed shape`,
    expected: 'the versioning tables, created before a version is registered',
    next: 'start the change again, so that its first step creates them',
  });
}
