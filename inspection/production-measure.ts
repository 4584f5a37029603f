import { HybridFlowError } from '../domain/errors';
import type { Manifest } from '../domain/manifest';
import { LATEST_COPY } from '../domain/version-id';
import type { ArtifactStore } from '../stores/ports';

/**
 * The manifest that production's counts are measured by: latest-copy's where that is the current version's, because after
 * what was saved before a restore was put back production is that version and more; else the version's own.
 *
 * @throws HybridFlowError ARTIFACT_DAMAGED where the version's manifest cannot be read
 */
export async function measureOf(
  artifacts: Pick<ArtifactStore, 'readManifest'>,
  current: string,
): Promise<Manifest | undefined> {
  const own = await artifacts.readManifest(current);
  const latest = await artifacts.readManifest(LATEST_COPY).catch(unlessDamaged);
  return latest?.versionId === current ? latest : own;
}

function unlessDamaged(error: unknown): undefined {
  if (error instanceof HybridFlowError && error.code === 'ARTIFACT_DAMAGED') return undefined;
  throw error;
}
