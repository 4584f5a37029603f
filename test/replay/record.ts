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
 * `node bin/run-ts.mjs test/replay/record.ts`, and record-versions.ts for what comes after the baseline. To be run, and its output committed, when the workflow changes on
 * purpose in a way that a run in flight would not survive.
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
}

const VERSION = 'v1_baseline_20260101_000000';
const refused = () => new HybridFlowError('NEO4J_REFUSED', { found: 'not allowed' });
const refusing = (call: string): Fault[] => [{ call, when: 'before', times: Infinity, error: refused }];
const CANNOT_UNDO = [...refusing('metadata.registry.commit'), ...refusing('graph.removeLabel')];

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
  'needs-operator': { faults: CANNOT_UNDO },
  'rollback-continued': { workflow: 'rollBackVersion', leftBy: CANNOT_UNDO },
  'rollback-refused': { workflow: 'rollBackVersion', world: labelled, input: { versionId: VERSION } },
  'health-checked': { workflow: 'checkHealth', world: labelled, input: { versionId: VERSION, delaySeconds: 1 } },
  'health-failed': { workflow: 'checkHealth', world: registered, input: { versionId: VERSION, delaySeconds: 1 } },
};

async function main(): Promise<void> {
  const { temporal } = await pythonTools();
  const env = await startTemporal();
  const workers = await startWorkers(env, new FakeWorld().deps());
  const { client } = env;
  const start = (type: string, workflowId: string, input: object) =>
    client.workflow.start(type, { args: [input], taskQueue: workers.taskQueue, workflowId });
  for (const [name, scenario] of Object.entries(SCENARIOS)) {
    const world = new FakeWorld(45);
    scenario.world?.(world);
    if (scenario.leftBy) {
      workers.assign(`${name}-before`, withFaults(world.deps(), scenario.leftBy).deps);
      await (await start('registerBaseline', `${name}-before`, {})).result().catch(() => undefined);
      workers.assign(undoWorkflowId('test', world.claim?.runId ?? ''), world.deps());
    }
    const running: { handle?: WorkflowHandle } = {};
    world.onBatch = async (batch) => {
      if (batch === 2 && running.handle) await scenario.atSecondBatch?.(running.handle);
    };
    const { deps } = withFaults(world.deps(), scenario.faults);
    workers.assign(name, { ...deps, ...scenario.spoil?.(deps, () => world.batches > 0) });
    const handle = await start(scenario.workflow ?? 'registerBaseline', name, scenario.input ?? {});
    running.handle = handle;
    await handle.result().catch(() => undefined);
    keepHistory(temporal, env.address, name, name);
  }
  await workers.stop();
  await env.teardown();
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
  process.exitCode = 1;
});
