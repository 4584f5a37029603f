import { CancellationScope } from '@temporalio/workflow';
import { comparisonText, type FingerprintComparison } from '../../../domain/fingerprint';
import { STORE_NAMES, type StoreName } from '../../../domain/names';
import type { SwitchEntry } from '../../../domain/switch-journal';
import { STORE_TITLES } from '../../../domain/words';
import { businessFailure } from '../../parts/failures';
import { fenceOf } from '../../parts/keep-fence';
import { allOrCancel } from '../../parts/run';
import { giveLabelsBack } from './labels';
import type { RestoreRun } from './restore-run';
import { takeStoresBack } from './stores-back';

/** Asks other writers to keep out, and opens the journal: from here on readers know that production is changing. */
export async function openSwitch(run: RestoreRun): Promise<void> {
  const { steps, undo, saga, runId, plan } = run;
  // A base that was registered before there was a journal has none yet.
  await steps.files.createVersioningTables();
  saga.undoWith('journal', () => undo.files.closeSwitch(runId, 'undone'), { lastWord: true });
  saga.undoWith('write fence', () => undo.files.releaseWriteFence(runId));
  await run.step('take the write fence', () => steps.files.holdWriteFence(fenceOf(run)));
  await run.step('look whether production is what was planned for', () => demandUnchanged(run));
  await run.step('open the journal', () =>
    steps.files.beginSwitch({
      kind: 'restore',
      // With some stores only of an older version, production is still what it was: it has drifted from it.
      versionId: run.isFull ? plan.source.versionId : (plan.current ?? plan.source.versionId),
      stores: plan.stores,
      details: { ...run.details },
    }),
  );
}

/**
 * What was written since would be replaced without having been saved; and where only some stores are restored, what was
 * written to the others makes them disagree about more than was told and accepted.
 */
async function demandUnchanged({ steps, plan }: RestoreRun): Promise<void> {
  const changed = await steps.longFiles.changedSincePlanned(plan.production, [...STORE_NAMES]);
  if (changed.length === 0) return;
  const titles = changed.map((store) => STORE_TITLES[store]).join(' and ');
  throw businessFailure('CHECK_FAILED', {
    found: `Somebody wrote to ${titles} while the restore was prepared; production was not changed`,
    expected: 'production as it was when the restore was planned',
    next: 'stop the other writer (`hfv plan` shows who is at work), then restore again',
    details: { changed },
  });
}

/**
 * Puts Neo4j and Qdrant back, and proves by fingerprint that they hold the version: what differs was written by
 * somebody else meanwhile. SQLite follows with the commit.
 *
 * @throws CHECK_FAILED where a store does not hold the version
 */
export async function switchStores(run: RestoreRun, switching: () => void): Promise<void> {
  const { steps, saga, plan, runId, undo } = run;
  const { folder } = plan.source;
  const stores = plan.stores.filter((store) => store !== 'sqlite');
  // SQLite alone changes with the commit, or not at all.
  if (stores.length === 0) return;
  switching();
  saga.undoWith('production as it was', async () => {
    const entry = await undo.files.findSwitch(runId);
    if (!entry) return;
    run.proof = await takeStoresBack(undo, run.rollbackLog, entry);
    if (stores.includes('neo4j')) await giveLabelsBack(undo, run.rollbackLog, entry);
  });
  await allOrCancel(
    stores.map(
      (store) => () =>
        run.step(
          `restore ${STORE_TITLES[store]}`,
          () => steps.longFiles.restoreProduction(store, folder, plan.production),
          ({ detail }) => ({ detail }),
        ),
    ),
  );
  demandRestored(await run.step('compare with the version', () => compare(run, stores)));
}

async function compare({ steps, plan }: RestoreRun, stores: readonly StoreName[]): Promise<FingerprintComparison[]> {
  const { folder } = plan.source;
  return Promise.all(stores.map((store) => steps.longFiles.compareProduction(folder, store)));
}

/** The point of no return. A cancellation that comes now is too late: it must not leave a restore half told. */
export function commitSwitch({ steps, plan, progress }: RestoreRun): Promise<SwitchEntry> {
  const withSqlite = plan.stores.includes('sqlite');
  const name = withSqlite ? 'restore SQLite and commit' : 'commit';
  // Of a store that stays it is not asked: what is written to it is lost to nobody.
  const expected = withSqlite ? { production: plan.production.fingerprints.sqlite } : {};
  return CancellationScope.nonCancellable(() =>
    progress.step(name, () => steps.files.commitRestore(plan.source.folder, withSqlite, expected)),
  );
}

function demandRestored(compared: readonly FingerprintComparison[]): void {
  const wrong = compared.filter(({ same }) => !same);
  if (wrong.length === 0) return;
  const told = wrong.map((one) => `${one.store}: ${comparisonText(one)}`).join('; ');
  throw businessFailure('CHECK_FAILED', {
    found: `After the restore the stores are not the version's: ${told}; somebody else has written meanwhile`,
    expected: 'the fingerprints of the manifest',
    next: 'stop the other writer (`hfv plan` shows who is at work), then restore again',
    details: { comparisons: wrong },
  });
}
