import { WorkflowExecutionAlreadyStartedError, WorkflowNotFoundError } from '@temporalio/client';
import { HybridFlowError } from '../domain/errors';
import { changeWorkflowId, STORE_NAMES, TASK_QUEUE, type StoreName } from '../domain/names';
import type { RestoreInput, RestoreOutcome } from '../domain/restore';
import { findChange, isRunning, viewOf, type Change, type ChangeView } from './changes';
import type { Context } from './context';
import { endingOf } from './ending';
import { interruptible } from './person';
import { displayFor } from './render/display';
import type { Session } from './temporal';
import { watch } from './watch';

/** The workflow's registered name; the client never loads workflow code. */
const RESTORE_VERSION = 'restoreVersion';

export interface RestoreRequest {
  input: RestoreInput & { version: string };
  timeoutSeconds?: number;
}

export type RestoreResult =
  | { kind: 'ended'; outcome: RestoreOutcome; change: ChangeView; attached: boolean }
  | { kind: 'detached'; change: ChangeView; attached: boolean };

/** What a restore was started with, kept with its run: whoever asks for the same again attaches to it. */
interface Asked {
  version: string;
  stores: StoreName[];
}

/**
 * The restore of this version that is under way; undefined where nothing is.
 *
 * @throws HybridFlowError BASE_BUSY where another change is under way, or a restore of something else
 */
export async function findRestore(session: Session, base: string, asked: Asked): Promise<Change | undefined> {
  const change = await findChange(session, base);
  if (!change || !isRunning(change)) return undefined;
  if (change.type !== RESTORE_VERSION) throw busy(base, change);
  const { memo } = await session.client.workflow.getHandle(change.workflowId, change.runId).describe();
  const same = memo?.version === asked.version && String(memo.stores) === String(asked.stores);
  if (!same) throw busy(base, change, typeof memo?.version === 'string' ? memo.version : 'another version');
  return change;
}

/** As `--store` names them, in the one order; empty where all three are meant. */
export function storesAsked(named: readonly StoreName[] | undefined): StoreName[] {
  const wanted = STORE_NAMES.filter((store) => named?.includes(store));
  return wanted.length === STORE_NAMES.length ? [] : wanted;
}

/**
 * Starts the restore and shows it to its end; one of the same version that is under way is attached to.
 *
 * @throws HybridFlowError with the run's own code where it did not end well, WAIT_TIMED_OUT, BASE_BUSY
 */
export async function restore(context: Context, session: Session, request: RestoreRequest): Promise<RestoreResult> {
  const { base } = context.settings();
  const { version, stores } = request.input;
  const asked = { version, stores: storesAsked(stores) };
  const workflowId = changeWorkflowId(base);
  try {
    await session.client.workflow.start<() => Promise<RestoreOutcome>>(RESTORE_VERSION, {
      workflowId,
      taskQueue: TASK_QUEUE,
      args: [request.input] as unknown as [],
      workflowIdConflictPolicy: 'FAIL',
      workflowIdReusePolicy: 'ALLOW_DUPLICATE',
      memo: { ...asked },
      staticSummary: `Restore ${version} of ${base}`,
      staticDetails: [`Asked for by ${request.input.startedBy ?? 'somebody'}.`, request.input.reason]
        .filter(Boolean)
        .join('\n\n'),
    });
  } catch (error) {
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
    const running = await findRestore(session, base, asked);
    if (running) return followRestore(context, session, running, { attached: true, ...request });
  }
  const change = await findChange(session, base);
  if (!change) throw new WorkflowNotFoundError('the restore that was just started is not found', workflowId, undefined);
  context.out.note(`started the restore of ${version} of ${base}`);
  return followRestore(context, session, change, { attached: false, ...request });
}

/** Shows a restore to its end, or until the caller lets go. */
export async function followRestore(
  context: Context,
  session: Session,
  change: Change,
  { attached, timeoutSeconds }: { attached: boolean; timeoutSeconds?: number },
): Promise<RestoreResult> {
  const { out } = context;
  if (attached) out.note(`attached to the running restore (${change.workflowId}, since ${change.startedAt})`);
  if (change.url) out.note(`Temporal: ${change.url}`);
  return interruptible(async (interrupted) => {
    const end = await watch(session, change, displayFor(out), { timeoutSeconds, interrupted });
    if (end.kind === 'failed') {
      const { status } = await session.client.workflow.getHandle(change.workflowId, change.runId).describe();
      throw endingOf(end.error, { ...viewOf(change), status: status.name });
    }
    if (end.kind === 'completed') {
      const outcome = end.outcome as unknown as RestoreOutcome;
      return { kind: 'ended', outcome, change: viewOf(change), attached };
    }
    if (end.why === 'timed out') throw timedOut(change, timeoutSeconds ?? 0);
    return { kind: 'detached', change: viewOf(change), attached };
  });
}

function busy(base: string, change: Change, restoring?: string): HybridFlowError {
  const staged = change.type === 'publishVersion';
  const what = restoring === undefined ? change.type : `a restore of ${restoring}`;
  return new HybridFlowError('BASE_BUSY', {
    found: `Another change of ${base} is running: ${what} (workflow ${change.workflowId}), since ${change.startedAt}`,
    expected: 'one change at a time',
    next: staged
      ? 'let the staged version come to its end, or give it up with `hfv cancel`, then restore'
      : 'watch it with `hfv status`, and restore when it has ended',
    details: { change: viewOf(change) },
  });
}

function timedOut({ workflowId, runId, url }: Change, seconds: number): HybridFlowError {
  return new HybridFlowError('WAIT_TIMED_OUT', {
    found: `The restore has not ended within ${seconds} s; it goes on by itself`,
    next: 'look at it with `hfv status`, or wait for it with the same `hfv restore` again',
    details: { run: { workflowId, runId, url } },
  });
}
