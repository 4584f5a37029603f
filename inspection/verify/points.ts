import { POINT_LIST_FILE } from '../../domain/compare';
import { HybridFlowError } from '../../domain/errors';
import { compareGroups, comparisonText, type GroupFingerprint } from '../../domain/fingerprint';
import type { Stores } from '../../stores/ports';
import { withSummary, type Fingerprinted } from '../fingerprints';
import type { VerifiedFile } from './types';

export interface PointsVerified {
  file: VerifiedFile;
  /** In words; null where it is what it should be. */
  problem: string | null;
}

/**
 * The list of points beside a snapshot, which no manifest names: it must hold the points that the list of fingerprints
 * was made of. No service is asked.
 *
 * @returns undefined where the version has none, as those from before there was one
 */
export async function verifyPoints(
  { artifacts }: Pick<Stores, 'artifacts'>,
  folder: string,
  recorded: Fingerprinted,
): Promise<PointsVerified | undefined> {
  const groups = await artifacts.fingerprintPoints(folder, POINT_LIST_FILE).catch(asDamage);
  if (groups === undefined) return undefined;
  const { bytes, sha256 } = await artifacts.digest(folder, POINT_LIST_FILE);
  const problem = typeof groups === 'string' ? groups : differing(recorded, groups);
  const state = problem === null ? 'intact' : 'differs';
  return { file: { file: POINT_LIST_FILE, state, bytes, sha256 }, problem };
}

function differing(recorded: Fingerprinted, groups: readonly GroupFingerprint[]): string | null {
  const comparison = compareGroups('qdrant', recorded, withSummary(groups));
  if (comparison.same) return null;
  return `${POINT_LIST_FILE} is not the list that the fingerprints were made of: ${comparisonText(comparison)}`;
}

function asDamage(error: unknown): string {
  if (error instanceof HybridFlowError && error.code === 'ARTIFACT_DAMAGED') return error.facts.found;
  throw error;
}
