import { Worker, type NativeConnection, type WorkerOptions } from '@temporalio/worker';
import { createFileActivities, createStoreActivities, type ActivityDeps } from '../activities';
import { filesQueue, TASK_QUEUE } from '../domain/names';

/**
 * What a worker takes on: `stores` runs workflows and the Qdrant/Neo4j activities, `files` whatever touches
 * metadata.db or local artifacts (only where those files are), `all` both.
 */
export const ROLES = ['all', 'stores', 'files'] as const;
export type Role = (typeof ROLES)[number];

export interface WorkerSetup {
  connection: NativeConnection;
  namespace: string;
  deps: ActivityDeps;
  role?: Role;
  taskQueue?: string;
  /** The bundled workflows; only the role `files` does without. */
  bundle?: WorkerOptions['workflowBundle'];
}

const SHARED: Partial<WorkerOptions> = {
  // An activity that is cancelled has this long to reach its batch's end.
  shutdownGraceTime: '10s',
  shutdownForceTime: '30s',
  // Cancellation reaches a heartbeating activity with its next heartbeat, so heartbeats must not wait long.
  maxHeartbeatThrottleInterval: '500ms',
  defaultHeartbeatThrottleInterval: '500ms',
  maxCachedWorkflows: 20,
};

/** Creates the workers of a role; each polls one task queue. */
export async function createWorkers(setup: WorkerSetup): Promise<Worker[]> {
  const { connection, namespace, deps, role = 'all', taskQueue = TASK_QUEUE } = setup;
  const shared = { ...SHARED, connection, namespace };
  const workers: Worker[] = [];
  if (role !== 'files') {
    const activities = createStoreActivities(deps);
    workers.push(await Worker.create({ ...shared, workflowBundle: setup.bundle, taskQueue, activities }));
  }
  if (role !== 'stores') {
    workers.push(
      await Worker.create({ ...shared, taskQueue: filesQueue(taskQueue), activities: createFileActivities(deps) }),
    );
  }
  return workers;
}
