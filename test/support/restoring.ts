import type { WorkflowHandle } from '@temporalio/client';
import type { ActivityDeps } from '../../activities';
import type { BaselineOutcome } from '../../domain/baseline';
import { undoWorkflowId } from '../../domain/names';
import { TestBase } from './base';
import { connectLive, ownQueue, type Live } from './live';
import { startWorkers, type SharedWorkers } from './workflow-env';

/** A small base with a registered baseline, on which restores run with whatever ports a test gives them. */
export class Restoring {
  #runs = 0;

  private constructor(
    readonly live: Live,
    readonly base: TestBase,
    readonly deps: ActivityDeps,
    readonly baseline: string,
    private readonly workers: SharedWorkers,
  ) {}

  static async open(paragraphs: number): Promise<Restoring> {
    const live = await connectLive();
    const base = await TestBase.make({ paragraphs, migration: { batchSize: 20, batchesPerSpan: 3 } });
    const deps = live.open(base.settings);
    const workers = await startWorkers(live, deps);
    return new Restoring(live, base, deps, await register(live, base), workers);
  }

  /** `deadRunId`: the undo of that run is to have the same ports. */
  async start(type: string, to: ActivityDeps, input: object, deadRunId?: string): Promise<WorkflowHandle> {
    const { taskQueue } = this.workers;
    const workflowId = `${taskQueue}-${++this.#runs}`;
    this.workers.assign(workflowId, to);
    if (deadRunId !== undefined) this.workers.assign(undoWorkflowId(this.base.settings.base, deadRunId), to);
    return this.live.client.workflow.start(type, { taskQueue, workflowId, args: [input] });
  }

  async close(): Promise<void> {
    await this.workers.stop();
    await this.live.close().finally(() => this.base.close());
  }
}

async function register(live: Live, base: TestBase): Promise<string> {
  const taskQueue = ownQueue();
  const worker = await live.work(base.settings, taskQueue);
  const handle = await live.client.workflow.start('registerBaseline', { taskQueue, workflowId: taskQueue, args: [{}] });
  const { versionId } = (await handle.result()) as BaselineOutcome;
  await worker.stop();
  return versionId;
}
