import type { WorkflowHandle } from '@temporalio/client';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import type { ActivityDeps } from '../../activities';
import type { PublishInput } from '../../domain/publish';
import type { publishVersion } from '../../workflows';
import { progress } from '../../workflows/messages';
import { PublishWorld } from './fakes/publish-world';
import { until } from './until';
import { startTemporal, startWorkers, type SharedWorkers } from './workflow-env';

export type PublishRunHandle = WorkflowHandle<typeof publishVersion>;

export interface PublishRuns {
  env(): TestWorkflowEnvironment;
  workers(): SharedWorkers;
  start(deps: ActivityDeps, input?: PublishInput): Promise<PublishRunHandle>;
  /** Started, and waiting for an ingestion. */
  open(deps: ActivityDeps, input?: PublishInput): Promise<PublishRunHandle>;
}

/** A Temporal server and workers for one test file, and publications on stores in memory. Call it at the file's top. */
export function publishRuns(name: string): PublishRuns {
  let env: TestWorkflowEnvironment;
  let workers: SharedWorkers;
  let ids = 0;
  beforeAll(async () => {
    env = await startTemporal();
    workers = await startWorkers(env, new PublishWorld().deps());
  });
  afterAll(async () => {
    await workers?.stop();
    await env?.teardown();
  });
  const start: PublishRuns['start'] = (deps, input = {}) => {
    const workflowId = `${name}-${process.pid}-${++ids}`;
    workers.assign(workflowId, deps);
    const { taskQueue } = workers;
    return env.client.workflow.start<typeof publishVersion>('publishVersion', { args: [input], taskQueue, workflowId });
  };
  return {
    env: () => env,
    workers: () => workers,
    start,
    async open(deps, input) {
      const handle = await start(deps, input);
      await until(
        'staging is open',
        async () => (await handle.query(progress)).staging?.stage,
        (stage) => stage === 'open',
      );
      return handle;
    },
  };
}
