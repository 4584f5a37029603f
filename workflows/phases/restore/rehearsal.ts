import type { CheckResult } from '../../../domain/checks';
import { comparisonText } from '../../../domain/fingerprint';
import type { RehearsedStore } from '../../../domain/rehearsal';
import { businessFailure } from '../../parts/failures';
import type { RestoreRun } from './restore-run';

/**
 * Restores the version aside: every wanted store has the version's fingerprint there, and the seven checks hold. Where
 * only some stores are restored, what fails is the drift that was predicted and accepted, and is a warning.
 */
export async function rehearseRestore(run: RestoreRun): Promise<void> {
  const { steps, undo, saga, runId, plan } = run;
  saga.undoWith('side targets of the rehearsal', () => undo.longFiles.removeRehearsal(runId));
  const found = await run.step(
    'restore aside, compare, and run the seven checks',
    () => steps.longFiles.rehearseRestore(plan.source.folder, plan.stores),
    ({ stores, checks }) => ({
      stores: stores.map(({ store, passed, milliseconds }) => ({ store, passed, milliseconds })),
      checks: checks.filter(({ passed }) => passed).length,
    }),
  );
  run.rehearsal = found.stores;
  run.checks = found.checks;
  // An attempt that was thought dead may have made one more meanwhile.
  await steps.longFiles.removeRehearsal(runId);
  demandRestorable(found.stores);
  demandSound(run, found.checks);
}

function demandRestorable(rehearsed: readonly RehearsedStore[]): void {
  const failed = rehearsed.filter(({ passed }) => !passed);
  if (failed.length === 0) return;
  const told = failed.map(
    ({ store, comparison, evidence }) => `${store}: ${comparison ? comparisonText(comparison) : evidence}`,
  );
  throw businessFailure('CHECK_FAILED', {
    found: `The version does not give what it was sealed with: ${told.join('; ')}`,
    expected: 'side targets with the fingerprints of the manifest',
    next: 'nothing was changed; restore another version, `latest-copy` or `baseline`',
    details: { failed },
  });
}

function demandSound(run: RestoreRun, checks: readonly CheckResult[]): void {
  const failed = checks.filter(({ passed, severity }) => !passed && severity === 'critical');
  const told = failed.map(({ name, expected, actual }) => `${name}: expected ${expected}, found ${actual}`);
  if (failed.length === 0) return;
  if (!run.isFull) {
    run.warnings.push(...told.map((text) => `will fail after this restore of some stores: ${text}`));
    return;
  }
  throw businessFailure('CHECK_FAILED', {
    found: `The version fails ${told.join('; ')}`,
    expected: 'the seven checks to hold before production is replaced',
    next: 'nothing was changed; restore another version, `latest-copy` or `baseline`',
    details: { failed },
  });
}
