import type { WorkflowHandle } from '@temporalio/client';
import type { ActivityDeps } from '../../activities';
import type { PublishInput } from '../../domain/publish';
import type { publishVersion } from '../../workflows';
import { progress } from '../../workflows/messages';
import { fakeWorkers, type FakeWorkers } from './fake-workers';
import { PublishWorld } from './fakes/publish-world';
import { until } from './until';

export type PublishRunHandle = WorkflowHandle<typeof publishVersion>;

export interface PublishRuns extends Pick<FakeWorkers, 'env' | 'workers'> {
  start(deps: ActivityDeps, input?: PublishInput): Promise<PublishRunHandle>;
  /** Started, and waiting for an ingestion. */
  open(deps: ActivityDeps, input?: PublishInput): Promise<PublishRunHandle>;
  /** A workflow of another type, on the same workers. */
  begin: FakeWorkers['start'];
}

/** A Temporal server and workers for one test file, and publications on stores in memory. Call it at the file's top. */
export function publishRuns(name: string): PublishRuns {
  const { env, workers, start: begin } = fakeWorkers(name, () => new PublishWorld().deps());
  const start: PublishRuns['start'] = (deps, input = {}) =>
    begin<typeof publishVersion>('publishVersion', deps, [input]);
  return {
    ...{ env, workers, start, begin },
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
