import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { WorkflowHandle } from '@temporalio/client';
import type { RegisterBaselineInput } from '../../domain/baseline';
import { HybridFlowError } from '../../domain/errors';
import { abort, pauseNeo4jWrites, resumeNeo4jWrites } from '../../workflows/messages';
import { FakeWorld } from '../support/fake-world';
import { withFaults, type Fault } from '../support/faults';
import { pythonTools } from '../support/tools';
import { startTemporal, startWorkers } from '../support/workflow-env';

/**
 * Records the histories that replay.test.ts replays, one per way a run can end:
 * `node bin/run-ts.mjs test/replay/record.ts`. To be run, and its output committed, when the workflow changes on
 * purpose in a way that a run in flight would not survive.
 */
interface Scenario {
  faults?: Fault[];
  input?: RegisterBaselineInput;
  world?: (world: FakeWorld) => void;
  /** What is said to the run while its second batch is held. */
  atSecondBatch?: (handle: WorkflowHandle) => Promise<void>;
}

/** Stacks name folders of the machine that recorded them, and say nothing to a replay. */
const withoutPaths = (key: string, value: unknown): unknown => (key === 'stackTrace' ? '' : value);

const refused = () => new HybridFlowError('NEO4J_REFUSED', { found: 'not allowed' });
const SCENARIOS: Record<string, Scenario> = {
  committed: {},
  'already-registered': {
    world: (world) => {
      world.tables = 'ours';
      const row = {
        versionId: 'v1_baseline_20260101_000000',
        workflowId: 'w',
        runId: 'r',
        chapterCount: 3,
        paragraphCount: 25,
      };
      world.registry.registerBaseline(row).status = 'committed';
    },
  },
  'retried-outage': { faults: [{ call: 'graph.labelBatch', when: 'after', skip: 1, times: 1 }] },
  'paused-and-resumed': {
    atSecondBatch: async (handle) => {
      await handle.signal(pauseNeo4jWrites, { reason: 'test' });
      await handle.signal(resumeNeo4jWrites);
    },
  },
  aborted: { atSecondBatch: (handle) => handle.signal(abort, { reason: 'test' }) },
  cancelled: { atSecondBatch: async (handle) => void (await handle.cancel()) },
  refused: { world: (world) => world.labelled.add('someone') },
  'rolled-back': { faults: [{ call: 'graph.counts', when: 'before', times: Infinity, error: refused }] },
  'needs-operator': {
    faults: [
      { call: 'graph.counts', when: 'before', times: Infinity, error: refused },
      { call: 'graph.removeLabel', when: 'before', times: Infinity, error: refused },
    ],
  },
};

async function main(): Promise<void> {
  const { temporal } = await pythonTools();
  const env = await startTemporal();
  const workers = await startWorkers(env, new FakeWorld().deps());
  for (const [name, scenario] of Object.entries(SCENARIOS)) {
    const world = new FakeWorld(45);
    scenario.world?.(world);
    const running: { handle?: WorkflowHandle } = {};
    world.onBatch = async (batch) => {
      if (batch === 2 && running.handle) await scenario.atSecondBatch?.(running.handle);
    };
    workers.assign(name, withFaults(world.deps(), scenario.faults).deps);
    const handle = await env.client.workflow.start('registerBaseline', {
      args: [scenario.input ?? {}],
      taskQueue: workers.taskQueue,
      workflowId: name,
    });
    running.handle = handle;
    await handle.result().catch(() => undefined);
    const show = ['workflow', 'show', '--address', env.address, '--workflow-id', name, '--output', 'json'];
    const history: unknown = JSON.parse(
      execFileSync(temporal, show, { encoding: 'utf8', maxBuffer: 1e8 }),
      withoutPaths,
    );
    writeFileSync(join(__dirname, 'histories', `${name}.json`), `${JSON.stringify(history)}\n`);
    process.stdout.write(`recorded ${name}\n`);
  }
  await workers.stop();
  await env.teardown();
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
  process.exitCode = 1;
});
