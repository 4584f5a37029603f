import type { WorkflowHandle } from '@temporalio/client';
import type { ActivityDeps } from '../../activities';
import type { RegisterBaselineInput } from '../../domain/baseline';
import type { RollBackInput } from '../../domain/rollback';
import type { registerBaseline, rollBackVersion } from '../../workflows';
import { fakeWorkers } from './fake-workers';
import { FakeWorld } from './fake-world';

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
  const fakes = fakeWorkers(name, () => new FakeWorld().deps());
  return {
    start: (deps, { input = {}, deadRunId } = {}) =>
      fakes.start<typeof registerBaseline>('registerBaseline', deps, [input], { deadRunId }),
    rollBack: (deps, input = {}, deadRunId) =>
      fakes.start<typeof rollBackVersion>('rollBackVersion', deps, [input], { deadRunId, of: `${name}-rollback` }),
  };
}
