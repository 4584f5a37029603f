import { CancellationScope } from '@temporalio/workflow';
import { PUBLISH_PHASES } from '../domain/baseline';
import type { PublishInput, PublishOutcome } from '../domain/publish';
import { preflightSteps } from './parts/activities';
import { businessFailure, isCancellation, messageOf, rootOf } from './parts/failures';
import { CONTINUE } from './parts/names';
import { keepFence } from './parts/keep-fence';
import { finishPublish } from './parts/publish-finish';
import { publishOutcome } from './parts/publish-outcome';
import { PublishRun } from './parts/publish-run';
import { takeBack } from './parts/publish-take-back';
import { Progress } from './parts/progress';
import { Abortable } from './parts/run';
import { StagingDesk } from './parts/staging-desk';
import { WriteGate } from './parts/write-gate';
import { preflight, preparation } from './phases/publish/preparation';
import { promote, refusalToPromote } from './phases/publish/promotion';
import { driveForward } from './phases/publish/sealing';
import { untilApproved, untilValid } from './phases/publish/staging';

/**
 * The life of one version up to its place in the window: staged aside, validated, promoted over the three stores as
 * one, sealed. It ends with the version committed, or with production as it was and nothing of the version left.
 *
 * A version that was cancelled is an answer (`cancelled`), not a failure. Fails with ROLLED_BACK, NEEDS_OPERATOR, or
 * the code of a refusal before anything was modified.
 */
export async function publishVersion(given?: PublishInput | null): Promise<PublishOutcome> {
  try {
    return await publish(given ?? {});
  } catch (error) {
    throw rootOf(error);
  }
}

async function publish(input: PublishInput): Promise<PublishOutcome> {
  const progress = new Progress(PUBLISH_PHASES);
  const gate = new WriteGate(() => progress.publish());
  progress.watchPause(() => gate.view());
  const abortable = new Abortable();
  const { files } = preflightSteps(input.maxAttempts);
  const terms = await progress.step('look up the base', () => files.lookUpPublish(input));
  const { kind, from, settings } = terms;
  const run: PublishRun = new PublishRun(
    input,
    terms,
    progress,
    new StagingDesk(
      {
        ...{ kind, from, settings: settings.staging },
        onChange: (view) => progress.staging(view),
        onForgotten: (warning) => void run.warnings.push(warning),
      },
      abortable,
    ),
    gate,
  );
  progress.identify(settings.base, run.versionId);
  return new Publication(run, abortable).toItsEnd();
}

class Publication {
  /** From here on there is something to undo. */
  #modifies = false;
  #switches = false;
  #letFenceLapse: () => void = () => undefined;

  constructor(
    private readonly run: PublishRun,
    private readonly abortable: Abortable,
  ) {}

  async toItsEnd(): Promise<PublishOutcome> {
    try {
      await this.abortable.run(() => this.forward());
    } catch (error) {
      const ended = await this.back(error);
      if (ended) return ended;
    }
    return CancellationScope.nonCancellable(() => this.end()).catch((error: unknown) => {
      throw unfinished(this.run, error);
    });
  }

  private async forward(): Promise<void> {
    const { run, abortable } = this;
    run.progress.enter('preflight');
    await preflight(run);

    this.#modifies = true;
    run.progress.enter('preparation');
    await preparation(run);

    do {
      await untilValid(run);
      await untilApproved(run);
      run.progress.enter('promotion');
      await run.gate.holdUntilResumed();
    } while (!(await this.mayPromote()));
    await promote(run, abortable, () => (this.#switches = true));
  }

  /** False where staging or production is not what was validated: staging is open again then, to be mended. */
  private async mayPromote(): Promise<boolean> {
    const { run } = this;
    run.desk.enter('promoting');
    this.#letFenceLapse = keepFence(run);
    const refusal = await refusalToPromote(run, () => this.#letFenceLapse());
    if (refusal === null) return true;
    run.warnings.push(`the promote was refused: ${refusal}`);
    run.desk.refuse(refusal);
    return false;
  }

  /** Takes everything back; null where the commit turns out to have landed, so that the run goes on to its end. */
  private async back(error: unknown): Promise<PublishOutcome | null> {
    const { run, abortable } = this;
    const stopped = abortable.reason ?? (isCancellation(error) ? 'the workflow was cancelled' : undefined);
    const reason = run.desk.cancelled ?? stopped ?? messageOf(error);
    abortable.pointOfNoReturn();
    this.#letFenceLapse();
    const cause = stopped === undefined ? { reason, error } : { reason };
    const ended = await takeBack(run, { ...cause, modified: this.#modifies, switched: this.#switches });
    if (ended === 'committed') return null;
    run.desk.close(reason);
    if (ended) throw ended;
    if (run.desk.cancelled !== undefined) return publishOutcome(run, 'cancelled', reason);
    throw error;
  }

  private async end(): Promise<PublishOutcome> {
    const { run } = this;
    const { undo, progress, record } = run;
    this.#letFenceLapse();
    run.desk.enter('promoted');
    progress.enter('latest-copy');
    const sealed = await driveForward({
      ...{ versionId: run.versionId, runId: run.runId, workflowId: run.workflowId, label: run.label, token: run.token },
      ...{ steps: undo, settings: run.settings, gate: run.gate, progress, warnings: run.warnings },
      step: (name, work, details) => run.step(name, work, details),
    });
    Object.assign(record, sealed);
    await finishPublish(run);
    return publishOutcome(run, 'committed', null);
  }
}

/** Committed, and not driven to its end: the next change, or whoever continues it, does what is left. */
function unfinished({ versionId, progress }: PublishRun, error: unknown): Error {
  progress.ended('needs_operator');
  return businessFailure('NEEDS_OPERATOR', {
    found: `${versionId} is committed, and what follows the commit failed: ${messageOf(error)}`,
    expected: 'its artifacts sealed, and latest-copy made of them',
    next: `mend the cause, then run \`${CONTINUE}\`: it goes on where this run ended`,
  });
}
