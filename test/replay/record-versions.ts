import type { WorkflowHandle } from '@temporalio/client';
import { HybridFlowError } from '../../domain/errors';
import type { StagingStage } from '../../domain/staging';
import { progress } from '../../workflows/messages';
import { PublishWorld } from '../support/fakes/publish-world';
import { BASELINE } from '../support/fakes/restore-world';
import { withFaults, type Fault } from '../support/faults';
import { pythonTools } from '../support/tools';
import { until } from '../support/until';
import { startTemporal, startWorkers } from '../support/workflow-env';
import { keepHistory } from './history';

/** What happens to a version after the baseline, one history per way it can end; see {@link record.ts}. */
interface Scenario {
  workflow: 'publishVersion' | 'restoreVersion' | 'applyRetention' | 'drillVersion';
  input?: object;
  faults?: Fault[];
  world?: (world: PublishWorld) => void;
  /** What is said to the run, and done to the stores, while it goes on. */
  course?: (handle: WorkflowHandle, world: PublishWorld) => Promise<void>;
}

const refused = () => new HybridFlowError('NEO4J_REFUSED', { found: 'not allowed' });
const refusing = (call: string): Fault[] => [{ call, when: 'before', times: Infinity, error: refused }];

async function reaches(handle: WorkflowHandle, stage: StagingStage): Promise<void> {
  await until(
    `staging is ${stage}`,
    async () => (await handle.query(progress)).staging?.stage,
    (now) => now === stage,
  );
}

async function ingested(handle: WorkflowHandle, world: PublishWorld): Promise<void> {
  await reaches(handle, 'open');
  world.ingest('the new edition');
  await handle.executeUpdate('stagingReady', { args: [{ by: 'ann' }] });
}

const SCENARIOS: Record<string, Scenario> = {
  'publish-committed': { workflow: 'publishVersion', course: ingested },
  'publish-approved': {
    workflow: 'publishVersion',
    input: { requireApproval: true },
    course: async (handle, world) => {
      await ingested(handle, world);
      await reaches(handle, 'waiting for approval');
      await handle.signal('approve', { by: 'ben' });
    },
  },
  'publish-mended': {
    workflow: 'publishVersion',
    course: async (handle, world) => {
      world.unfit = 'a chunk_id twice';
      await ingested(handle, world);
      world.unfit = null;
      await ingested(handle, world);
    },
  },
  'publish-cancelled': {
    workflow: 'publishVersion',
    course: async (handle) => {
      await reaches(handle, 'open');
      await handle.signal('cancel', { by: 'ann' });
    },
  },
  'publish-forgotten': { workflow: 'publishVersion', input: { warnAfterMinutes: 0.01, cancelAfterMinutes: 0.02 } },
  'publish-taken-back': { workflow: 'publishVersion', faults: refusing('vectors.applyDelta'), course: ingested },
  'publish-needs-operator': {
    workflow: 'publishVersion',
    faults: [...refusing('vectors.applyDelta'), ...refusing('metadata.dropStaging')],
    course: ingested,
  },
  'publish-refused': { workflow: 'publishVersion', input: { from: 'v9_minor_20260101_000000' } },
  'restore-restored': {
    workflow: 'restoreVersion',
    input: { version: BASELINE },
    world: (world) => world.contaminate('neo4j', 'qdrant'),
  },
  'restore-taken-back': {
    workflow: 'restoreVersion',
    input: { version: BASELINE },
    world: (world) => world.contaminate('neo4j'),
    faults: refusing('metadata.journal.commitRestore'),
  },
  'restore-refused': { workflow: 'restoreVersion', input: { version: 'v9_minor_20260101_000000' } },
  'retention-applied': { workflow: 'applyRetention' },
  'drill-passed': { workflow: 'drillVersion', input: { versionId: BASELINE } },
};

/** Only those named on the command line, or all. */
async function main(wanted: readonly string[]): Promise<void> {
  const { temporal } = await pythonTools();
  const env = await startTemporal();
  const workers = await startWorkers(env, new PublishWorld().deps());
  for (const [name, { workflow, input = {}, faults = [], world: prepare, course }] of Object.entries(SCENARIOS)) {
    if (wanted.length > 0 && !wanted.includes(name)) continue;
    const world = new PublishWorld();
    prepare?.(world);
    workers.assign(name, withFaults(world.deps(), faults).deps);
    const { taskQueue } = workers;
    const handle = await env.client.workflow.start(workflow, { args: [input], taskQueue, workflowId: name });
    await course?.(handle, world);
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
