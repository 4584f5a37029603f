import { createFileChecks, createStoreChecks } from './checks';
import { createClaimActivities } from './claim';
import { withTypedFailures } from './context';
import type { ActivityDeps } from './deps';
import { createDrillActivities } from './drill';
import { createFingerprintActivities } from './fingerprints';
import { createHealthActivities } from './health';
import { createLabelActivities } from './labels';
import { createPlanActivities } from './plan';
import { createFilePreflight, createStorePreflight } from './preflight';
import { createGitActivities } from './git';
import { createProbeActivities } from './probes';
import { createPromoteActivities } from './promote';
import { createPublishActivities } from './publish';
import { createRegistryActivities } from './registry';
import { createRehearsalActivities } from './rehearsal';
import { createReportActivities } from './reports';
import { createRetentionActivities } from './retention';
import { createRestoreActivities, createStagingActivities } from './restore';
import { createRestoreVersionActivities } from './restore-version';
import { createRollbackActivities } from './rollback';
import { createSchemaActivities } from './schema';
import { createSealingActivities } from './sealing';
import { createSnapshotActivities } from './snapshots';
import { createStagedActivities } from './staging';
import { createWriteFenceActivities } from './write-fence';

export type { ActivityDeps, RunDirectory } from './deps';
export type { FilesFound, StoresFound } from './preflight';
export type { TakenArtifact } from './snapshots';
export type { PublishTerms } from './publish';
export type { VectorsSwitched } from './promote';
export type { CopyVerdict } from './restore';
export type { RestoreTerms } from './restore-version';
export type { RollbackTarget } from './rollback';
export type { RetentionPlan } from './retention';
export type { SpanRequest, SpanResult } from './labels';

/** Activities that touch metadata.db or local artifacts: only where those files are. */
export function createFileActivities(deps: ActivityDeps) {
  return withTypedFailures(
    {
      ...createFilePreflight(deps),
      ...createPlanActivities(deps),
      ...createClaimActivities(deps),
      ...createSchemaActivities(deps),
      ...createWriteFenceActivities(deps),
      ...createRegistryActivities(deps),
      ...createReportActivities(deps),
      ...createRehearsalActivities(deps),
      ...createRestoreActivities(deps),
      ...createRestoreVersionActivities(deps),
      ...createRollbackActivities(deps),
      ...createGitActivities(deps),
      ...createSnapshotActivities(deps),
      ...createFingerprintActivities(deps),
      ...createFileChecks(deps),
      ...createProbeActivities(deps),
      ...createHealthActivities(deps),
      ...createRetentionActivities(deps),
      ...createDrillActivities(deps),
      ...createPublishActivities(deps),
      ...createStagedActivities(deps),
      ...createPromoteActivities(deps),
      ...createSealingActivities(deps),
    },
    deps.secrets,
  );
}

/** Activities that need only Qdrant and Neo4j: anywhere. */
export function createStoreActivities(deps: ActivityDeps) {
  return withTypedFailures(
    {
      ...createStorePreflight(deps),
      ...createLabelActivities(deps),
      ...createStoreChecks(deps),
      ...createStagingActivities(deps),
    },
    deps.secrets,
  );
}

export type FileActivities = ReturnType<typeof createFileActivities>;
export type StoreActivities = ReturnType<typeof createStoreActivities>;
