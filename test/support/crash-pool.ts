import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import type { WorkflowHandle } from '@temporalio/client';
import type { Settings } from '../../config/schema';
import { createWorkers } from '../../worker/create';
import { killChildren, script, type Child } from './children';
import type { CrashWorkerPlan } from './crash-worker';
import { nameOf, type Trap } from './crash-traps';
import { ownQueue, type Live } from './live';
import { until } from './until';
import { workflowBundle } from './workflow-env';

/** The server's PENDING_ACTIVITY_STATE_STARTED. */
const STARTED = 2;

/** Worker processes that run into traps; who dies is replaced, as a supervisor does. */
export class CrashPool {
  readonly taskQueue = ownQueue();
  readonly folder = mkdtempSync(join(tmpdir(), 'hfv-crash-'));
  #workers: Child[] = [];
  #traps: readonly Trap[] = [];
  #rounds = 0;
  #stopStores: () => Promise<void> = () => Promise.resolve();

  private constructor(
    private readonly live: Live,
    private readonly settings: Settings,
  ) {}

  /** Workflows, and what needs Neo4j and Qdrant alone, are this process's; the files belong to those that die. */
  static async open(live: Live, settings: Settings): Promise<CrashPool> {
    const pool = new CrashPool(live, settings);
    const { nativeConnection: connection, namespace } = live;
    const bundle = await workflowBundle();
    writeFileSync(join(pool.folder, 'bundle.js'), bundle.code);
    const { taskQueue } = pool;
    const deps = live.open(settings);
    const workers = await createWorkers({ connection, namespace, deps, role: 'stores', taskQueue, bundle });
    const running = Promise.all(workers.map((worker) => worker.run()));
    pool.#stopStores = async () => {
      workers.forEach((worker) => worker.shutdown());
      await running;
    };
    return pool;
  }

  /** Two workers at a time, until every trap has sprung. */
  async start(traps: readonly Trap[] = [], more: Partial<CrashWorkerPlan> = {}): Promise<void> {
    this.#traps = traps;
    this.#workers = [];
    mkdirSync(join(this.folder, `${++this.#rounds}`));
    await Promise.all(traps.length > 1 ? [this.worker(more), this.worker(more)] : [this.worker(more)]);
  }

  async worker(more: Partial<CrashWorkerPlan> = {}): Promise<Child> {
    const folder = join(this.folder, `${this.#rounds}`);
    const file = join(this.folder, `plan-${this.#rounds}-${this.#workers.length}.json`);
    const plan: CrashWorkerPlan = {
      ...{ settings: this.settings, taskQueue: this.taskQueue, bundle: join(this.folder, 'bundle.js'), role: 'files' },
      ...{ traps: { traps: this.#traps, folder }, ...more },
    };
    writeFileSync(file, JSON.stringify(plan));
    const worker = script('test/support/crash-worker.ts', [file]);
    this.#workers.push(worker);
    const traps = this.#traps;
    const replace = ({ stdout }: { stdout: string }) =>
      stdout.includes('trapped') && this.#traps === traps ? this.worker(more) : undefined;
    // One that is killed before it works is the end of a test.
    worker.ended.then(replace).catch(() => undefined);
    await worker.says('ready');
    return worker;
  }

  get sprung(): string[] {
    return readdirSync(join(this.folder, `${this.#rounds}`)).sort();
  }

  get missed(): string[] {
    return this.#traps.map(nameOf).filter((name) => !this.sprung.includes(name));
  }

  /** Waits until a worker is held in its trap; from then on it takes no new work. */
  async held(): Promise<Child> {
    const find = () => this.#workers.filter(({ stdout }) => stdout.includes('trapped'));
    const [worker] = await until('a worker in the trap', find, ({ length }) => length > 0);
    if (!worker) throw new Error('no worker is in the trap');
    worker.kill('SIGTERM');
    await worker.says('draining');
    return worker;
  }

  get deaths(): number {
    return this.#workers.filter(({ stdout }) => stdout.includes('trapped')).length;
  }

  /**
   * Waits for the end of a run whose workers die. The server would find out by itself once a heartbeat or a deadline
   * has passed; here it is told, by the id of the dead process: what comes after is the same.
   */
  async through<T>(handle: WorkflowHandle, seconds = 150): Promise<T> {
    let over = false;
    const result = handle.result().finally(() => (over = true)) as Promise<T>;
    result.catch(() => undefined);
    const bury = () => this.#bury(handle);
    await until('the end of the run', bury, () => over, { seconds, everyMs: 100 });
    return result;
  }

  async #bury(handle: WorkflowHandle): Promise<unknown> {
    const dead = this.#workers.filter(({ isOver }) => isOver).map(({ pid }) => `${pid}@${hostname()}`);
    const { raw, workflowId, runId } = await handle.describe();
    const held = (raw.pendingActivities ?? []).filter(
      ({ state, lastWorkerIdentity }) => Number(state) === STARTED && dead.includes(lastWorkerIdentity ?? ''),
    );
    const { activity } = this.live.client;
    for (const { activityId } of held) {
      const full = { workflowId, runId, activityId: activityId ?? '' };
      // By now it may have found out.
      await activity.fail(full, new Error('its worker is dead')).catch(() => undefined);
    }
    return (raw.pendingActivities ?? []).map(({ activityType, attempt }) => `${activityType?.name} (${attempt})`);
  }

  /** Whoever works or is held is killed. */
  async clear(): Promise<void> {
    this.#traps = [];
    await killChildren();
  }

  async close(): Promise<void> {
    await this.clear();
    await this.#stopStores();
    rmSync(this.folder, { recursive: true, force: true });
  }
}
