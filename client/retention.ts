import { WorkflowFailedError, type WorkflowHandle } from '@temporalio/client';
import { HybridFlowError } from '../domain/errors';
import { retentionWorkflowId, TASK_QUEUE } from '../domain/names';
import type { RetentionInput, WindowApplied } from '../domain/retention';
import type { IsOpen } from '../inspection/holders';
import { endingOf } from './ending';
import { resultWithin } from './result-within';
import { APPLY_RETENTION } from './retention-schedule';
import { isRunOpen } from './run-open';
import type { Session } from './temporal';

type Handle = WorkflowHandle<() => Promise<WindowApplied>>;

export interface RetentionRun {
  workflowId: string;
  runId: string;
  url: string | null;
  handle: Handle;
}

/** Starts applying the window, or attaches to whoever does. */
export async function runRetention(
  session: Session,
  base: string,
  input: RetentionInput,
  taskQueue = TASK_QUEUE,
): Promise<RetentionRun> {
  const { client } = session;
  const workflowId = retentionWorkflowId(base);
  const started = await client.workflow.start<() => Promise<WindowApplied>>(APPLY_RETENTION, {
    workflowId,
    taskQueue,
    args: [{ ...input, base }] as unknown as [],
    workflowIdConflictPolicy: 'USE_EXISTING',
    workflowIdReusePolicy: 'ALLOW_DUPLICATE',
    staticSummary: `Window of ${base}`,
  });
  const runId = started.firstExecutionRunId;
  const handle: Handle = client.workflow.getHandle(workflowId, runId);
  return { workflowId, runId, url: session.uiLink(workflowId, runId), handle };
}

/** Whether a run goes on; undefined where this namespace cannot know, or Temporal does not say. */
export function isOpenIn(session: Session): IsOpen {
  return (run) => isRunOpen(session, run).catch(() => undefined);
}

/**
 * Waits for the end of it.
 *
 * @throws HybridFlowError the run's own code, NOT_RUNNING where it was ended from outside, or WAIT_TIMED_OUT
 */
export async function awaitRetention(run: RetentionRun, timeoutSeconds?: number): Promise<WindowApplied> {
  try {
    return await resultWithin(run.handle, timeoutSeconds, (seconds) => timedOut(run, seconds));
  } catch (error) {
    if (!(error instanceof WorkflowFailedError)) throw error;
    throw await endOf(run, error);
  }
}

async function endOf({ workflowId, runId, url, handle }: RetentionRun, error: WorkflowFailedError): Promise<Error> {
  const status = (await handle.describe()).status.name;
  if (status === 'FAILED') {
    return endingOf(error, { workflowId, runId, type: APPLY_RETENTION, status, startedAt: '', closedAt: null, url });
  }
  return new HybridFlowError('NOT_RUNNING', {
    found: `Applying the window was ended from outside (${status.toLowerCase()}); every version is whole where it is`,
    next: 'run `hfv retain` again: it ends what was begun',
    details: { workflowId, runId },
  });
}

function timedOut({ workflowId, runId }: RetentionRun, seconds: number): HybridFlowError {
  return new HybridFlowError('WAIT_TIMED_OUT', {
    found: `Applying the window has not ended within ${seconds} s; it goes on by itself`,
    next: 'ask for it again to wait for it, or look at it in the Temporal UI',
    details: { workflowId, runId },
  });
}
