import type { WorkflowHandle } from '@temporalio/client';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import type { ActivityDeps } from '../../activities';
import type { RegisterBaselineInput } from '../../domain/baseline';
import { undoWorkflowId } from '../../domain/names';
import type { RollBackInput } from '../../domain/rollback';
import type { registerBaseline, rollBackVersion } from '../../workflows';
import { FakeWorld } from './fake-world';
import { startTemporal, startWorkers, type SharedWorkers } from './workflow-env';

export type Handle = WorkflowHandle<typeof registerBaseline>;
export type RollBackHandle = WorkflowHandle<typeof rollBackVersion>;

export interface StartOptions {
  input?: RegisterBaselineInput | null;
  /** The dead run whose undo this run is to have done, where the test lays one out. */
  deadRunId?: string;
}

/** A Temporal server and workers for one test file, and runs on stores in memory. Call it at the top of the file. */
export interface FakeRuns {
  start(deps: ActivityDeps, options?: StartOptions): Promise<Handle>;
  /** A rollback; its undo, a workflow of its own, reaches the same stores. */
  rollBack(deps: ActivityDeps, input?: RollBackInput, deadRunId?: string): Promise<RollBackHandle>;
}

export function fakeRuns(name: string): FakeRuns {
  let env: TestWorkflowEnvironment;
  let workers: SharedWorkers;
  let ids = 0;
  beforeAll(async () => {
    env = await startTemporal();
    workers = await startWorkers(env, new FakeWorld().deps());
  });
  afterAll(async () => {
    await workers.stop();
    await env.teardown();
  });
  return {
    start(deps, { input = {}, deadRunId }: StartOptions = {}) {
      const workflowId = `${name}-${process.pid}-${++ids}`;
      workers.assign(workflowId, deps);
      if (deadRunId !== undefined) workers.assign(undoWorkflowId(deps.settings.base, deadRunId), deps);
      const { taskQueue } = workers;
      return env.client.workflow.start<typeof registerBaseline>('registerBaseline', {
        args: [input],
        taskQueue,
        workflowId,
      });
    },
    rollBack(deps, input = {}, deadRunId) {
      const workflowId = `${name}-rollback-${process.pid}-${++ids}`;
      workers.assign(workflowId, deps);
      if (deadRunId !== undefined) workers.assign(undoWorkflowId(deps.settings.base, deadRunId), deps);
      const { taskQueue } = workers;
      return env.client.workflow.start<typeof rollBackVersion>('rollBackVersion', {
        args: [input],
        taskQueue,
        workflowId,
      });
    },
  };
}
