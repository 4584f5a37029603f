import { CancellationScope } from '@temporalio/workflow';
import type { BaselineOutcome, RegisterBaselineInput } from '../domain/baseline';
import type { VersionRow } from '../domain/registry';
import { AlreadyCommitted } from './parts/abandoned';
import { preflightSteps } from './parts/activities';
import { BaselineRun } from './parts/baseline-run';
import { businessFailure, isCancellation, messageOf, rootOf } from './parts/failures';
import { finish } from './parts/finish';
import { keepFence } from './parts/keep-fence';
import { alreadyRegistered, committed } from './parts/outcome';
import { Progress } from './parts/progress';
import { rollBack } from './parts/roll-back';
import { Abortable } from './parts/run';
import { WriteGate } from './parts/write-gate';
import { baselineRegistration } from './phases/baseline-registration';
import { labelAddition } from './phases/label-addition';
import { takeLatestCopy } from './phases/latest-copy';
import { preflight } from './phases/preflight';
import { schemaMigration } from './phases/schema-migration';
import { validation } from './phases/validation';

/**
 * The migration plan as a workflow: latest-copy first, then the plan's four phases. It ends with a committed
 * baseline, or with every store as it was and the reason in the registry.
 *
 * Fails with one of the codes of domain/errors.ts: a refusal where nothing was changed, ROLLED_BACK where all
 * was undone, NEEDS_OPERATOR where an undo failed. A base that has its baseline is a success without work.
 */
export async function registerBaseline(given?: RegisterBaselineInput | null): Promise<BaselineOutcome> {
  try {
    return await register(given ?? {});
  } catch (error) {
    // The caller reads the code of what went wrong, not which activity it went wrong in.
    throw rootOf(error);
  }
}

async function register(input: RegisterBaselineInput): Promise<BaselineOutcome> {
  const progress = new Progress();
  const gate = new WriteGate(() => progress.publish());
  const abortable = new Abortable();
  progress.watchPause(() => gate.view());

  const { files } = preflightSteps(input.maxAttempts);
  const { settings, existing } = await progress.step('look up the baseline', () => files.lookUpBaseline(input));
  if (existing) {
    await files.finishCommitted(existing.versionId);
    return nothingToDo(settings.base, existing, progress);
  }
  const run = new BaselineRun(input, settings, progress, gate);
  progress.identify(settings.base, run.versionId);
  return new Migration(run, abortable).toItsEnd();
}

function nothingToDo(base: string, existing: VersionRow, progress: Progress): BaselineOutcome {
  progress.identify(base, existing.versionId);
  progress.ended('already_registered');
  return alreadyRegistered(base, existing, progress.steps);
}

class Migration {
  /** From here on the stores are touched, so that a failure is a rollback and not a refusal. */
  #modifies = false;
  #commitTried = false;
  #letFenceLapse: () => void = () => undefined;

  constructor(
    private readonly run: BaselineRun,
    private readonly abortable: Abortable,
  ) {}

  async toItsEnd(): Promise<BaselineOutcome> {
    let row: VersionRow | undefined;
    try {
      row = await this.abortable.run(() => this.forward());
    } catch (error) {
      if (error instanceof AlreadyCommitted) return this.foundCommitted();
      await this.back(error);
    }
    return CancellationScope.nonCancellable(() => this.end(row));
  }

  /** The plan, top to bottom. */
  private async forward(): Promise<VersionRow> {
    const { run } = this;
    run.progress.enter('preflight');
    const found = await preflight(run);

    this.#modifies = true;
    run.progress.enter('latest-copy');
    const latest = await takeLatestCopy(run, found);

    run.progress.enter('schema migration');
    await schemaMigration(run, found);
    this.#letFenceLapse = keepFence(run);

    run.progress.enter('baseline registration');
    await baselineRegistration(run, found, latest);

    run.progress.enter('label addition');
    await labelAddition(run, found);

    run.progress.enter('validation');
    await validation(run, found);
    this.#letFenceLapse();
    return this.commit();
  }

  /** The point of no return: before it everything can be undone, after it everything is driven forward. */
  private async commit(): Promise<VersionRow> {
    const { run, abortable } = this;
    await run.flushOperations();
    abortable.pointOfNoReturn();
    this.#commitTried = true;
    const at = new Date().toISOString();
    const { checks, criteria } = run.record;
    const operation = {
      type: 'commit',
      status: 'success' as const,
      details: { checks: checks.length, criteria: criteria.length },
      startedAt: at,
      completedAt: at,
    };
    // A cancellation that comes now is too late: it must not turn a commit into a run that ends as cancelled.
    return CancellationScope.nonCancellable(() =>
      run.progress.step('commit', () =>
        run.steps.files.commitVersion(run.versionId, run.input.startedBy ?? 'registerBaseline', operation),
      ),
    );
  }

  /** Undoes everything and throws how the run ended; comes back only where the commit turns out to have landed. */
  private async back(error: unknown): Promise<void> {
    const { run, abortable } = this;
    const cancelled = isCancellation(error);
    const stopped = abortable.reason ?? (cancelled ? 'the workflow was cancelled' : undefined);
    abortable.pointOfNoReturn();
    this.#letFenceLapse();
    if (!this.#modifies) return this.refuse(error, stopped);
    const cause = stopped === undefined ? { reason: messageOf(error), error } : { reason: stopped };
    const result = await rollBack(run, { ...cause, modified: true, commitTried: this.#commitTried });
    if (result.state === 'committed') return;
    const clean = result.failure.type === 'ROLLED_BACK' && abortable.reason === undefined;
    throw clean && cancelled ? error : result.failure;
  }

  /** Nothing was changed: what is undone is the claim, and the failure is the refusal itself. */
  private async refuse(error: unknown, stopped: string | undefined): Promise<never> {
    const { run } = this;
    const result = await rollBack(run, { reason: stopped ?? messageOf(error), modified: false, commitTried: false });
    if (result.state === 'ended' && (result.failure.type !== 'ROLLED_BACK' || this.abortable.reason !== undefined)) {
      throw result.failure;
    }
    throw error;
  }

  /** A dead run's version turned out to be committed: this run has made nothing, and has nothing to do. */
  private async foundCommitted(): Promise<BaselineOutcome> {
    const { run } = this;
    await run.saga.compensate();
    const { existing } = await run.undo.files.lookUpBaseline({});
    if (!existing) throw this.rowIsGone();
    return nothingToDo(run.settings.base, existing, run.progress);
  }

  private rowIsGone(): Error {
    return businessFailure('NEEDS_OPERATOR', {
      found: `${this.run.versionId} was committed, but the registry no longer shows it`,
      next: 'look at version_registry with `hfv versions`',
    });
  }

  private async end(committedRow: VersionRow | undefined): Promise<BaselineOutcome> {
    const { run } = this;
    // Where the answer of the commit was lost, the registry tells what it was.
    const row = committedRow ?? (await run.undo.files.lookUpBaseline({})).existing;
    if (!row) throw this.rowIsGone();
    run.record.row = row;
    await finish(run);
    run.progress.ended('committed');
    return committed(run, row);
  }
}
