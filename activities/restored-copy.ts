import { POINT_LIST_FILE } from '../domain/compare';
import { HybridFlowError } from '../domain/errors';
import { LATEST_COPY_FOLDERS } from '../domain/names';
import { LATEST_COPY } from '../domain/version-id';
import type { ArtifactStore } from '../stores/ports';

/**
 * Makes the artifacts of a version latest-copy: hard links, and a manifest of its own that names the version. Repeating
 * it ends what was begun, whoever began it for that run.
 *
 * @throws HybridFlowError ARTIFACT_DAMAGED where the version is not whole any more; latest-copy stays what it was
 */
export async function keepAsLatestCopy(
  artifacts: ArtifactStore,
  folder: string,
  workflowId: string,
  runId: string,
): Promise<string> {
  if (folder === LATEST_COPY) return artifacts.pathOf(LATEST_COPY);
  const latest = await artifacts.readManifest(LATEST_COPY).catch(unlessDamaged);
  // Published by this run before: what is left to do is to let the one before it go.
  if (latest?.runId !== runId) await publish(artifacts, folder, workflowId, runId);
  await artifacts.settleLatestCopy(runId, 'new');
  return artifacts.pathOf(LATEST_COPY);
}

async function publish(artifacts: ArtifactStore, folder: string, workflowId: string, runId: string): Promise<void> {
  const manifest = await artifacts.readManifest(folder);
  if (!manifest) throw notSealed(artifacts.pathOf(folder));
  const building = LATEST_COPY_FOLDERS.building(runId);
  await artifacts.removeFolder(building, runId);
  await artifacts.openFolder(building, runId);
  for (const { file, fingerprint, deepFingerprint } of manifest.artifacts) {
    for (const one of [file, fingerprint?.file, deepFingerprint?.file]) {
      if (one !== undefined) await artifacts.link({ folder, file: one }, { folder: building, file: one });
    }
  }
  // What no manifest names may be missing: an older version has no list of its points.
  await artifacts
    .link({ folder, file: POINT_LIST_FILE }, { folder: building, file: POINT_LIST_FILE })
    .catch(unlessDamaged);
  const linked = manifest.artifacts.map((artifact) => ({ ...artifact, linkedFrom: folder }));
  const createdAt = new Date().toISOString();
  await artifacts.seal(building, { ...manifest, workflowId, runId, createdAt, artifacts: linked });
  await artifacts.publishLatestCopy(building, runId);
}

function notSealed(path: string): HybridFlowError {
  return new HybridFlowError('ARTIFACT_DAMAGED', {
    found: `${path} has no manifest any more`,
    expected: 'the version that was restored',
    next: 'bring the backups folder back, then run `hfv restore` again: it first ends what was begun',
  });
}

function unlessDamaged(error: unknown): undefined {
  if (error instanceof HybridFlowError && error.code === 'ARTIFACT_DAMAGED') return undefined;
  throw error;
}
