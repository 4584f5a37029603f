import type { Operation, VersionRow } from '../domain/registry';
import type { VersionStatus } from '../domain/status';
import type { NewVersion, SnapshotPaths } from '../stores/ports';
import { run, writeLease } from './context';
import type { ActivityDeps } from './deps';

/** The rows of version_registry and operation_log. */
export function createRegistryActivities({ metadata: { registry } }: ActivityDeps) {
  return {
    async registerBaselineVersion(version: Omit<NewVersion, 'workflowId' | 'runId'>): Promise<VersionRow> {
      return registry.registerBaseline({ ...version, ...run() }, writeLease());
    },

    async recordSnapshots(versionId: string, paths: SnapshotPaths): Promise<void> {
      registry.recordSnapshots(versionId, paths, writeLease());
    },

    async logOperations(versionId: string, operations: Operation[]): Promise<void> {
      registry.logOperations(versionId, operations);
    },

    async commitVersion(versionId: string, by: string, operation: Operation): Promise<VersionRow> {
      return registry.commit(versionId, by, operation, writeLease());
    },

    /**
     * The first move of the response protocol. Tells where the version stands, because a commit whose answer was
     * lost must be driven forward, never undone; once marked, no commit can follow.
     */
    async markRollback(versionId: string, runId: string, reason: string): Promise<'absent' | VersionStatus> {
      const row = registry.find(versionId);
      if (row?.runId !== runId) return 'absent';
      return row.status === 'validating' ? registry.move(versionId, 'rollback_triggered', reason).status : row.status;
    },

    async rollBackRow(
      versionId: string,
      runId: string,
      reason: string,
      operation: Operation,
    ): Promise<'rolled_back' | 'absent'> {
      if (registry.find(versionId)?.runId !== runId) return 'absent';
      return registry.rollBack(versionId, reason, operation);
    },
  };
}
