import { ScheduleAlreadyRunning, ScheduleNotFoundError, type ScheduleOptions } from '@temporalio/client';
import { defineSearchAttributeKey, SearchAttributeType } from '@temporalio/common';
import type { CheckHealthInput } from '../domain/health';
import { healthScheduleId, SEARCH_ATTRIBUTES, TASK_QUEUE } from '../domain/names';
import type { Session } from './temporal';

/** The workflow's registered name; the client never loads workflow code. */
const CHECK_HEALTH = 'checkHealth';
const SHOWN_RUNS = 10;

const keyword = (name: string) => defineSearchAttributeKey(name, SearchAttributeType.KEYWORD);

/** The schedule of a base's health checks. Field names are part of the contract. */
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

/** Creates the schedule of the base's health checks, or changes the one that is there; a pause of it stays. */
export async function scheduleHealth(session: Session, base: string, everySeconds: number): Promise<ScheduleView> {
  const { schedule } = session.client;
  const scheduleId = healthScheduleId(base);
  const options = optionsOf(base, everySeconds);
  try {
    await schedule.create({ scheduleId, ...options });
  } catch (error) {
    if (!(error instanceof ScheduleAlreadyRunning)) throw error;
    await schedule.getHandle(scheduleId).update(({ state }) => ({ ...options, state }));
  }
  const made = await healthSchedule(session, base);
  if (!made) throw new Error(`the schedule ${scheduleId} is gone as soon as it was made`);
  return made;
}

function optionsOf(base: string, everySeconds: number): Omit<ScheduleOptions, 'scheduleId'> {
  const input: CheckHealthInput = { base };
  return {
    spec: { intervals: [{ every: everySeconds * 1_000 }] },
    // A check of a base whose stores hang is not joined by a second one.
    policies: { overlap: 'SKIP', catchupWindow: '1 minute' },
    action: {
      type: 'startWorkflow',
      workflowType: CHECK_HEALTH,
      workflowId: healthScheduleId(base),
      taskQueue: TASK_QUEUE,
      args: [input],
      typedSearchAttributes: [{ key: keyword(SEARCH_ATTRIBUTES.base), value: base }],
      staticSummary: `Health of ${base}, by schedule`,
    },
  };
}

/** Removes the schedule; checks under way end by themselves. False where there was none. */
export async function unscheduleHealth({ client }: Session, base: string): Promise<boolean> {
  try {
    await client.schedule.getHandle(healthScheduleId(base)).delete();
    return true;
  } catch (error) {
    if (error instanceof ScheduleNotFoundError) return false;
    throw error;
  }
}

/** The schedule as it stands; null where there is none. */
export async function healthSchedule({ client }: Session, base: string): Promise<ScheduleView | null> {
  const scheduleId = healthScheduleId(base);
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
