import { RESTORE_PHASES } from '../domain/baseline';
import type { RestoreInput, RestoreOutcome } from '../domain/restore';
import type { SwitchEntry } from '../domain/switch-journal';
import { preflightSteps } from './parts/activities';
import { businessFailure, isCancellation, messageOf, rootOf } from './parts/failures';
import { keepFence } from './parts/keep-fence';
import { Progress } from './parts/progress';
import { Abortable } from './parts/run';
import { takeRestoreBack } from './phases/restore/back';
import { driveRestoreForward } from './phases/restore/forward';
import { restorePreflight } from './phases/restore/preflight';
import { rehearseRestore } from './phases/restore/rehearsal';
import { rescueProduction } from './phases/restore/rescue';
import { RestoreRun } from './phases/restore/restore-run';
import { commitSwitch, openSwitch, switchStores } from './phases/restore/switch';

/**
 * Puts production back as a version has it: verified, restored aside and checked first; what is there is saved; then
 * the stores are switched and proven. All three, or those that are named.
 *
 * Fails with one of the codes of domain/errors.ts: a refusal where nothing was changed, ROLLED_BACK where the
 * stores were taken back to what they were, NEEDS_OPERATOR where that, or the end behind the commit, could not be reached.
 */
export async function restoreVersion(given?: RestoreInput | null): Promise<RestoreOutcome> {
  try {
    return await restore(given ?? {});
  } catch (error) {
    // The caller reads the code of what went wrong, not which activity it went wrong in.
    throw rootOf(error);
  }
}

async function restore(input: RestoreInput): Promise<RestoreOutcome> {
  const progress = new Progress(RESTORE_PHASES);
  const abortable = new Abortable();
  const { files } = preflightSteps(input.maxAttempts);
  const terms = await progress.step('look up the version', () => files.lookUpRestore(input));
  progress.identify(terms.settings.base, terms.source.versionId);
  return new Restore(new RestoreRun(input, terms, progress), abortable).toItsEnd();
}

class Restore {
  /** From here on stores change, so that a failure is a rollback and not a refusal. */
  #switched = false;
  #commitTried = false;
  #letFenceLapse: () => void = () => undefined;

  constructor(
    private readonly run: RestoreRun,
    private readonly abortable: Abortable,
  ) {}

  async toItsEnd(): Promise<RestoreOutcome> {
    let entry: SwitchEntry;
    try {
      entry = await this.abortable.run(() => this.forward());
    } catch (error) {
      entry = await this.back(error);
    }
    return this.end(entry);
  }

  private async forward(): Promise<SwitchEntry> {
    const { run, abortable } = this;
    await restorePreflight(run);

    run.progress.enter('rehearsal');
    await rehearseRestore(run);

    run.progress.enter('rescue');
    await rescueProduction(run, () => this.#switched);

    run.progress.enter('switch');
    await openSwitch(run);
    this.#letFenceLapse = keepFence(run);
    await switchStores(run, () => (this.#switched = true));
    abortable.pointOfNoReturn();
    this.#commitTried = true;
    return commitSwitch(run);
  }

  /** Undoes everything and throws how the run ended; answers the entry where the commit turns out to have landed. */
  private async back(error: unknown): Promise<SwitchEntry> {
    const { run, abortable } = this;
    const cancelled = isCancellation(error);
    const stopped = abortable.reason ?? (cancelled ? 'the workflow was cancelled' : undefined);
    abortable.pointOfNoReturn();
    this.#letFenceLapse();
    const reason = stopped ?? messageOf(error);
    const result = await takeRestoreBack(run, { reason, switched: this.#switched, commitTried: this.#commitTried });
    if (result.state === 'committed') return result.entry;
    const { failure } = result;
    if (failure.type !== 'ROLLED_BACK') throw failure;
    // Nothing had been changed: the refusal itself, or the cancellation, is how it ended.
    if (abortable.reason === undefined && (cancelled || !this.#switched)) throw error;
    throw failure;
  }

  /** What is committed is driven to its end; what keeps it from there is for a person, or for the next change. */
  private async end(entry: SwitchEntry): Promise<RestoreOutcome> {
    const { run } = this;
    run.progress.enter('latest-copy');
    const { progress, rehearsal, warnings } = run;
    const told = {
      step: <T>(name: string, work: () => Promise<T>) => progress.step(name, work),
      steps: progress.steps,
      rehearsal,
      warnings,
    };
    try {
      const outcome = await driveRestoreForward(run.undo, entry, told);
      progress.ended('restored');
      return outcome;
    } catch (error) {
      progress.ended('needs_operator');
      throw businessFailure('NEEDS_OPERATOR', {
        found: `${entry.versionId} is restored, but what follows could not be ended: ${messageOf(error)}`,
        expected: 'latest-copy replaced, the journal closed, fence and claim released',
        next: 'mend the cause, then run any change again: it first ends what was begun (`hfv doctor` says what is left)',
        details: { versionId: entry.versionId },
      });
    } finally {
      this.#letFenceLapse();
    }
  }
}
