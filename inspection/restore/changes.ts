import { HybridFlowError } from '../../domain/errors';
import type { Manifest } from '../../domain/manifest';
import { STORE_NAMES, type StoreName } from '../../domain/names';
import { isRescueManifest, storesIn } from '../../domain/rescue';
import { predictDrift, summarizeChanges, type Drift, type RestoreSource, type StoreChange } from '../../domain/restore';
import { LATEST_COPY } from '../../domain/version-id';
import type { CallControl, Stores } from '../../stores/ports';
import { liveFingerprint, recordedFingerprint, type Fingerprinted } from '../fingerprints';

/** One store as it stands, beside what the version was sealed with. */
export interface Sides {
  store: StoreName;
  production: Fingerprinted;
  version: Fingerprinted;
  /** Nothing is left that says what a store held beside what was saved of the others; then `version` is production. */
  unknown?: boolean;
}

/** Reads all three stores once, side by side. */
export async function readSides(
  stores: Stores,
  { folder, versionId }: RestoreSource,
  manifest: Manifest,
  control: CallControl,
): Promise<Sides[]> {
  const held = storesIn(manifest);
  return Promise.all(
    STORE_NAMES.map(async (store) => {
      const production = await liveFingerprint(stores, store, {}, control);
      if (held.includes(store)) return { store, production, version: await recordedFingerprint(stores, folder, store) };
      // What was saved beside it was written past the version that production was then; this store was not.
      const version = await recordedFingerprint(stores, versionId, store).catch(unlessUnknown);
      return version ? { store, production, version } : { store, production, version: production, unknown: true };
    }),
  );
}

/** Of production, by store. */
export function fingerprintsOf(sides: readonly Sides[]): Record<StoreName, string> {
  const digests = sides.map(({ store, production }) => [store, production.summary.sha256] as const);
  return Object.fromEntries(digests) as Record<StoreName, string>;
}

function unlessUnknown(error: unknown): undefined {
  const unknown = ['ARTIFACT_DAMAGED', 'CHECK_FAILED', 'VERSION_UNKNOWN'];
  if (error instanceof HybridFlowError && unknown.includes(error.code)) return undefined;
  throw error;
}

export interface Wanted {
  stores: readonly StoreName[];
  manifest: Manifest;
  /** What production is now. */
  current: string | null;
}

/** What a restore does to each wanted store, and who goes on holding what it replaces. */
export async function changesOf(stores: Stores, sides: readonly Sides[], wanted: Wanted): Promise<StoreChange[]> {
  const holders = await holdersOf(stores, wanted);
  const changes: StoreChange[] = [];
  for (const { store, production, version } of sides.filter((side) => wanted.stores.includes(side.store))) {
    changes.push({
      store,
      same: production.summary.sha256 === version.summary.sha256,
      bytes: wanted.manifest.artifacts.find((artifact) => artifact.store === store)?.bytes ?? 0,
      ...summarizeChanges(production, version),
      keptIn: await keptIn(stores, holders, store, production.summary.sha256),
    });
  }
  return changes;
}

/** Null where all three are restored: then they are of one version. */
export function driftOf(sides: readonly Sides[], wanted: readonly StoreName[]): Drift | null {
  const staying = sides.filter(({ store }) => !wanted.includes(store));
  return staying.length === 0 ? null : predictDrift(staying);
}

/**
 * Copies that still hold production when the restore is done. latest-copy is replaced by a restore of all three, and by
 * one of what was saved before another, so that it counts only where some stores of a version are restored.
 */
async function holdersOf({ artifacts }: Stores, { stores, manifest, current }: Wanted): Promise<string[]> {
  const own = current !== null && (await artifacts.exists(current)) ? [current] : [];
  const stays = stores.length < STORE_NAMES.length && !isRescueManifest(manifest);
  return stays && (await artifacts.exists(LATEST_COPY)) ? [...own, LATEST_COPY] : own;
}

async function keptIn(
  { artifacts }: Stores,
  holders: readonly string[],
  store: StoreName,
  sha256: string,
): Promise<string | null> {
  for (const folder of holders) {
    const artifact = (await artifacts.readManifest(folder).catch(unlessDamaged))?.artifacts.find(
      (one) => one.store === store,
    );
    if (artifact?.fingerprint?.sha256 !== sha256) continue;
    // What it says that it holds is worth as much as its bytes.
    const digest = await artifacts.digest(folder, artifact.file).catch(unlessDamaged);
    if (digest?.sha256 === artifact.sha256) return folder;
  }
  return null;
}

function unlessDamaged(error: unknown): undefined {
  if (error instanceof HybridFlowError && error.code === 'ARTIFACT_DAMAGED') return undefined;
  throw error;
}
