import { ScheduleAlreadyRunning, ScheduleNotFoundError, type ScheduleOptions } from '@temporalio/client';
import { defineSearchAttributeKey, SearchAttributeType } from '@temporalio/common';
import type { CheckHealthInput } from '../domain/health';
import { healthScheduleId, SEARCH_ATTRIBUTES, TASK_QUEUE } from '../domain/names';
import type { Session } from './temporal';

/** The workflow's registered name; the client never loads workflow code. */
const CHECK_HEALTH = 'checkHealth';
const SHOWN_RUNS = 10;

const keyword = (name: string) => defineSearchAttributeKey(name, SearchAttributeType.KEYWORD);

/** A schedule of a base. Field names are part of the contract. */
export interface ScheduleView {
  scheduleId: string;
  everySeconds: number | null;
  paused: boolean;
  note: string | null;
  nextAt: string | null;
  /** Runs that did not start because the one before had not ended. */
  skipped: number;
}

/** One health check that ran, by schedule or after a commit. */
export interface HealthRunView {
  workflowId: string;
  runId: string;
  startedAt: string;
  /** `RUNNING`, `COMPLETED`, … as Temporal names it. */
  status: string;
  /** `healthy` or `unhealthy`; null while it runs, or where it failed. */
  outcome: string | null;
  versionId: string | null;
  url: string | null;
}

/** A workflow that is to run by schedule. */
export interface Scheduled {
  /** Of the schedule; the runs that it starts have it with the moment appended. */
  scheduleId: string;
  /** The workflow's registered name; the client never loads workflow code. */
  workflowType: string;
  input: { base: string };
  summary: string;
}

/** Creates a schedule, or changes the one that is there; a pause of it stays. */
export async function putSchedule(session: Session, what: Scheduled, everySeconds: number): Promise<ScheduleView> {
  const { schedule } = session.client;
  const { scheduleId } = what;
  const options = optionsOf(what, everySeconds);
  try {
    await schedule.create({ scheduleId, ...options });
  } catch (error) {
    if (!(error instanceof ScheduleAlreadyRunning)) throw error;
    await schedule.getHandle(scheduleId).update(({ state }) => ({ ...options, state }));
  }
  const made = await readSchedule(session, scheduleId);
  if (!made) throw new Error(`the schedule ${scheduleId} is gone as soon as it was made`);
  return made;
}

function optionsOf(
  { scheduleId, workflowType, input, summary }: Scheduled,
  everySeconds: number,
): Omit<ScheduleOptions, 'scheduleId'> {
  return {
    spec: { intervals: [{ every: everySeconds * 1_000 }] },
    // A run that hangs because the base's stores do is not joined by a second one.
    policies: { overlap: 'SKIP', catchupWindow: '1 minute' },
    action: {
      type: 'startWorkflow',
      workflowType,
      workflowId: scheduleId,
      taskQueue: TASK_QUEUE,
      args: [input],
      typedSearchAttributes: [{ key: keyword(SEARCH_ATTRIBUTES.base), value: input.base }],
      staticSummary: summary,
    },
  };
}

/** Removes a schedule; runs under way end by themselves. False where there was none. */
export async function removeSchedule({ client }: Session, scheduleId: string): Promise<boolean> {
  try {
    await client.schedule.getHandle(scheduleId).delete();
    return true;
  } catch (error) {
    if (error instanceof ScheduleNotFoundError) return false;
    throw error;
  }
}

/** A schedule as it stands; null where there is none. */
export async function readSchedule({ client }: Session, scheduleId: string): Promise<ScheduleView | null> {
  try {
    const { spec, state, info } = await client.schedule.getHandle(scheduleId).describe();
    const every = spec.intervals?.[0]?.every;
    return {
      scheduleId,
      everySeconds: every === undefined ? null : every / 1_000,
      paused: state.paused,
      note: state.note ?? null,
      nextAt: info.nextActionTimes[0]?.toISOString() ?? null,
      skipped: info.numActionsSkippedOverlap,
    };
  } catch (error) {
    if (error instanceof ScheduleNotFoundError) return null;
    throw error;
  }
}

/** The schedule of the base's health checks. */
export function scheduleHealth(session: Session, base: string, everySeconds: number): Promise<ScheduleView> {
  const input: CheckHealthInput & { base: string } = { base };
  const summary = `Health of ${base}, by schedule`;
  const what = { scheduleId: healthScheduleId(base), workflowType: CHECK_HEALTH, input, summary };
  return putSchedule(session, what, everySeconds);
}

export function unscheduleHealth(session: Session, base: string): Promise<boolean> {
  return removeSchedule(session, healthScheduleId(base));
}

export function healthSchedule(session: Session, base: string): Promise<ScheduleView | null> {
  return readSchedule(session, healthScheduleId(base));
}

/** The last health checks of the base, the latest first. */
export async function healthRuns(session: Session, base: string): Promise<HealthRunView[]> {
  const query = `WorkflowType = '${CHECK_HEALTH}' AND ${SEARCH_ATTRIBUTES.base} = '${base}'`;
  const runs: HealthRunView[] = [];
  for await (const found of session.client.workflow.list({ query, pageSize: SHOWN_RUNS })) {
    const { workflowId, runId, startTime, status, typedSearchAttributes: attributes } = found;
    runs.push({
      workflowId,
      runId,
      startedAt: startTime.toISOString(),
      status: status.name,
      outcome: attributes.get(keyword(SEARCH_ATTRIBUTES.outcome)) ?? null,
      versionId: attributes.get(keyword(SEARCH_ATTRIBUTES.versionId)) ?? null,
      url: session.uiLink(workflowId, runId),
    });
    if (runs.length === SHOWN_RUNS) break;
  }
  return runs.sort((a, b) => (a.startedAt < b.startedAt ? 1 : -1));
}
