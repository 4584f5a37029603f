import { drillPassed, type DrillInput, type DrillReport } from '../../domain/drill';
import { HybridFlowError } from '../../domain/errors';
import { STORE_NAMES } from '../../domain/names';
import { LATEST_COPY } from '../../domain/version-id';
import type { CallControl, Stores } from '../../stores/ports';
import { isAtHand, packedAway } from '../archived';
import { checkSideTargets } from '../side-targets';

export interface DrillOptions {
  /** The base that is served here. */
  base: string;
  /** Name of the side targets. */
  sideName: string;
  control?: CallControl;
}

/**
 * Restores a version into side targets only, runs the seven checks over them, and says how long each store took.
 * Production is not written to. A version that cannot be restored is a result, a service that is down is not.
 *
 * @throws HybridFlowError VERSION_UNKNOWN, VERSION_ARCHIVED, FOREIGN_BASE, CHECK_FAILED where the version records no
 * fingerprints; whatever a service that is needed throws
 */
export async function drill(stores: Stores, input: DrillInput, options: DrillOptions): Promise<DrillReport> {
  const { versionId, startedBy = null } = input;
  const { base, sideName, control } = options;
  await assertDrillable(stores, versionId, base);
  const startedAt = new Date().toISOString();
  const wanted = STORE_NAMES.filter((store) => input.stores === undefined || input.stores.includes(store));
  const found = await checkSideTargets(stores, versionId, wanted, { sideName, control });
  return {
    format: 'hybridflow-drill/1',
    ...{ base, versionId, startedBy, startedAt },
    endedAt: new Date().toISOString(),
    passed: drillPassed(found),
    recoveryMs: found.stores.reduce((sum, { milliseconds }) => sum + milliseconds, 0),
    ...found,
  };
}

async function assertDrillable({ metadata, artifacts }: Stores, versionId: string, base: string): Promise<void> {
  const row = versionId === LATEST_COPY ? undefined : metadata.registry.find(versionId);
  if (row?.status === 'archived' && !(await isAtHand({ artifacts }, row))) throw packedAway(versionId);
  const manifest = await artifacts.readManifest(versionId).catch((error: unknown) => {
    // One that is damaged is for the stores' own verdicts to tell.
    if (error instanceof HybridFlowError && error.code === 'ARTIFACT_DAMAGED') return undefined;
    throw error;
  });
  if (manifest === undefined || manifest.base === base) return;
  throw new HybridFlowError('FOREIGN_BASE', {
    found: `${versionId} is a version of ${manifest.base}`,
    expected: `a version of ${base}`,
    next: 'compare HYBRIDFLOW_BASE and HYBRIDFLOW_BACKUPS',
  });
}
