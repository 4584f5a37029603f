import type { FingerprintComparison } from '../domain/fingerprint';
import type { StoreName } from '../domain/names';
import { compareWithRecorded } from '../inspection/fingerprints';
import { callControl } from './context';
import type { ActivityDeps } from './deps';

/** Holds production against what was recorded of it, by content. Only a comparison leaves: lists stay in their files. */
export function createFingerprintActivities(deps: ActivityDeps) {
  return {
    /** `folder`: a version, or latest-copy. */
    async compareProduction(folder: string, store: StoreName): Promise<FingerprintComparison> {
      return compareWithRecorded(deps, folder, store, callControl());
    },
  };
}
