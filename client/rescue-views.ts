import { HybridFlowError } from '../domain/errors';
import type { StoreName } from '../domain/names';
import { storesIn } from '../domain/rescue';
import type { ArtifactStore } from '../stores/ports';

/** What was there before a restore, as `hfv versions` lists it. Field names are part of the contract. */
export interface RescueView {
  folder: string;
  /** The stores that it gives back; empty where it cannot be given back. */
  stores: StoreName[];
  /** What production was when it was saved; null where nothing says so. */
  versionId: string | null;
  bytes: number;
  /** ISO 8601: when anything in it was last written. */
  savedAt: string;
  /** Why it cannot be given back; null where it can, as far as its records tell. */
  problem: string | null;
}

/** Every rescue folder in the backups, oldest first. Reads records, no artifact. */
export async function listRescues(artifacts: Pick<ArtifactStore, 'residues' | 'readManifest'>): Promise<RescueView[]> {
  const views: RescueView[] = [];
  for (const { kind, path, bytes, changedAt } of await artifacts.residues()) {
    if (kind === 'rescue') views.push({ folder: path, bytes, savedAt: changedAt, ...(await heldIn(artifacts, path)) });
  }
  return views.sort((a, b) => (a.savedAt < b.savedAt ? -1 : 1));
}

async function heldIn(
  artifacts: Pick<ArtifactStore, 'readManifest'>,
  folder: string,
): Promise<Pick<RescueView, 'stores' | 'versionId' | 'problem'>> {
  try {
    const manifest = await artifacts.readManifest(folder);
    if (!manifest) return { stores: [], versionId: null, problem: 'no record of what it holds' };
    return { stores: storesIn(manifest), versionId: manifest.versionId || null, problem: null };
  } catch (error) {
    if (!(error instanceof HybridFlowError) || error.code !== 'ARTIFACT_DAMAGED') throw error;
    return { stores: [], versionId: null, problem: error.facts.found };
  }
}
