import type { CheckResult } from '../../../domain/checks';
import type { FingerprintComparison } from '../../../domain/fingerprint';
import type { ProbeComparison } from '../../../domain/probes';
import type { RestoreDetails } from '../../../domain/restore';
import type { SwitchEntry } from '../../../domain/switch-journal';
import type { Steps } from '../../parts/activities';
import { messageOf } from '../../parts/failures';

/** What production is found to be after the commit; null where it could not be asked. */
export interface RestoreProof {
  comparisons: FingerprintComparison[] | null;
  checks: CheckResult[] | null;
  probes: { recorded: boolean; comparisons: ProbeComparison[]; failed: string[] } | null;
  /** What could not be asked, and why. */
  unasked: string[];
}

/** Restored stores against the version, the seven checks, and the version's own probes, side by side. */
export async function proveRestored({ longFiles }: Steps, entry: SwitchEntry): Promise<RestoreProof> {
  const { source } = entry.details as unknown as RestoreDetails;
  const unasked: string[] = [];
  const asked = async <T>(what: string, work: Promise<T>): Promise<T | null> => {
    try {
      return await work;
    } catch (error) {
      unasked.push(`${what}: ${messageOf(error)}`);
      return null;
    }
  };
  const comparing = Promise.all(entry.stores.map((store) => longFiles.compareProduction(source.folder, store)));
  const [comparisons, checks, probes] = await Promise.all([
    asked('the comparison with the version', comparing),
    asked('the seven checks', longFiles.runSevenChecks()),
    asked('the probes', longFiles.answerProbes(source.versionId, source.folder)),
  ]);
  return { comparisons, checks, probes, unasked };
}
