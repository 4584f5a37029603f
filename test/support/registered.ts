import type { VersionStatus } from '../../domain/status';
import type { MetadataStore } from '../../stores/ports';

const LEASE = { notAfter: Number.MAX_SAFE_INTEGER };
const BACK = ['rollback_triggered', 'rolling_back', 'rolled_back'] as const;

/** The states that a version goes through, from `pending` on, until it stands where a test wants it. */
function pathTo(status: VersionStatus, baseline: boolean): VersionStatus[] {
  const forward: VersionStatus[] = baseline
    ? ['validating', 'committed']
    : ['staging', 'validating', 'committed', 'archived'];
  if (status === 'pending') return [];
  if (status === 'cancelled') return ['cancelled'];
  const back = BACK.findIndex((one) => one === status);
  if (back >= 0) return [...forward.slice(0, 1), ...BACK.slice(0, back + 1)];
  return forward.slice(0, forward.indexOf(status) + 1);
}

/** Puts a version into the registry as if its change had come so far, by no other way than a change's. */
export function registerAs({ registry }: MetadataStore, versionId: string, status: VersionStatus, runId: string): void {
  const baseline = versionId.startsWith('v1_');
  const version = { versionId, workflowId: 'w', runId, chapterCount: 1, paragraphCount: 1 };
  if (baseline) registry.registerBaseline(version, LEASE);
  else registry.open(version, LEASE);
  for (const state of pathTo(status, baseline)) registry.move(versionId, state, null);
}
