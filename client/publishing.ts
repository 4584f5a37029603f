import type { ProgressView } from '../domain/baseline';
import { HybridFlowError } from '../domain/errors';
import type { PublishInput, PublishOutcome } from '../domain/publish';
import type { ReadyAnswer, StagingView } from '../domain/staging';
import { readyUpdate, type ReadyRequest } from '../workflows/messages';
import { requireRunning, startChange, viewOf, type Change, type ChangeView } from './changes';
import type { Context } from './context';
import { follow, type Followed, type FollowOptions } from './migration';
import { interruptible } from './person';
import { workerTrouble } from './pollers';
import { displayFor } from './render/display';
import type { Session } from './temporal';
import { askUpdate } from './updates';
import { progressOf, waitTimedOut, watch, type Display } from './watch';

/** The workflow's registered name; the client never loads workflow code. */
export const PUBLISH_VERSION = 'publishVersion';

/** Validation reads three stores whole. */
const VALIDATION_SECONDS = 15 * 60;
const QUESTIONS = 3;

export interface Staged {
  change: Change;
  attached: boolean;
  versionId: string | null;
  /** Null where the caller let go before staging was open. */
  staging: StagingView | null;
}

/**
 * Opens a staging, or finds the one that is open, and waits until it can be written to.
 *
 * @throws HybridFlowError BASE_BUSY, the refusal that the run ended with, WAIT_TIMED_OUT
 */
export async function stage(
  context: Context,
  session: Session,
  input: PublishInput,
  options: { detach?: boolean; attach?: boolean; timeoutSeconds?: number },
): Promise<Staged> {
  const { base } = context.settings();
  const { change, attached } = await startChange(session, base, {
    type: PUBLISH_VERSION,
    input,
    summary: `Stage a ${input.kind ?? 'minor'} version of ${base} from ${input.from ?? 'production'}`,
  });
  if (attached && !options.attach) throw alreadyOpen(base, change);
  context.out.note(attached ? `there is a staging of ${base} already` : `opening a staging of ${base}`);
  if (change.url) context.out.note(`Temporal: ${change.url}`);
  if (options.detach) return { change, attached, versionId: null, staging: null };
  const view = await until(context, session, change, isOpen, options.timeoutSeconds);
  if (view === 'ended') {
    // A run that has ended before its staging was open says why.
    await follow<PublishOutcome>(context, session, change, { attached });
    return { change, attached, versionId: null, staging: null };
  }
  return { change, attached, versionId: view?.versionId ?? null, staging: view?.staging ?? null };
}

/** Two who write to one staging would promote each other's work. */
function alreadyOpen(base: string, { workflowId, startedAt }: Change): HybridFlowError {
  return new HybridFlowError('BASE_BUSY', {
    found: `A version of ${base} is being staged already (workflow ${workflowId}), since ${startedAt}`,
    expected: 'one staging at a time',
    next: 'look at it with `hfv status`; `hfv stage --attach` if it is yours, `hfv cancel` if it is to go',
    details: { workflowId, startedAt },
  });
}

function isOpen({ staging }: ProgressView): boolean {
  return staging !== undefined && staging.stage !== 'preparing';
}

/**
 * The staging that is under way.
 *
 * @param orPreparing one that cannot be written to yet will do, too
 * @throws HybridFlowError NOT_RUNNING, NOT_STAGING; WAIT_TIMED_OUT where its run does not answer
 */
export async function requireStaging(
  context: Context,
  session: Session,
  { orPreparing = false } = {},
): Promise<{ change: Change; view: ProgressView }> {
  const { base } = context.settings();
  const change = await requireRunning(session, base);
  if (change.type !== PUBLISH_VERSION) {
    throw notStaging(
      `what runs on ${base} is ${change.type}`,
      'wait for its end (`hfv watch`), then stage with `hfv stage`',
    );
  }
  let view: ProgressView | undefined;
  // A worker that is busy misses a question now and then.
  for (let question = 1; !view && question <= QUESTIONS; question++) view = await progressOf(session, change);
  if (!view) throw await silent(session);
  if (view.staging || orPreparing) return { change, view };
  throw notStaging(
    'the staging is being prepared: nothing can be written to it yet',
    'wait for it with `hfv stage --attach`',
  );
}

function notStaging(found: string, next: string): HybridFlowError {
  return new HybridFlowError('NOT_STAGING', { found, expected: 'a version that is being staged', next });
}

async function silent(session: Session): Promise<HybridFlowError> {
  const why = await workerTrouble(session).catch(() => 'Temporal itself does not answer');
  return new HybridFlowError('WAIT_TIMED_OUT', {
    found: `The staging does not answer: ${why}`,
    expected: 'a version that is being staged',
    next: 'look at it with `hfv status`, then ask again',
  });
}

/** Declares staging ready and waits for what its validation finds. */
export function declareReady(session: Session, { handle }: Change, request: ReadyRequest): Promise<ReadyAnswer> {
  return askUpdate(session, VALIDATION_SECONDS, () =>
    handle.executeUpdate<ReadyAnswer, [ReadyRequest]>(readyUpdate.name, { args: [request] }),
  );
}

/** A promote that was refused opens staging again: whoever waited for the end has something to mend instead. */
export type FollowedPublish = Followed<PublishOutcome> | { kind: 'reopened'; change: ChangeView; answer: ReadyAnswer };

/** Shows a staging that was declared ready to its end. @throws HybridFlowError what the run ended with, WAIT_TIMED_OUT */
export async function followPublish(
  context: Context,
  session: Session,
  change: Change,
  options: FollowOptions,
): Promise<FollowedPublish> {
  const arrived = await until(context, session, change, isReopened, options.timeoutSeconds);
  if (arrived === 'ended') return follow<PublishOutcome>(context, session, change, options);
  const answer = arrived?.staging?.lastReady;
  if (answer) return { kind: 'reopened', change: viewOf(change), answer };
  return { kind: 'detached', change: viewOf(change), attached: true, interrupted: true };
}

function isReopened({ staging }: ProgressView): boolean {
  return staging?.stage === 'open' && staging.lastReady?.accepted === false;
}

/** Shows a run until its view is what is waited for; undefined where the caller let go, `ended` where the run did. */
async function until(
  context: Context,
  session: Session,
  change: Change,
  reached: (view: ProgressView) => boolean,
  timeoutSeconds?: number,
): Promise<ProgressView | 'ended' | undefined> {
  return interruptible(async (interrupted) => {
    const arrived = new AbortController();
    let found: ProgressView | undefined;
    const inner = displayFor(context.out);
    const display: Display = {
      update: (view) => {
        inner.update(view);
        if (!reached(view)) return;
        found = view;
        arrived.abort();
      },
      note: (line) => inner.note(line),
      warn: (line) => inner.warn(line),
      stop: () => inner.stop(),
    };
    const stop = AbortSignal.any([interrupted, arrived.signal]);
    const end = await watch<PublishOutcome>(session, change, display, { timeoutSeconds, interrupted: stop });
    if (end.kind === 'let go' && end.why === 'timed out') throw waitTimedOut(change, timeoutSeconds ?? 0);
    return end.kind === 'let go' ? found : 'ended';
  });
}
