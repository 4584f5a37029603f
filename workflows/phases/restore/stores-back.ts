import { sleep, workflowInfo } from '@temporalio/workflow';
import { comparisonText, type FingerprintComparison, type StoreFingerprint } from '../../../domain/fingerprint';
import type { StoreName } from '../../../domain/names';
import { BEGUN, type RestoreDetails } from '../../../domain/restore';
import type { SwitchEntry } from '../../../domain/switch-journal';
import { STORE_TITLES } from '../../../domain/words';
import type { Steps } from '../../parts/activities';
import { businessFailure } from '../../parts/failures';
import { CONTINUE } from '../../parts/names';
import type { ProductionProof } from '../../parts/prove-production';
import type { RollbackLog } from '../../parts/rollback-log';
import { keptSources, whatLiesWhere, type KeptSource } from './kept';

/** Longer than a heartbeat's timeout: an attempt whose worker is cut off has noticed by then, and ended. */
const STRAGGLERS = '20 seconds';

/**
 * Takes back what a restore has switched and not committed: each store of its journal entry, from what was kept of it
 * before the switch, and nothing else. SQLite changes with the commit alone, so that it is not among them.
 *
 * `dead`: the restore was ended from outside. An attempt of it may still be writing, and is waited for first.
 *
 * @throws NEEDS_OPERATOR where nothing whole is kept of a store, or it still differs after it was put back
 */
export async function takeStoresBack(
  steps: Steps,
  log: RollbackLog,
  entry: SwitchEntry,
  { dead = false } = {},
): Promise<ProductionProof> {
  if (dead) await sleep(STRAGGLERS);
  const sources = await log.step(6, async () => {
    const chosen = await chooseSources(steps, entry);
    const told = chosen.map(({ store, folder }) => `${STORE_TITLES[store]}: ${folder}`);
    if (told.length === 0) return { state: 'not needed', detail: 'no store was switched', result: chosen };
    return { detail: `kept from before the switch: ${told.join(', ')}`, result: chosen };
  });
  return log.step<ProductionProof>(7, async () => {
    // Named after the run that does it: what an earlier, broken-off one saved must stay.
    const rescue = `rescue-restore-${sourceOf(entry)}-${workflowInfo().runId.slice(-12)}`;
    const comparisons: FingerprintComparison[] = [];
    const restored: StoreName[] = [];
    const left: StoreName[] = [];
    for (const source of sources) {
      const before = await compare(steps, source);
      const differs = before?.same !== true;
      if (differs && isUntouched(entry, source)) {
        left.push(source.store);
        comparisons.push(await asItIs(steps, source.store));
        continue;
      }
      if (differs) {
        await putBack(steps, source, rescue, before?.actual.sha256);
        restored.push(source.store);
      }
      const after = differs ? await compare(steps, source) : before;
      demandBack(source, after, rescue);
      comparisons.push(after ?? (await asItIs(steps, source.store)));
    }
    const others = left.length > 0 ? `; what others wrote to ${titlesOf(left)} meanwhile was left as it is` : '';
    if (restored.length === 0) return { state: 'not needed', detail: UNCHANGED + others, result: proofOf(comparisons) };
    const detail = `${titlesOf(restored)} put back; what was there is kept in ${rescue}${others}`;
    return { detail, result: { comparisons, restored, savedTo: rescue } };
  });
}

/**
 * The last word before the journal is closed: nobody has written into what was taken back.
 *
 * @throws NEEDS_OPERATOR where somebody has; to continue the rollback takes it back once more
 */
export async function demandStillBack(steps: Steps, entry: SwitchEntry): Promise<void> {
  for (const source of await chooseSources(steps, entry)) {
    if (!isUntouched(entry, source)) demandBack(source, await compare(steps, source), null);
  }
}

const UNCHANGED = 'what the restore has begun to overwrite is what it was before it';

/** Of such a store the restore has overwritten nothing: what is in it now was written by somebody else, and stays. */
function isUntouched({ details }: SwitchEntry, { store }: KeptSource): boolean {
  return store !== 'sqlite' && (details as unknown as RestoreDetails)[BEGUN[store]] === false;
}

function titlesOf(stores: readonly StoreName[]): string {
  return stores.map((store) => STORE_TITLES[store]).join(', ');
}

function proofOf(comparisons: FingerprintComparison[]): ProductionProof {
  return { comparisons, restored: [], savedTo: null };
}

function sourceOf({ details }: SwitchEntry): string {
  return (details as unknown as RestoreDetails).source.versionId;
}

/** Of each store the best copy whose bytes are whole. */
async function chooseSources(steps: Steps, entry: SwitchEntry): Promise<KeptSource[]> {
  const chosen: KeptSource[] = [];
  for (const store of entry.stores.filter((one) => one !== 'sqlite')) {
    const damage: string[] = [];
    const source = await firstWhole(steps, keptSources(entry, store), damage);
    if (!source) throw nothingKept(entry, store, damage);
    chosen.push(source);
  }
  return chosen;
}

async function firstWhole(
  { longFiles }: Steps,
  sources: readonly KeptSource[],
  damage: string[],
): Promise<KeptSource | undefined> {
  for (const source of sources) {
    const { folder, saved } = source;
    if (saved) {
      if (await longFiles.verifySaved(folder, saved)) return source;
      damage.push(`${saved.file} in ${folder} is not what was saved`);
      continue;
    }
    const { intact, problems } = await longFiles.verifyCopy(folder);
    if (intact) return source;
    damage.push(`${folder} is damaged: ${problems.join(', ')}`);
  }
  return undefined;
}

/** Null where nobody can say what exactly was saved. */
async function compare(
  { longFiles }: Steps,
  { store, folder, saved }: KeptSource,
): Promise<FingerprintComparison | null> {
  if (!saved) return longFiles.compareProduction(folder, store);
  if (!saved.fingerprint) return null;
  return held(store, saved.fingerprint, await longFiles.fingerprintProduction(store));
}

async function asItIs({ longFiles }: Steps, store: StoreName): Promise<FingerprintComparison> {
  const now = await longFiles.fingerprintProduction(store);
  return held(store, now, now);
}

function held(store: StoreName, expected: StoreFingerprint, actual: StoreFingerprint): FingerprintComparison {
  const same = expected.sha256 === actual.sha256;
  return { store, same, expected, actual, differing: same ? 0 : 1, samples: [] };
}

async function putBack(
  { files, longFiles }: Steps,
  source: KeptSource,
  rescue: string,
  before: string | undefined,
): Promise<void> {
  const { store, folder, saved } = source;
  await files.openFolder(rescue);
  // Listed right before: a snapshot that somebody took earlier must not be taken for what is there now.
  const present = store === 'qdrant' ? await files.listQdrantSnapshots() : [];
  await longFiles.saveProduction(store, rescue, present, before, true);
  if (saved) await longFiles.restoreSaved(store, folder, saved);
  else await longFiles.restoreProduction(store, folder);
}

function demandBack(
  { store, folder }: KeptSource,
  compared: FingerprintComparison | null,
  rescue: string | null,
): void {
  if (compared?.same !== false) return;
  const kept = rescue === null ? '' : `; what was there is kept in ${rescue}`;
  throw businessFailure('NEEDS_OPERATOR', {
    found: `${STORE_TITLES[store]} was taken back and differs from ${folder}: ${comparisonText(compared)}`,
    expected: 'the store as it was before the restore',
    next: `stop whatever writes, then continue with \`${CONTINUE}\`${kept}`,
  });
}

function nothingKept(entry: SwitchEntry, store: StoreName, damage: readonly string[]): Error {
  const lies = whatLiesWhere(entry);
  return businessFailure('NEEDS_OPERATOR', {
    found: `no whole copy is left of ${STORE_TITLES[store]} from before the restore: ${damage.join('; ') || 'none was kept'}`,
    expected: 'what was saved before the switch, latest-copy, or the current version',
    next: `leave the stores as they are; ${lies}. Bring the missing copy back, then continue with \`${CONTINUE}\``,
  });
}
