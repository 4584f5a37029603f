import type { CheckResult } from '../../domain/checks';
import { comparisonText, type FingerprintComparison } from '../../domain/fingerprint';
import { STORE_NAMES, type StoreName } from '../../domain/names';
import { LATEST_COPY } from '../../domain/version-id';
import { STORE_TITLES } from '../../domain/words';
import type { CallControl, Stores } from '../../stores/ports';
import { compareWithRecorded } from '../fingerprints';

/** How production differs from latest-copy, which a failed promote would be taken back to; store by store. */
export async function driftOfProduction(
  stores: Stores,
  asked: readonly StoreName[],
  control: CallControl,
): Promise<FingerprintComparison[]> {
  const compared = await Promise.all(asked.map((store) => compareWithRecorded(stores, LATEST_COPY, store, control)));
  return compared.filter(({ same }) => !same);
}

/** A version is staged against production as the last commit left it: what somebody wrote since would be lost. */
export async function checkDrift(stores: Stores, control: CallControl): Promise<CheckResult> {
  const startedAt = performance.now();
  const drift = await driftOfProduction(stores, STORE_NAMES, control);
  const found = drift.map((one) => `${STORE_TITLES[one.store]}: ${comparisonText(one)}`);
  return {
    name: 'production as the last commit left it',
    severity: 'critical',
    passed: drift.length === 0,
    expected: 'the content of latest-copy',
    actual: drift.length === 0 ? 'the same, by fingerprint' : found.join('; '),
    durationMs: Math.round(performance.now() - startedAt),
    offenders: { total: drift.length, samples: found },
  };
}
