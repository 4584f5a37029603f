import { createFileChecks, createStoreChecks } from './checks';
import { createClaimActivities } from './claim';
import { withTypedFailures } from './context';
import type { ActivityDeps } from './deps';
import { createLabelActivities } from './labels';
import { createFilePreflight, createStorePreflight } from './preflight';
import { createRegistryActivities } from './registry';
import { createSchemaActivities } from './schema';
import { createSnapshotActivities } from './snapshots';

export type { ActivityDeps, RunDirectory } from './deps';
export type { FilesFound, StoresFound } from './preflight';
export type { TakenArtifact } from './snapshots';
export type { SpanRequest, SpanResult } from './labels';

/** Activities that touch metadata.db or local artifacts: only where those files are. */
export function createFileActivities(deps: ActivityDeps) {
  return withTypedFailures(
    {
      ...createFilePreflight(deps),
      ...createClaimActivities(deps),
      ...createSchemaActivities(deps),
      ...createRegistryActivities(deps),
      ...createSnapshotActivities(deps),
      ...createFileChecks(deps),
    },
    deps.secrets,
  );
}

/** Activities that need only Qdrant and Neo4j: anywhere. */
export function createStoreActivities(deps: ActivityDeps) {
  return withTypedFailures(
    { ...createStorePreflight(deps), ...createLabelActivities(deps), ...createStoreChecks(deps) },
    deps.secrets,
  );
}

export type FileActivities = ReturnType<typeof createFileActivities>;
export type StoreActivities = ReturnType<typeof createStoreActivities>;
