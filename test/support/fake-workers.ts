import type { Workflow, WorkflowHandle, WorkflowStartOptions } from '@temporalio/client';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import type { ActivityDeps } from '../../activities';
import { undoWorkflowId } from '../../domain/names';
import { startTemporal, startWorkers, type SharedWorkers } from './workflow-env';

export interface FakeWorkers {
  env(): TestWorkflowEnvironment;
  workers(): SharedWorkers;
  /** An id that no other run has, whose activities reach these stores. */
  idFor(deps: ActivityDeps, of?: string): string;
  /** Starts a workflow of that name under such an id. */
  start<W extends Workflow>(
    type: string,
    deps: ActivityDeps,
    args: Parameters<W>,
    options?: FakeStartOptions,
  ): Promise<WorkflowHandle<W>>;
}

export interface FakeStartOptions {
  /** The dead run whose undo, a workflow of its own, is to reach the same stores. */
  deadRunId?: string;
  /** What the id says that it is, where one file starts several kinds. */
  of?: string;
}

/** A Temporal server and workers for one test file, on stores in memory. To be called at the top of the file. */
export function fakeWorkers(name: string, common: () => ActivityDeps, startServer = startTemporal): FakeWorkers {
  let env: TestWorkflowEnvironment;
  let workers: SharedWorkers;
  let ids = 0;
  beforeAll(async () => {
    env = await startServer();
    workers = await startWorkers(env, common());
  });
  afterAll(async () => {
    await workers?.stop();
    await env?.teardown();
  });
  const idFor: FakeWorkers['idFor'] = (deps, of = name) => {
    const workflowId = `${of}-${process.pid}-${++ids}`;
    workers.assign(workflowId, deps);
    return workflowId;
  };
  return {
    env: () => env,
    workers: () => workers,
    idFor,
    start: <W extends Workflow>(
      type: string,
      deps: ActivityDeps,
      args: Parameters<W>,
      { deadRunId, of }: FakeStartOptions = {},
    ) => {
      const workflowId = idFor(deps, of);
      if (deadRunId !== undefined) workers.assign(undoWorkflowId(deps.settings.base, deadRunId), deps);
      const options = { args, taskQueue: workers.taskQueue, workflowId };
      return env.client.workflow.start<W>(type, options as unknown as WorkflowStartOptions<W>);
    },
  };
}
