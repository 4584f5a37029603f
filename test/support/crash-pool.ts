import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import type { WorkflowHandle } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import { Worker } from '@temporalio/worker';
import { build, type Plugin } from 'esbuild';
import type { Settings } from '../../config/schema';
import { CHECKOUT, killChildren, script, start, type Child } from './children';
import type { CrashWorkerPlan } from './crash-worker';
import { nameOf, type Trap, type Traps } from './crash-traps';
import { ownQueue, type Live } from './live';
import { until } from './until';
import { workflowBundle } from './workflow-env';

/** The server's PENDING_ACTIVITY_STATE_STARTED. */
const STARTED = 2;

/** The backoff between attempts is not what is tested: it would grow with every death. */
const DEAD = { message: 'its worker is dead', nextRetryDelay: '10ms' } as const;

const SPARE = 2;

/** Makes bundles of workflows, which this worker runs none of; and looks for files beside its own. */
const NO_BUNDLER: Plugin = {
  name: 'no bundler',
  setup: ({ onLoad }) =>
    onLoad({ filter: /worker\/lib\/workflow\/bundler\.js$/ }, () => ({ contents: 'module.exports = {}' })),
};

/** One file, which starts in a fifth of the time that its sources take: there are hundreds of starts. */
async function bundleWorker(outfile: string): Promise<void> {
  const [entryPoints, external] = [[join(__dirname, 'crash-worker.ts')], ['@temporalio/core-bridge', 'better-sqlite3']];
  const plugins = [NO_BUNDLER];
  await build({ entryPoints, outfile, bundle: true, platform: 'node', external, plugins, logLevel: 'error' });
}

/** Worker processes that run into traps; who dies is replaced, as a supervisor does. */
export class CrashPool {
  readonly taskQueue = ownQueue();
  readonly folder = mkdtempSync(join(tmpdir(), 'hfv-crash-'));
  #workers: Child[] = [];
  #traps: readonly Trap[] = [];
  #every: Traps['every'];
  #rounds = 0;
  #stopWorkflows: () => Promise<void> = () => Promise.resolve();

  private constructor(
    private readonly live: Live,
    private readonly settings: Settings,
  ) {}

  /** Workflows are this process's; every activity belongs to those that die. */
  static async open(live: Live, settings: Settings): Promise<CrashPool> {
    const pool = new CrashPool(live, settings);
    const { nativeConnection: connection, namespace } = live;
    const { taskQueue, folder } = pool;
    const workflows = await workflowBundle();
    writeFileSync(join(folder, 'bundle.js'), workflows.code);
    await bundleWorker(join(folder, 'worker.js'));
    const worker = await Worker.create({ connection, namespace, taskQueue, workflowBundle: workflows });
    const running = worker.run();
    pool.#stopWorkflows = async () => {
      worker.shutdown();
      await running;
    };
    return pool;
  }

  /** Workers until every trap has sprung; `every` makes a trap of each step. */
  async start(
    traps: readonly Trap[] = [],
    { every, ...more }: Partial<CrashWorkerPlan> & Pick<Traps, 'every'> = {},
  ): Promise<void> {
    this.#traps = traps;
    this.#every = every;
    this.#workers = [];
    mkdirSync(join(this.folder, `${++this.#rounds}`));
    // While one dies and another takes its place, the next is on its way.
    const ahead = traps.length > 1 || every !== undefined ? SPARE : 0;
    await Promise.all(Array.from({ length: 1 + ahead }, () => this.worker(more)));
  }

  private async worker(more: Partial<CrashWorkerPlan>): Promise<Child> {
    const folder = join(this.folder, `${this.#rounds}`);
    const file = join(this.folder, `plan-${this.#rounds}-${this.#workers.length}.json`);
    const plan: CrashWorkerPlan = {
      ...{ settings: this.settings, taskQueue: this.taskQueue, bundle: join(this.folder, 'bundle.js') },
      ...{ role: 'activities', traps: { traps: this.#traps, folder, every: this.#every }, ...more },
    };
    writeFileSync(file, JSON.stringify(plan));
    const worker = this.#process(file, plan.role);
    this.#workers.push(worker);
    const traps = this.#traps;
    const replace = ({ stdout }: { stdout: string }) =>
      stdout.includes('trapped') && this.#traps === traps ? this.worker(more) : undefined;
    // One that is killed before it works is the end of a test.
    worker.ended.then(replace).catch(() => undefined);
    await worker.says('ready');
    return worker;
  }

  #process(plan: string, role: CrashWorkerPlan['role']): Child {
    // Who runs workflows looks for files beside its own.
    if (role !== 'activities') return script('test/support/crash-worker.ts', [plan]);
    const modules = { NODE_PATH: join(CHECKOUT, 'node_modules') };
    return start(process.execPath, [join(this.folder, 'worker.js'), plan], modules);
  }

  get sprung(): string[] {
    return readdirSync(join(this.folder, `${this.#rounds}`)).sort();
  }

  get trapped(): string[] {
    return this.#workers.flatMap(({ stdout }) => /^trapped (?:before|after) (.*)$/m.exec(stdout)?.[1] ?? []).sort();
  }

  /** Steps at which nobody was killed, because it would have been their activity's last attempt. */
  get spared(): string[] {
    return this.#every === undefined ? [] : this.sprung.filter((step) => !this.trapped.includes(step));
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
  async through<T>(handle: WorkflowHandle, seconds = 300): Promise<T> {
    let over = false;
    const result = handle.result().finally(() => (over = true)) as Promise<T>;
    result.catch(() => undefined);
    const bury = () => this.#bury(handle);
    await until(`the end of ${handle.workflowId}`, bury, () => over, { seconds, everyMs: 50 });
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
      await activity.fail(full, ApplicationFailure.create(DEAD)).catch(() => undefined);
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
    await this.#stopWorkflows();
    rmSync(this.folder, { recursive: true, force: true });
  }
}
