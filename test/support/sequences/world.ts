import type { WorkflowHandle } from '@temporalio/client';
import type { ActivityDeps } from '../../../activities';
import type { RestoreOutcome } from '../../../domain/restore';
import type { WindowApplied } from '../../../domain/retention';
import { createWorkers } from '../../../worker/create';
import { TestBase } from '../base';
import { ownQueue, type Live } from '../live';
import { Publishing, registerBaseline } from '../publishing';
import { workflowBundle } from '../workflow-env';
import { contentsOf, seen } from './look';
import { KEEP, Model } from './model';
import { Traps } from './run-traps';

let runs = 0;

/** One base on real services, its worker with traps in its ports, and whatever staging is open. */
export class World {
  publishing: Publishing | undefined;
  readonly traps = new Traps();

  private constructor(
    readonly live: Live,
    readonly base: TestBase,
    readonly deps: ActivityDeps,
    readonly taskQueue: string,
  ) {}

  #stop: () => Promise<void> = () => Promise.resolve();

  static async make(live: Live, paragraphs: number): Promise<{ world: World; model: Model }> {
    const base = await TestBase.make({ paragraphs, migration: { batchSize: 25, batchesPerSpan: 2 } });
    // With no grace whatever was left would be seen: a sweep is part of the window, and the window is not always applied.
    base.settings.retention = { keep: KEEP, emergencyKeep: 1, archiveDays: 0, graceMinutes: 0 };
    // Latency is not what is tried here, and a busy machine is no failure.
    base.settings.probes = { ...base.settings.probes, repeats: 1 };
    const world = new World(live, base, live.open(base.settings), ownQueue());
    try {
      const contents = contentsOf(await seen(base));
      await world.#work();
      return { world, model: new Model(await registerBaseline(live, world.taskQueue), contents) };
    } catch (error) {
      await world.close();
      throw error;
    }
  }

  async close(): Promise<void> {
    await Publishing.closeLast();
    await this.#stop();
    await this.base.close();
  }

  async start<T>(type: string, input: object): Promise<WorkflowHandle<() => Promise<T>>> {
    const workflowId = `${this.taskQueue}-${++runs}`;
    const { taskQueue } = this;
    return this.live.client.workflow.start<() => Promise<T>>(type, {
      ...{ taskQueue, workflowId, args: [input] as unknown as [] },
    });
  }

  async run<T>(type: string, input: object): Promise<T> {
    return (await this.start<T>(type, input)).result();
  }

  async stage(from: string | undefined, requireApproval: boolean): Promise<string> {
    const input = { requireApproval, ...(from !== undefined && { from }) };
    this.publishing = await Publishing.open(this.live, this.base, this.taskQueue, input);
    return (await this.publishing.view()).versionId ?? '';
  }

  restore(version: string): Promise<RestoreOutcome> {
    return this.run<RestoreOutcome>('restoreVersion', { version });
  }

  retain(): Promise<WindowApplied> {
    return this.run<WindowApplied>('applyRetention', {});
  }

  async #work(): Promise<void> {
    const { live, deps, taskQueue } = this;
    const workers = await createWorkers({
      connection: live.nativeConnection,
      namespace: live.namespace,
      deps: this.traps.wrap(deps),
      taskQueue,
      bundle: await workflowBundle(),
    });
    const running = Promise.all(workers.map((worker) => worker.run()));
    this.#stop = async () => {
      workers.forEach((worker) => worker.shutdown());
      await running;
    };
  }
}
