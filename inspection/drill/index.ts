import { drillPassed, lastNeo4jRestore, type DrillInput, type DrillReport } from '../../domain/drill';
import { HybridFlowError } from '../../domain/errors';
import type { Manifest } from '../../domain/manifest';
import { STORE_NAMES, type StoreName } from '../../domain/names';
import { LATEST_COPY } from '../../domain/version-id';
import type { CallControl, Stores } from '../../stores/ports';
import { isAtHand, packedAway } from '../archived';
import { checkSideTargets, sideBytes } from '../side-targets';

export interface DrillOptions {
  /** The base that is served here. */
  base: string;
  /** Name of the side targets. */
  sideName: string;
  /** What is to stay free, whatever is drilled. */
  minimumFreeBytes: number;
  control?: CallControl;
}

/**
 * Restores a version into side targets only, runs the seven checks over them, and says how long each store took.
 * Production is not written to. A version that cannot be restored is a result, a service that is down is not.
 *
 * @throws HybridFlowError VERSION_UNKNOWN, VERSION_ARCHIVED, FOREIGN_BASE, DISK_TOO_SMALL, CHECK_FAILED where the version
 * records no fingerprints; whatever a service that is needed throws
 */
export async function drill(stores: Stores, input: DrillInput, options: DrillOptions): Promise<DrillReport> {
  const { versionId, startedBy = null } = input;
  const { base, sideName, control } = options;
  const manifest = await assertDrillable(stores, versionId, base);
  const startedAt = new Date().toISOString();
  const wanted = STORE_NAMES.filter((store) => input.stores === undefined || input.stores.includes(store));
  await assertRoom(stores, manifest, wanted, options.minimumFreeBytes);
  const found = await checkSideTargets(stores, versionId, wanted, { sideName, control });
  return {
    format: 'hybridflow-drill/1',
    ...{ base, versionId, startedBy, startedAt },
    endedAt: new Date().toISOString(),
    passed: drillPassed(found),
    recoveryMs: found.stores.reduce((sum, { milliseconds }) => sum + milliseconds, 0),
    ...found,
    lastNeo4jRestore: lastNeo4jRestore(stores.metadata.journal.list()),
  };
}

async function assertDrillable(
  { metadata, artifacts }: Stores,
  versionId: string,
  base: string,
): Promise<Manifest | undefined> {
  const row = versionId === LATEST_COPY ? undefined : metadata.registry.find(versionId);
  if (row?.status === 'archived' && !(await isAtHand({ artifacts }, row))) throw packedAway(versionId);
  const manifest = await artifacts.readManifest(versionId).catch((error: unknown) => {
    // One that is damaged is for the stores' own verdicts to tell.
    if (error instanceof HybridFlowError && error.code === 'ARTIFACT_DAMAGED') return undefined;
    throw error;
  });
  if (manifest === undefined || manifest.base === base) return manifest;
  throw new HybridFlowError('FOREIGN_BASE', {
    found: `${versionId} is a version of ${manifest.base}`,
    expected: `a version of ${base}`,
    next: 'compare HYBRIDFLOW_BASE and HYBRIDFLOW_BACKUPS',
  });
}

/** The side targets may lie on the disk of the backups: a drill must not be what fills it. */
async function assertRoom(
  { artifacts }: Stores,
  manifest: Manifest | undefined,
  wanted: readonly StoreName[],
  minimum: number,
): Promise<void> {
  const aside = sideBytes(manifest?.artifacts.filter(({ store }) => wanted.includes(store)) ?? []);
  const [free, needed] = [await artifacts.freeBytes(), Math.max(minimum, aside)];
  if (free >= needed) return;
  throw new HybridFlowError('DISK_TOO_SMALL', {
    found: `${free} bytes are free beside the backups`,
    expected: `${needed} bytes: for what is restored beside production, and no less than the configured minimum`,
    next: 'free some space (`hfv retain --dry-run` says what may go), or drill some stores only; nothing was changed',
    details: { free, needed },
  });
}
