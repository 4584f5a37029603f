import type { WorkflowHandle } from '@temporalio/client';
import { runProgram } from '../../client/program';
import type { World } from '../../client/context';
import type { ActivityDeps } from '../../activities';
import { changeWorkflowId, rollbackWorkflowId, TASK_QUEUE, undoWorkflowId } from '../../domain/names';
import type { PublishInput } from '../../domain/publish';
import type { RollbackRecord } from '../../domain/rollback';
import type { DoctorReport } from '../../inspection/doctor';
import { findLeftovers } from '../../inspection/leftovers';
import { TestBase } from './base';
import { connectLive, type Live } from './live';
import { withMeddling } from './meddle';
import { Publishing } from './publishing';
import { startWorkers, type SharedWorkers } from './workflow-env';

/** Where a base's points may lie, and what stands for them. */
export interface Standing {
  collections: string[];
  aliases: Record<string, string>;
}

/** A small base whose changes have the id that the command line looks for; one after the other. */
export class AliasedBase {
  private constructor(
    readonly live: Live,
    readonly base: TestBase,
    readonly deps: ActivityDeps,
    private readonly workers: SharedWorkers,
  ) {}

  static async make(paragraphs: number): Promise<AliasedBase> {
    const live = await connectLive();
    try {
      const base = await TestBase.make({ paragraphs, migration: { batchSize: 20, batchesPerSpan: 3 } });
      // Whoever serves this queue after this test must not find checks of a base that is gone.
      base.settings.health.delaySeconds = 86_400;
      const deps = live.open(base.settings);
      return new AliasedBase(live, base, deps, await startWorkers(live, deps, TASK_QUEUE));
    } catch (error) {
      await live.close();
      throw error;
    }
  }

  async close(): Promise<void> {
    await this.workers.stop();
    await this.live.close().finally(() => this.base.close());
  }

  get #change(): string {
    return changeWorkflowId(this.base.settings.base);
  }

  /** Says on which stores the next change works, and whose leftovers it undoes on the way. */
  #assign(deps: ActivityDeps, deadRunId?: string): void {
    const { base } = this.base.settings;
    this.workers.assign(this.#change, deps);
    if (deadRunId !== undefined) this.workers.assign(undoWorkflowId(base, deadRunId), this.deps);
  }

  /** A change, or with an id of its own what may run beside one. */
  async run<T>(type: string, input: object, { dead, id }: { dead?: string; id?: string } = {}): Promise<T> {
    this.#assign(this.deps, dead);
    if (id !== undefined) this.workers.assign(id, this.deps);
    const workflowId = id ?? this.#change;
    const handle = await this.live.client.workflow.start(type, { taskQueue: TASK_QUEUE, workflowId, args: [input] });
    return (await handle.result()) as T;
  }

  async stage(input: PublishInput = {}, { on = this.deps, dead }: { on?: ActivityDeps; dead?: string } = {}) {
    this.#assign(on, dead);
    return Publishing.open(this.live, this.base, TASK_QUEUE, { startedBy: 'ann', ...input }, this.#change);
  }

  /** A staging on stores that end its run from outside right before this call; answers the id of the dead run. */
  async stageToDieBefore(call: string, after: string, write: (one: Publishing) => Promise<void>): Promise<string> {
    const begun: { handle?: WorkflowHandle } = {};
    let ended = () => undefined as void;
    const over = new Promise<void>((resolve) => (ended = resolve));
    const effect = async () => {
      await begun.handle?.terminate('killed by the test');
      ended();
      // As a worker that is gone: what it was about to do is not done.
      throw new Error('this worker is dead');
    };
    const publishing = await this.stage({}, { on: withMeddling(this.deps, [{ before: call, after, effect }]) });
    begun.handle = publishing.handle;
    await write(publishing);
    const { accepted, failed } = await publishing.ready();
    if (!accepted) throw new Error(`staging was refused: ${failed.join('; ')}`);
    await over;
    return (await publishing.handle.describe()).runId;
  }

  /** As `hfv rollback --continue` does. */
  async continueRollback(dead: string): Promise<RollbackRecord> {
    const id = rollbackWorkflowId(this.base.settings.base);
    return this.run<RollbackRecord>('rollBackVersion', { startedBy: 'ann' }, { id, dead });
  }

  /** A command in this process; its JSON and its exit code. */
  async hfv<T>(...args: string[]): Promise<{ exit: number; value: T }> {
    let [stdout, stderr] = ['', ''];
    const world: World = {
      stdout: { write: (text: string) => void (stdout += text) },
      stderr: { write: (text: string) => void (stderr += text) },
      cwd: this.live.stack.root,
      env: { HYBRIDFLOW_STACK_ENV: this.live.stack.envFile },
    };
    const exit = await runProgram(['--base', this.base.settings.base, ...args, '--json'], world);
    if (stdout.trim() === '') throw new Error(`hfv ${args.join(' ')} said nothing on stdout; on stderr: ${stderr}`);
    return { exit, value: JSON.parse(stdout) as T };
  }

  async doctor(): Promise<DoctorReport> {
    return (await this.hfv<DoctorReport>('doctor')).value;
  }

  async standing(): Promise<Standing> {
    return { collections: await this.base.collections(), aliases: await this.base.aliases() };
  }

  /** What is still there of changes, in every store, in the backups folder, and in what guards them; nothing is right. */
  async residue(): Promise<unknown[]> {
    const { base, deps } = this;
    const found = await findLeftovers(
      { ...deps, retention: { graceMinutes: 0, archiveDays: 90 } },
      { isOpen: ({ workflowId, runId }) => deps.runs.isOpen(workflowId, runId) },
    );
    const leftovers = found.leftovers.filter(({ kind }) => kind !== 'rescue');
    const snapshots = await Promise.all((await base.collections()).map((name) => base.snapshots(name)));
    const open = deps.metadata.journal.list().filter(({ state }) => state === 'switching' || state === 'committed');
    return [
      ...[...leftovers, ...found.notes, ...snapshots.flat(), ...open],
      ...base.sql(`SELECT name FROM sqlite_master WHERE name LIKE '%staging%'`),
      ...base.sql('SELECT * FROM write_fence'),
      ...(await base.cypher('MATCH (n:staging) RETURN n')),
      ...[await base.fence(), await deps.artifacts.readClaim()].filter((one) => one !== undefined),
      ...base.backups().filter((name) => /^\.[^/]*$/.test(name)),
    ];
  }
}
