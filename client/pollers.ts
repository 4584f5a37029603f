import { temporal } from '@temporalio/proto';
import { filesQueue, TASK_QUEUE } from '../domain/names';
import type { Session } from './temporal';

const { TASK_QUEUE_TYPE_WORKFLOW, TASK_QUEUE_TYPE_ACTIVITY } = temporal.api.enums.v1.TaskQueueType;

/** A worker's poll lasts a minute, and Temporal remembers it for five: one that has not come back since is gone. */
const POLLING_WITHIN_MS = 75_000;

export interface Poller {
  identity: string;
  /** Milliseconds since it last asked for work. */
  ago: number;
}

/** Who polls the two queues that a migration needs: workflows, and the files' own activities. */
export interface Pollers {
  workflows: Poller[];
  files: Poller[];
}

/** Asks Temporal who polls our queues at the moment. */
export async function currentPollers(session: Session): Promise<Pollers> {
  const [workflows, files] = await Promise.all([
    pollersOf(session, TASK_QUEUE, TASK_QUEUE_TYPE_WORKFLOW),
    pollersOf(session, filesQueue(TASK_QUEUE), TASK_QUEUE_TYPE_ACTIVITY),
  ]);
  return { workflows, files };
}

async function pollersOf(
  { client, namespace }: Session,
  name: string,
  taskQueueType: temporal.api.enums.v1.TaskQueueType,
): Promise<Poller[]> {
  const answer = await client.workflowService.describeTaskQueue({ namespace, taskQueue: { name }, taskQueueType });
  const now = Date.now();
  return (answer.pollers ?? [])
    .map(({ identity, lastAccessTime }) => ({
      identity: identity ?? '',
      ago: now - Number(lastAccessTime?.seconds ?? 0) * 1_000,
    }))
    .filter(({ ago }) => ago < POLLING_WITHIN_MS);
}

/** Why a run that does not answer may not be moving, in words. */
export async function workerTrouble(session: Session): Promise<string> {
  return describeTrouble(await currentPollers(session));
}

/** Task queues of a migration that nobody polls. */
export function missingQueues({ workflows, files }: Pollers): string[] {
  return [...(workflows.length === 0 ? [TASK_QUEUE] : []), ...(files.length === 0 ? [filesQueue(TASK_QUEUE)] : [])];
}

export function describeTrouble(pollers: Pollers): string {
  const { workflows } = pollers;
  const queues = missingQueues(pollers);
  if (queues.length === 0) {
    return `the run does not answer, although ${workflows.map(({ identity }) => identity).join(', ')} polled lately: the worker is busy, or has just died (start one with \`hfv worker\`)`;
  }
  return `no worker polls the task queue ${queues.join(' and ')}: the run waits until one does; start it in another terminal with \`hfv worker\``;
}
