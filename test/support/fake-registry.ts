import type { Operation, VersionRow } from '../../domain/registry';
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
  operations = () => [];
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
    if (row.status === 'pending') this.move(versionId, 'staging', null);
    if (row.status === 'validating' || row.status === 'staging') this.move(versionId, 'rollback_triggered', reason);
    if (row.status === 'rollback_triggered') this.move(versionId, 'rolling_back', reason);
    this.move(versionId, 'rolled_back', reason);
    this.log.push({ versionId, operation });
    return 'rolled_back';
  }

  logOperations(versionId: string | null, operations: Operation[]): void {
    for (const operation of operations) {
      const known = this.log.find(
        ({ operation: { type, startedAt } }) => type === operation.type && startedAt === operation.startedAt,
      );
      if (!known) this.log.push({ versionId, operation });
      else if (known.operation.status === 'running') known.operation = operation;
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
