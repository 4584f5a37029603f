import { workflowInfo } from '@temporalio/workflow';
import { comparisonText, type FingerprintComparison } from '../../domain/fingerprint';
import { STORE_NAMES, type StoreName } from '../../domain/names';
import type { Steps } from './activities';
import { businessFailure } from './failures';
import type { RollbackLog } from './rollback-log';

/** Production held against a copy of it from before the run, and what had to be done about it. */
export interface ProductionProof {
  comparisons: FingerprintComparison[];
  restored: StoreName[];
  savedTo: string | null;
}

export interface ProofRequest {
  /** Best first: latest-copy, then the baseline (disaster recovery). */
  copies: readonly Copy[];
  versionId: string;
}

export interface Copy {
  folder: string;
  /** False where the stores were written to while it was taken: it is compared with, and nothing is restored from it. */
  oneMoment: boolean;
}

/**
 * Steps 6 and 7 of the rollback: the first copy whose bytes are intact is compared with production, store by store;
 * only a store that differs is restored from it, after what is there has been saved.
 *
 * @throws NEEDS_OPERATOR where no copy is intact, or production still differs after a restore
 */
export async function proveProduction(
  { longFiles, files }: Steps,
  log: RollbackLog,
  { copies, versionId }: ProofRequest,
): Promise<ProductionProof> {
  const copy = await log.step(6, async () => {
    const chosen = await firstIntact(longFiles, copies);
    return { detail: chosen.told, result: chosen.copy };
  });
  return log.step<ProductionProof>(7, async () => {
    const before = await compare(longFiles, copy.folder, STORE_NAMES);
    const contaminated = before.filter(({ same }) => !same);
    if (contaminated.length === 0) {
      const detail = `all three stores have the fingerprints of ${copy.folder}`;
      return { state: 'not needed', detail, result: { comparisons: before, restored: [], savedTo: null } };
    }
    if (!copy.oneMoment) {
      // The difference is a writer's who was at work before this run modified anything: it is not this run's to undo.
      const detail = `nothing of this run is left; ${differences(contaminated)}, written by somebody else while ${copy.folder} was taken: not restored from it`;
      return { detail, result: { comparisons: before, restored: [], savedTo: null } };
    }
    // Named after the run too: what an earlier, broken-off restore saved must stay.
    const rescue = `rescue-${versionId}-${workflowInfo().runId.slice(-12)}`;
    await files.openFolder(rescue);
    for (const { store, actual } of contaminated) {
      // Listed right before: a snapshot that somebody took earlier must not be taken for what is there now.
      const present = store === 'qdrant' ? await files.listQdrantSnapshots() : [];
      await longFiles.saveProduction(store, rescue, present, actual.sha256, true);
      await longFiles.restoreProduction(store, copy.folder);
    }
    const restored = contaminated.map(({ store }) => store);
    const after = await compare(longFiles, copy.folder, restored);
    demandRestored(after, rescue);
    const comparisons = before.map((one) => after.find(({ store }) => store === one.store) ?? one);
    const detail = `restored from ${copy.folder} (${differences(contaminated)}); what was there is kept in ${rescue}`;
    return { detail, result: { comparisons, restored, savedTo: rescue } };
  });
}

function differences(compared: readonly FingerprintComparison[]): string {
  return compared.map((one) => `${one.store}: ${comparisonText(one)}`).join('; ');
}

async function firstIntact(
  longFiles: Steps['longFiles'],
  copies: readonly Copy[],
): Promise<{ copy: Copy; told: string }> {
  const damage: string[] = [];
  for (const copy of copies) {
    const { folder } = copy;
    const { intact, problems } = await longFiles.verifyCopy(folder);
    if (intact) return { copy, told: [...damage, `${folder} is intact`].join('; ') };
    damage.push(`${folder} is damaged: ${problems.join(', ')}`);
  }
  throw businessFailure('NEEDS_OPERATOR', {
    found: `there is no intact copy of production: ${damage.join('; ')}`,
    expected: 'latest-copy, or the baseline',
    next: 'leave the stores as they are, find another copy of the backups folder, and continue with `hfv rollback --continue`',
  });
}

async function compare(
  longFiles: Steps['longFiles'],
  folder: string,
  stores: readonly StoreName[],
): Promise<FingerprintComparison[]> {
  return Promise.all(stores.map((store) => longFiles.compareProduction(folder, store)));
}

function demandRestored(after: readonly FingerprintComparison[], rescue: string): void {
  const wrong = after.filter(({ same }) => !same);
  if (wrong.length === 0) return;
  throw businessFailure('NEEDS_OPERATOR', {
    found: `after the restore production still differs: ${differences(wrong)}`,
    expected: 'the fingerprints of the copy',
    next: `stop whatever writes, then continue with \`hfv rollback --continue\`; what was there is kept in ${rescue}`,
  });
}
