import { WorkflowExecutionAlreadyStartedError, WorkflowNotFoundError, type WorkflowHandle } from '@temporalio/client';
import type { RegisterBaselineInput, StepRecord } from '../domain/baseline';
import { HybridFlowError } from '../domain/errors';
import { changeWorkflowId, SEARCH_ATTRIBUTES, TASK_QUEUE } from '../domain/names';
import type { Session } from './temporal';

/** The workflow's registered name; the client never loads workflow code. */
const REGISTER_BASELINE = 'registerBaseline';
/** The workflows of which one at a time changes a base. */
const CHANGES = [REGISTER_BASELINE, 'publishVersion', 'restoreVersion'];

/** What the outcomes of all kinds of change have in common. */
export interface ChangeOutcome {
  base: string;
  steps: StepRecord[];
}

export type ChangeHandle = WorkflowHandle<() => Promise<ChangeOutcome>>;

/** One run of a change, and where to look at it. */
export interface Change {
  workflowId: string;
  runId: string;
  type: string;
  /** `RUNNING`, `COMPLETED`, `FAILED`, … as Temporal names it. */
  status: string;
  startedAt: string;
  closedAt: string | null;
  url: string | null;
  handle: ChangeHandle;
}

/** The part of a {@link Change} that is printed. */
export type ChangeView = Omit<Change, 'handle'>;

export function viewOf({ workflowId, runId, type, status, startedAt, closedAt, url }: Change): ChangeView {
  return { workflowId, runId, type, status, startedAt, closedAt, url };
}

export function isRunning({ status }: Pick<Change, 'status'>): boolean {
  return status === 'RUNNING' || status === 'PAUSED';
}

/** Starts the migration, or attaches to the one that runs; see {@link startChange}. */
export function startOrAttach(
  session: Session,
  base: string,
  input: RegisterBaselineInput,
): Promise<{ change: Change; attached: boolean }> {
  return startChange(session, base, { type: REGISTER_BASELINE, input, summary: `Register the baseline of ${base}` });
}

export interface ChangeRequest {
  /** The workflow's registered name. */
  type: string;
  input: { startedBy?: string; notes?: string };
  /** One line for the Temporal UI. */
  summary: string;
}

/**
 * Starts a change of the base, or attaches to the one of this kind that runs.
 *
 * @throws HybridFlowError BASE_BUSY where a change of another kind holds the base
 */
export async function startChange(
  session: Session,
  base: string,
  { type, input, summary }: ChangeRequest,
): Promise<{ change: Change; attached: boolean }> {
  const workflowId = changeWorkflowId(base);
  try {
    const handle = await session.client.workflow.start<() => Promise<ChangeOutcome>>(type, {
      workflowId,
      taskQueue: TASK_QUEUE,
      args: [input] as unknown as [],
      workflowIdConflictPolicy: 'FAIL',
      workflowIdReusePolicy: 'ALLOW_DUPLICATE',
      staticSummary: summary,
      staticDetails: [`Asked for by ${input.startedBy ?? 'somebody'}.`, input.notes].filter(Boolean).join('\n\n'),
    });
    return { change: await changeOf(session, workflowId, handle.firstExecutionRunId), attached: false };
  } catch (error) {
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
  }
  const change = await changeOf(session, workflowId);
  if (change.type !== type) throw busy(base, change);
  return { change, attached: true };
}

/** The last run under the change's own id, or else a running one that was started under an id of its own. */
export async function findChange(session: Session, base: string): Promise<Change | undefined> {
  const own = await changeOf(session, changeWorkflowId(base)).catch((error: unknown) => {
    if (error instanceof WorkflowNotFoundError) return undefined;
    throw error;
  });
  return own && isRunning(own) ? own : ((await findByAttribute(session, base)) ?? own);
}

/** @throws HybridFlowError NOT_RUNNING */
export async function requireRunning(session: Session, base: string): Promise<Change> {
  const change = await findChange(session, base);
  if (change && isRunning(change)) return change;
  throw new HybridFlowError('NOT_RUNNING', {
    found: change
      ? `No change of ${base} is running; the last one (${change.workflowId}) is ${change.status.toLowerCase()} since ${change.closedAt}`
      : `No change of ${base} is running`,
    expected: 'a change under way',
    next: 'see what there is with `hfv status`',
  });
}

async function changeOf(session: Session, workflowId: string, knownRun?: string): Promise<Change> {
  const { client } = session;
  const found = await client.workflow.getHandle(workflowId, knownRun).describe();
  const { runId, type, status, startTime, closeTime } = found;
  return {
    workflowId,
    runId,
    type,
    status: status.name,
    startedAt: startTime.toISOString(),
    closedAt: closeTime?.toISOString() ?? null,
    url: session.uiLink(workflowId, runId),
    // Tied to this run: a later one under the same id is another change.
    handle: client.workflow.getHandle<() => Promise<ChangeOutcome>>(workflowId, runId),
  };
}

async function findByAttribute(session: Session, base: string): Promise<Change | undefined> {
  // What else carries the attribute (a health check, a clean-up by schedule) is no change of the base.
  const types = CHANGES.map((type) => `'${type}'`).join(', ');
  const query = `${SEARCH_ATTRIBUTES.base} = '${base}' AND ExecutionStatus = 'Running' AND WorkflowType IN (${types})`;
  try {
    for await (const { workflowId, runId } of session.client.workflow.list({ query })) {
      return await changeOf(session, workflowId, runId);
    }
  } catch {
    // A server that does not know the attribute has never seen a worker of ours, and so no run either.
  }
  return undefined;
}

function busy(base: string, change: Change): HybridFlowError {
  return new HybridFlowError('BASE_BUSY', {
    found: `Another change of ${base} is running: ${change.type} (workflow ${change.workflowId}), since ${change.startedAt}`,
    expected: 'one change at a time',
    next: 'watch it with `hfv status`, and run again when it has ended',
    details: { change: viewOf(change) },
  });
}
