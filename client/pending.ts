import type { temporal } from '@temporalio/proto';
import type { Change } from './changes';
import { currentPollers, missingQueues } from './pollers';
import type { Session } from './temporal';

/** A step of a running change that has failed, and will be tried again. */
export interface FailingStep {
  activity: string;
  /** The attempt that runs, or is waited for. */
  attempt: number;
  error: string;
  /** When the next attempt begins; null while one runs. */
  nextAt: string | null;
}

/** Why a running change may stand still. */
export interface Standstill {
  failing: FailingStep[];
  /** Task queues of ours that nobody polls. */
  unpolled: string[];
}

type Pending = temporal.api.workflow.v1.IPendingActivityInfo;
type Failure = temporal.api.failure.v1.IFailure;

/** Asks Temporal what a running change waits for, the undo of a dead run that it may have started included. */
export async function standstillOf(session: Session, { workflowId, runId }: Change): Promise<Standstill> {
  const [failing, pollers] = await Promise.all([
    failingSteps(session, workflowId, runId, true),
    currentPollers(session),
  ]);
  return { failing, unpolled: missingQueues(pollers) };
}

async function failingSteps(
  session: Session,
  workflowId: string,
  runId: string,
  withChildren: boolean,
): Promise<FailingStep[]> {
  const { raw } = await session.client.workflow.getHandle(workflowId, runId).describe();
  const own = (raw.pendingActivities ?? []).filter(({ attempt }) => (attempt ?? 1) > 1).map(stepOf);
  if (!withChildren) return own;
  const children = await Promise.all(
    (raw.pendingChildren ?? []).map((child) =>
      // One that has ended since is none to wait for.
      failingSteps(session, child.workflowId ?? '', child.runId ?? '', false).catch(() => []),
    ),
  );
  return [...own, ...children.flat()];
}

function stepOf({ activityType, attempt, lastFailure, nextAttemptScheduleTime }: Pending): FailingStep {
  const at = Number(nextAttemptScheduleTime?.seconds ?? 0) * 1_000;
  return {
    activity: activityType?.name ?? '',
    attempt: attempt ?? 1,
    error: errorOf(lastFailure),
    nextAt: at > 0 ? new Date(at).toISOString() : null,
  };
}

/** The code, where the failure has one, and what it says. */
function errorOf(failure: Failure | null | undefined): string {
  if (!failure) return 'no reason is known';
  const code = failure.applicationFailureInfo?.type;
  const message = failure.message ?? '';
  return code ? `${code}: ${message}` : message;
}
