import { stat } from 'node:fs/promises';
import { HybridFlowError } from '../../domain/errors';
import type { Manifest } from '../../domain/manifest';
import type { StoreName } from '../../domain/names';
import type { ArtifactStore } from '../../stores/ports';

/** An artifact as the manifest names it, and what is where it should be. */
export interface ArtifactPresence {
  store: StoreName;
  path: string;
  bytes: number;
  sha256: string;
  /** `wrong bytes` only where the bytes were read. */
  state: 'present' | 'missing' | 'wrong size' | 'wrong bytes';
}

/** A version's folder (or latest-copy's), as far as a look at it tells. */
export interface FolderState {
  folder: string;
  state: 'sound' | 'damaged' | 'missing';
  manifest: Manifest | null;
  artifacts: ArtifactPresence[];
  /** What is wrong, in words. */
  problems: string[];
}

/**
 * Looks at the artifacts of a folder: presence and size, and with `deep` every byte. A folder without a manifest is
 * `missing`: a version without one does not exist. Nothing is written.
 */
export async function lookAtFolder(
  artifacts: ArtifactStore,
  folder: string,
  { deep = false, signal }: { deep?: boolean; signal?: AbortSignal } = {},
): Promise<FolderState> {
  const none = { folder, manifest: null, artifacts: [] };
  try {
    const manifest = await artifacts.readManifest(folder);
    if (!manifest) return { ...none, state: 'missing', problems: [`${artifacts.pathOf(folder)} has no manifest`] };
    const found: ArtifactPresence[] = [];
    for (const artifact of manifest.artifacts) {
      signal?.throwIfAborted();
      found.push(await lookAt(artifacts, folder, artifact, deep));
    }
    const problems = found.filter(({ state }) => state !== 'present').map(({ path, state }) => `${path}: ${state}`);
    return { folder, manifest, artifacts: found, state: problems.length === 0 ? 'sound' : 'damaged', problems };
  } catch (error) {
    if (!(error instanceof HybridFlowError) || error.code !== 'ARTIFACT_DAMAGED') throw error;
    return { ...none, state: 'damaged', problems: [error.facts.found] };
  }
}

async function lookAt(
  artifacts: ArtifactStore,
  folder: string,
  { store, file, bytes, sha256 }: Manifest['artifacts'][number],
  deep: boolean,
): Promise<ArtifactPresence> {
  const path = artifacts.pathOf(folder, file);
  const size = await stat(path).then(
    (found) => found.size,
    () => undefined,
  );
  const told = (state: ArtifactPresence['state']) => ({ store, path, bytes, sha256, state });
  if (size === undefined) return told('missing');
  if (size !== bytes) return told('wrong size');
  if (!deep) return told('present');
  return told((await artifacts.digest(folder, file)).sha256 === sha256 ? 'present' : 'wrong bytes');
}
