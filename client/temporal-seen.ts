import { WorkflowNotFoundError } from '@temporalio/client';
import type { BaselineOutcome } from '../domain/baseline';
import { rollbackWorkflowId } from '../domain/names';
import { redact } from '../domain/masking';
import type { ChangeSeen, TemporalSeen } from '../inspection/doctor';
import type { IsOpen } from '../inspection/holders';
import { findChange, isRunning, type Change } from './changes';
import type { Context } from './context';
import { standstillOf } from './pending';
import { currentPollers, missingQueues } from './pollers';
import { isRunOpen } from './run-open';
import type { Session } from './temporal';
import { progressOf } from './watch';

/** A server that takes a connection and then says nothing must not hold whoever asks. */
const PATIENCE_MS = 5_000;

/** What Temporal tells about the base: who is at work, what that run waits for, and who polls. */
export async function seeTemporal(context: Context, session: Session): Promise<TemporalSeen> {
  const { base } = context.settings();
  const [change, pollers] = await soon(session, () =>
    Promise.all([
      atWork(session, base),
      // An older server cannot tell; that is no reason to hear nothing else of it.
      currentPollers(session).catch(() => undefined),
    ]),
  );
  return {
    service: { name: 'Temporal', up: true, found: `${session.address}, namespace ${session.namespace}` },
    change: change ? redact(await seeChange(session, change), context.secrets()) : null,
    unpolled: pollers ? missingQueues(pollers) : null,
    isOpen: isOpenIn(session),
  };
}

/** Where Temporal does not answer: nobody can say who is at work. */
export function temporalDown(why: string): TemporalSeen {
  return {
    service: { name: 'Temporal', up: false, found: why },
    change: null,
    unpolled: null,
    isOpen: async () => undefined,
  };
}

/** The change that runs, or else the rollback of one. */
async function atWork(session: Session, base: string): Promise<Change | undefined> {
  const change = await findChange(session, base);
  if (change && isRunning(change)) return change;
  const workflowId = rollbackWorkflowId(base);
  const handle = session.client.workflow.getHandle<() => Promise<BaselineOutcome>>(workflowId);
  try {
    const { runId, type, status, startTime } = await handle.describe();
    const found = { workflowId, runId, type, status: status.name, startedAt: startTime.toISOString(), closedAt: null };
    const url = session.uiLink(workflowId, runId);
    return isRunning(found) ? { ...found, url, handle } : undefined;
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return undefined;
    throw error;
  }
}

async function seeChange(session: Session, change: Change): Promise<ChangeSeen> {
  const { workflowId, runId, type, startedAt, url } = change;
  const [progress, standstill, details] = await Promise.all([
    progressOf(session, change),
    soon(session, () => standstillOf(session, change)).catch(() => undefined),
    soon(session, async () => (await change.handle.describe()).staticDetails()).catch(() => undefined),
  ]);
  return {
    ...{ workflowId, runId, type, startedAt, url },
    versionId: progress?.versionId ?? null,
    phase: progress?.phase ?? null,
    staging: progress?.staging ?? null,
    failing: (standstill?.failing ?? []).map(({ activity, attempt, error }) => ({ activity, attempt, error })),
    details: details ?? null,
  };
}

/** Undefined where this namespace cannot know, or Temporal does not say in time. */
function isOpenIn(session: Session): IsOpen {
  return (run) => soon(session, () => isRunOpen(session, run)).catch(() => undefined);
}

function soon<T>({ client }: Session, work: () => Promise<T>): Promise<T> {
  return client.withDeadline(Date.now() + PATIENCE_MS, work);
}
