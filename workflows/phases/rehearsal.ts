import { condition } from '@temporalio/workflow';
import { comparisonText } from '../../domain/fingerprint';
import type { StoreName } from '../../domain/names';
import type { ConfirmForm, RehearsedStore } from '../../domain/rehearsal';
import { STORE_TITLES } from '../../domain/words';
import type { BaselineRun } from '../parts/baseline-run';
import { asTrigger, triggerFailure } from '../parts/failures';

/**
 * Confirms that the version can be rolled back to: every artifact is restored into a side target and compared by
 * fingerprint, one store after the other. SQLite's goes on beside the labels; the two large ones wait until Neo4j is
 * quiet (labelled, or paused), because on a small machine they would make the batches hold their locks longer.
 */
export async function rehearsal(run: BaselineRun, quiet: () => boolean): Promise<void> {
  const { steps, undo, saga, settings, runId } = run;
  const form = run.input.confirm ?? settings.confirm;
  saga.undoWith('side targets of the rehearsal', () => undo.longFiles.removeRehearsal(runId));
  await rehearse(run, ['sqlite'], form);
  await condition(quiet);
  await rehearse(run, ['qdrant', 'neo4j'], form);
  // An attempt that was thought dead may have made one more meanwhile.
  await steps.longFiles.removeRehearsal(runId);
  demandRestorable(run.record.rehearsal);
}

async function rehearse(run: BaselineRun, stores: readonly StoreName[], form: ConfirmForm): Promise<void> {
  const { steps, record, versionId } = run;
  for (const store of stores) {
    const done = await run.step(
      `rehearse the restore of ${STORE_TITLES[store]} (${form})`,
      () => asTrigger(3, () => steps.longFiles.rehearse(store, versionId, form)),
      ({ passed, evidence }) => ({ passed, evidence }),
    );
    record.rehearsal.push(done);
  }
}

function demandRestorable(rehearsed: readonly RehearsedStore[]): void {
  const failed = rehearsed.filter(({ passed }) => !passed);
  if (failed.length === 0) return;
  const told = failed.map(
    ({ store, comparison, evidence }) => `${store}: ${comparison ? comparisonText(comparison) : evidence}`,
  );
  throw triggerFailure(3, 'CHECK_FAILED', {
    found: `The version cannot be rolled back to: ${told.join('; ')}`,
    expected: 'side targets with the fingerprints of the manifest',
    next: 'look at the artifacts with `hfv report`; the run has been rolled back',
    details: { failed },
  });
}
