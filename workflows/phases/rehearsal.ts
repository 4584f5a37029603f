import { comparisonText } from '../../domain/fingerprint';
import { STORE_NAMES } from '../../domain/names';
import type { BaselineRun } from '../parts/baseline-run';
import { triggerFailure } from '../parts/failures';

/**
 * Confirms that the version can be rolled back to: every artifact is restored into a side target and compared by
 * fingerprint, one store after the other, so that the labelling beside it keeps its pace.
 */
export async function rehearsal(run: BaselineRun): Promise<void> {
  const { steps, undo, saga, record, settings, versionId, runId } = run;
  const form = run.input.confirm ?? settings.confirm;
  saga.undoWith('side targets of the rehearsal', () => undo.longFiles.removeRehearsal(runId));
  await run.step(
    `rehearse the rollback (${form})`,
    async () => {
      for (const store of STORE_NAMES) record.rehearsal.push(await steps.longFiles.rehearse(store, versionId, form));
      // An attempt that was thought dead may have made one more meanwhile.
      await steps.longFiles.removeRehearsal(runId);
    },
    () => ({ rehearsal: record.rehearsal.map(({ store, passed, evidence }) => ({ store, passed, evidence })) }),
  );
  const failed = record.rehearsal.filter(({ passed }) => !passed);
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
