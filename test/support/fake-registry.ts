import type { Operation, OperationRow, VersionRow } from '../../domain/registry';
import { assertMove, type VersionStatus } from '../../domain/status';
import type { NewVersion, OperationsTried, SnapshotPaths, VersionRegistry } from '../../stores/ports';

type Counted = Parameters<VersionRegistry['recordValidation']>[1];

/** version_registry and operation_log in memory, with the real status machine. */
export class FakeRegistry implements VersionRegistry {
  rows: VersionRow[] = [];
  log: { versionId: string | null; operation: Operation }[] = [];
  tablesExist: () => boolean = () => true;

  list = () => this.rows;
  find = (versionId: string) => this.rows.find((row) => row.versionId === versionId);
  operations = (versionId: string): OperationRow[] =>
    this.log.flatMap(({ versionId: of, operation }, i) =>
      of === versionId ? [rowOf(i + 1, versionId, operation)] : [],
    );
  committedBaseline = () => this.rows.find(({ status }) => status === 'committed');

  open = (version: NewVersion): VersionRow => this.insert(version, 'pending');
  registerBaseline = (version: NewVersion): VersionRow => this.insert(version, 'validating');
  nextNumber = (): number => this.rows.length + 1;

  recordValidation(versionId: string, { chapters, paragraphs, passed }: Counted): void {
    Object.assign(this.get(versionId), {
      chapterCount: chapters,
      paragraphCount: paragraphs,
      validationPassed: passed,
    });
  }

  setNotes(versionId: string, notes: string | null): VersionRow {
    return Object.assign(this.get(versionId), { notes });
  }

  private insert(version: NewVersion, status: VersionStatus): VersionRow {
    const { versionId, workflowId, runId, chapterCount, paragraphCount, notes } = version;
    if (!this.tablesExist()) throw new Error('no such table: version_registry');
    const known = this.find(versionId);
    if (known) return known;
    const at = '2026-01-01 00:00:00';
    const row: VersionRow = {
      id: this.rows.length + 1,
      versionId,
      status,
      createdAt: at,
      updatedAt: at,
      statusMessage: null,
      metadataSnapshotPath: null,
      qdrantSnapshotPath: null,
      neo4jSnapshotPath: null,
      chapterCount,
      paragraphCount,
      validationPassed: null,
      committedBy: null,
      notes: notes ?? null,
      workflowId,
      runId,
    };
    this.rows.push(row);
    return row;
  }

  recordSnapshots(versionId: string, paths: SnapshotPaths): void {
    Object.assign(this.get(versionId), {
      metadataSnapshotPath: paths.metadata,
      qdrantSnapshotPath: paths.qdrant,
      neo4jSnapshotPath: paths.neo4j,
    });
  }

  move(versionId: string, to: VersionStatus, message: string | null): VersionRow {
    const row = this.get(versionId);
    if (row.status !== to) {
      assertMove(versionId, row.status, to, versionId.startsWith('v1_baseline'));
      row.status = to;
      row.statusMessage = message;
    }
    return row;
  }

  commit(versionId: string, by: string, operation: Operation): VersionRow {
    const row = this.get(versionId);
    if (row.status !== 'committed') {
      this.move(versionId, 'committed', null);
      Object.assign(row, { committedBy: by, validationPassed: true });
      this.log.push({ versionId, operation });
    }
    return row;
  }

  rollBack(versionId: string, reason: string, operation: Operation): 'rolled_back' | 'absent' {
    const row = this.find(versionId);
    if (!row) return 'absent';
    if (row.status === 'rolled_back') return 'rolled_back';
    if (row.status === 'pending') this.move(versionId, 'staging', null);
    if (row.status === 'validating' || row.status === 'staging') this.move(versionId, 'rollback_triggered', reason);
    if (row.status === 'rollback_triggered') this.move(versionId, 'rolling_back', reason);
    this.move(versionId, 'rolled_back', reason);
    this.logOperations(versionId, [operation]);
    return 'rolled_back';
  }

  logOperations(versionId: string | null, operations: Operation[]): void {
    for (const operation of operations) {
      const alike = this.log.filter((row) => row.versionId === versionId && row.operation.type === operation.type);
      const open = alike.find((row) => row.operation.status === 'running');
      if (open && operation.status !== 'running') open.operation = operation;
      else if (!alike.some((row) => row.operation.startedAt === operation.startedAt))
        this.log.push({ versionId, operation });
    }
  }

  pruneOperations(versionId: string, type: string, keep: number): number {
    const ofType = this.log.filter((row) => row.versionId === versionId && row.operation.type === type);
    const old = ofType.slice(0, -keep);
    this.log = this.log.filter((row) => !old.includes(row));
    return old.length;
  }

  tryOperations(versionId: string): OperationsTried {
    this.get(versionId);
    return { inserted: 1, found: 1, left: 0, newest: versionId };
  }

  private get(versionId: string): VersionRow {
    const row = this.find(versionId);
    if (!row) throw new Error(`no row ${versionId}`);
    return row;
  }
}

function rowOf(
  id: number,
  versionId: string,
  { type, status, details, startedAt, completedAt }: Operation,
): OperationRow {
  return { id, versionId, operationType: type, status, details, createdAt: startedAt, completedAt };
}
