import { redact } from '../domain/masking';
import type { Operation, VersionRow } from '../domain/registry';
import type { RestoreDetails } from '../domain/restore';
import type { VersionStatus } from '../domain/status';
import type { NewVersion, SnapshotPaths, SwitchJournal } from '../stores/ports';
import { run, writeLease } from './context';
import type { ActivityDeps } from './deps';

/** The rows of version_registry and operation_log. */
export function createRegistryActivities({ metadata: { registry, journal }, artifacts, secrets }: ActivityDeps) {
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
     * The first moves of the response protocol: `rollback_triggered` with the message, then `rolling_back` and the
     * opened row of operation_log. Tells where the version stands, because a commit whose answer was lost must be
     * driven forward, never undone; once marked, no commit can follow.
     */
    async markRollback(
      versionId: string,
      runId: string,
      message: string,
      startedAt: string,
    ): Promise<'absent' | VersionStatus> {
      const row = registry.find(versionId);
      if (row?.runId !== runId) return 'absent';
      if (row.status !== 'validating' && row.status !== 'staging' && row.status !== 'rollback_triggered') {
        return row.status;
      }
      if (row.status !== 'rollback_triggered') registry.move(versionId, 'rollback_triggered', message);
      const details = { reason: message };
      registry.logOperations(versionId, [
        { type: 'rollback', status: 'running', details, startedAt, completedAt: null },
      ]);
      return registry.move(versionId, 'rolling_back', null).status;
    },

    /** Criterion 8: the plan's own test row is written, read and deleted. */
    async tryOperations(versionId: string): Promise<{ inserted: number; found: number; left: number }> {
      return registry.tryOperations(versionId);
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

    /**
     * What is told of a rollback once it is over. By then the base is free, and may be somebody else's: a change watches
     * whether anybody but itself writes to metadata.db.
     */
    async logPostMortem(
      versionId: string,
      runId: string,
      operations: Operation[],
    ): Promise<'written' | 'absent' | 'busy'> {
      const about = registry.find(versionId)?.runId === runId ? versionId : restoredBy(journal, runId);
      if (about === undefined) return 'absent';
      const claim = await artifacts.readClaim();
      if (claim && claim.runId !== runId) return 'busy';
      registry.logOperations(registry.find(about) ? about : null, redact(operations, secrets));
      return 'written';
    },
  };
}

/** A restore has no row of its own; it is told of at the version that it was to bring back, all of it or some stores. */
function restoredBy(journal: SwitchJournal, runId: string): string | undefined {
  const entry = journal.find(runId);
  return entry?.kind === 'restore' ? (entry.details as unknown as RestoreDetails).source.versionId : undefined;
}
