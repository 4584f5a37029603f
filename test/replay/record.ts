import { execFileSync } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { WorkflowHandle } from '@temporalio/client';
import type { ActivityDeps } from '../../activities';
import { undoWorkflowId } from '../../domain/names';
import { HybridFlowError } from '../../domain/errors';
import { abort, pauseNeo4jWrites, resumeNeo4jWrites } from '../../workflows/messages';
import { FakeWorld } from '../support/fake-world';
import { withFaults, type Fault } from '../support/faults';
import { pythonTools } from '../support/tools';
import { startTemporal, startWorkers } from '../support/workflow-env';
import { keepHistory } from './history';

/**
 * Records the histories that replay.test.ts replays, one per way a run can end:
 * `node bin/run-ts.mjs test/replay/record.ts [name…]`, and record-versions.ts for what comes after the baseline. To be
 * run, and its output committed, when the workflow changes on purpose in a way that a run in flight would not survive.
 */
interface Scenario {
  /** `registerBaseline` where it is left out. */
  workflow?: 'registerBaseline' | 'checkHealth' | 'rollBackVersion';
  faults?: Fault[];
  input?: object;
  world?: (world: FakeWorld) => void;
  /** Stores that begin to answer otherwise once labels have been given. */
  spoil?: (deps: ActivityDeps, spoiled: () => boolean) => Partial<ActivityDeps>;
  /** What is said to the run while its second batch is held. */
  atSecondBatch?: (handle: WorkflowHandle) => Promise<void>;
  /** A run that is left half undone first. */
  leftBy?: Fault[];
  /** A run that still goes on, held at its second batch until it has been asked to stop. */
  stops?: boolean;
}

const VERSION = 'v1_baseline_20260101_000000';
const refused = () => new HybridFlowError('NEO4J_REFUSED', { found: 'not allowed' });
const refusing = (call: string): Fault[] => [{ call, when: 'before', times: Infinity, error: refused }];
const CANNOT_UNDO = [...refusing('metadata.registry.commit'), ...refusing('graph.removeLabel')];

/** Somebody wrote to the graph; it is as it was once it has been put back. */
function contaminated({ graph }: ActivityDeps, spoiled: () => boolean): Partial<ActivityDeps> {
  let back = false;
  const fingerprint: typeof graph.fingerprint = async (...given) => {
    const groups = await graph.fingerprint(...given);
    return spoiled() && !back ? groups.map((group) => ({ ...group, sha256: 'f'.repeat(64) })) : groups;
  };
  const restoreFrom: typeof graph.restoreFrom = (...given) => ((back = true), graph.restoreFrom(...given));
  return { graph: { ...graph, fingerprint, restoreFrom } };
}

function registered(world: FakeWorld): void {
  world.tables = 'ours';
  const ids = { workflowId: 'w', runId: 'r', chapterCount: 3, paragraphCount: world.chunks.length };
  const row = world.registry.registerBaseline({ versionId: VERSION, ...ids });
  Object.assign(row, { status: 'committed', validationPassed: true });
}

function labelled(world: FakeWorld): void {
  registered(world);
  for (const chunk of world.chunks) world.labelled.add(chunk);
}

const SCENARIOS: Record<string, Scenario> = {
  committed: {},
  tagged: { input: { gitTag: true } },
  'already-registered': { world: registered },
  'retried-outage': { faults: [{ call: 'graph.labelBatch', when: 'after', skip: 1, times: 1 }] },
  'smaller-batches': { faults: [{ call: 'graph.labelBatch', when: 'before', skip: 1, times: 1, error: refused }] },
  'paused-and-resumed': {
    atSecondBatch: async (handle) => {
      await handle.signal(pauseNeo4jWrites, { reason: 'test' });
      await handle.signal(resumeNeo4jWrites);
    },
  },
  aborted: { atSecondBatch: (handle) => handle.signal(abort, { reason: 'test' }) },
  cancelled: { atSecondBatch: async (handle) => void (await handle.cancel()) },
  refused: { world: (world) => world.labelled.add('someone') },
  'plan-changed': { input: { planHash: '0'.repeat(64) } },
  'trigger-1': { faults: refusing('metadata.createTables') },
  'trigger-2': { faults: refusing('metadata.registry.registerBaseline') },
  'trigger-3': {
    spoil: ({ graph }, spoiled) => ({
      graph: { ...graph, orphans: async () => ({ total: spoiled() ? 1 : 0, samples: spoiled() ? ['lost'] : [] }) },
    }),
  },
  'trigger-4': { faults: refusing('graph.labelBatch') },
  'trigger-5': {
    spoil: ({ graph }, spoiled) => ({
      graph: { ...graph, texts: async (ids) => (spoiled() ? {} : graph.texts(ids)) },
    }),
  },
  'trigger-6': {
    spoil: ({ vectors }, spoiled) => ({
      vectors: { ...vectors, status: async () => ({ points: spoiled() ? 44 : 45, status: 'green' }) },
    }),
  },
  'store-restored': { spoil: contaminated },
  'needs-operator': { faults: CANNOT_UNDO },
  'rollback-stops-a-run': { workflow: 'rollBackVersion', stops: true },
  'rollback-continued': { workflow: 'rollBackVersion', leftBy: CANNOT_UNDO },
  'rollback-refused': { workflow: 'rollBackVersion', world: labelled, input: { versionId: VERSION } },
  'health-checked': { workflow: 'checkHealth', world: labelled, input: { versionId: VERSION, delaySeconds: 1 } },
  'health-failed': { workflow: 'checkHealth', world: registered, input: { versionId: VERSION, delaySeconds: 1 } },
};

type Start = (type: string, workflowId: string, input: object) => Promise<WorkflowHandle>;

/** A run that waits at its second batch; answers what lets it go on, once it has been asked to stop. */
async function standing(world: FakeWorld, start: Start, workflowId: string): Promise<() => Promise<void>> {
  let release = (): void => undefined;
  const held = new Promise<void>((resolve) => (release = resolve));
  let reached = (): void => undefined;
  const atSecond = new Promise<void>((resolve) => (reached = resolve));
  world.onBatch = async (batch) => {
    if (batch !== 2) return;
    reached();
    await held;
  };
  const run = await start('registerBaseline', workflowId, {});
  await atSecond;
  const { runId } = await run.describe();
  world.openRuns.add(runId);
  // First it is looked whether the run still goes on; once its end is waited for, it has been asked.
  let looks = 0;
  const asked = new Promise<void>((resolve) => {
    world.onIsOpen = () => (++looks > 1 ? resolve() : undefined);
  });
  void run
    .result()
    .catch(() => undefined)
    .finally(() => world.openRuns.delete(runId));
  return async () => {
    await asked;
    release();
  };
}

/** A repository that git finds by the environment, so that no history names a folder of this machine. */
function repositoryToTag(): { repository: string; tag: string } {
  const folder = mkdtempSync(join(tmpdir(), 'hfv-git-'));
  process.env.GIT_DIR = join(folder, '.git');
  process.env.GIT_WORK_TREE = folder;
  const git = (...args: string[]) => execFileSync('git', args, { cwd: folder });
  git('init', '--quiet');
  git('config', 'user.name', 'a test');
  git('config', 'user.email', 'test@localhost');
  git('config', 'tag.gpgSign', 'false');
  git('commit', '--quiet', '--allow-empty', '--no-gpg-sign', '-m', 'first');
  return { repository: '.', tag: 'v1.0.0-baseline' };
}

/** Only those named on the command line, or all. */
async function main(wanted: readonly string[]): Promise<void> {
  const { temporal } = await pythonTools();
  const env = await startTemporal();
  const git = repositoryToTag();
  const workers = await startWorkers(env, { ...new FakeWorld().deps(), git });
  const { client } = env;
  const start: Start = (type, workflowId, input) =>
    client.workflow.start(type, { args: [input], taskQueue: workers.taskQueue, workflowId });
  for (const [name, scenario] of Object.entries(SCENARIOS)) {
    if (wanted.length > 0 && !wanted.includes(name)) continue;
    const { workflow = 'registerBaseline', input = {}, leftBy, stops, faults, spoil, atSecondBatch } = scenario;
    const world = new FakeWorld(45);
    scenario.world?.(world);
    const before = `${name}-before`;
    workers.assign(before, withFaults(world.deps(), leftBy).deps);
    if (leftBy) {
      await (await start('registerBaseline', before, {})).result().catch(() => undefined);
      workers.assign(undoWorkflowId('test', world.claim?.runId ?? ''), world.deps());
    }
    const running: { handle?: WorkflowHandle } = {};
    world.onBatch = async (batch) => {
      if (batch === 2 && running.handle) await atSecondBatch?.(running.handle);
    };
    const release = stops ? await standing(world, start, before) : undefined;
    const { deps } = withFaults(world.deps(), faults);
    workers.assign(name, { ...deps, ...spoil?.(deps, () => world.batches > 0) });
    const handle = await start(workflow, name, input);
    running.handle = handle;
    await release?.();
    await handle.result().catch(() => undefined);
    keepHistory(temporal, env.address, name, name);
  }
  await workers.stop();
  await env.teardown();
}

main(process.argv.slice(2)).catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
  process.exitCode = 1;
});
