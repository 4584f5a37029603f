import type { FingerprintComparison } from '../../domain/fingerprint';
import type { StoreName } from '../../domain/names';
import { applyWindow } from '../phases/window';
import { tellingSteps } from './activities';
import { messageOf } from './failures';

/** How it ended that what a dead run had committed was driven to its end. */
export interface Driven {
  versionId: string;
  kind: 'baseline' | 'publish' | 'restore';
  /** Production held against the version while it was driven; empty where that was not asked. */
  proof: FingerprintComparison[];
  proven: boolean;
  /** As the journal tells; see {@link disagreedAtMost}. */
  disagreedAtMostMs: number | null;
  warnings: string[];
}

/**
 * The window that a dead publication did not come to, by whoever drove it to its end; a restore and a baseline have
 * none. To be applied by a run that has claimed the base, so that the version which it begins with stays, or by one that
 * wants none. What fails here fails nothing else: the next window mends it.
 */
export async function windowAfter({ versionId, kind }: Driven): Promise<void> {
  if (kind !== 'publish') return;
  await applyWindow(tellingSteps(), { startedBy: `${versionId}, driven to its end` }).catch(() => undefined);
}

/**
 * What was committed has ended, whatever production is by now: that it could not be asked is a warning, and no failure.
 * Empty then.
 */
export async function holdProductionAgainst(
  folder: string,
  stores: readonly StoreName[],
  warnings: string[],
): Promise<FingerprintComparison[]> {
  const { longFiles } = tellingSteps();
  try {
    return await Promise.all(stores.map((store) => longFiles.compareProduction(folder, store)));
  } catch (error) {
    warnings.push(`production could not be held against the version: ${messageOf(error)}`);
    return [];
  }
}
