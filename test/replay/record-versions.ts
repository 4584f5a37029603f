import type { WorkflowHandle } from '@temporalio/client';
import type { ActivityDeps } from '../../activities';
import { HybridFlowError } from '../../domain/errors';
import { undoWorkflowId } from '../../domain/names';
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
  workflow: 'publishVersion' | 'restoreVersion' | 'applyRetention' | 'drillVersion' | 'rollBackVersion';
  input?: object;
  faults?: Fault[];
  world?: (world: PublishWorld) => void;
  /** What is said to the run, and done to the stores, while it goes on. */
  course?: (handle: WorkflowHandle, world: PublishWorld) => Promise<void>;
  /** What is held until that has been said and done. */
  hold?: (deps: ActivityDeps, held: Promise<void>) => void;
  /** Faults of a publication that is left half done first: its undo is a workflow of its own. */
  leftBy?: Fault[];
  /** The name under which the history of that undo is kept too. */
  undo?: string;
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
  'publish-cancelled-from-temporal': {
    workflow: 'publishVersion',
    course: async (handle) => {
      await reaches(handle, 'open');
      await handle.cancel();
    },
  },
  'publish-reopened': {
    workflow: 'publishVersion',
    input: { requireApproval: true },
    course: async (handle, world) => {
      await ingested(handle, world);
      await reaches(handle, 'waiting for approval');
      world.ingest('written after it was validated');
      await handle.signal('approve', { by: 'ben' });
      await reaches(handle, 'open');
      await ingested(handle, world);
      await reaches(handle, 'waiting for approval');
      await handle.signal('approve', { by: 'ben' });
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
  'restore-needs-operator': {
    workflow: 'restoreVersion',
    input: { version: BASELINE },
    world: (world) => world.contaminate('neo4j', 'qdrant'),
    faults: [
      { call: 'vectors.restoreFrom', when: 'after', times: 1, error: refused },
      { call: 'vectors.restoreFrom', when: 'before', times: Infinity, skip: 1, error: refused },
    ],
  },
  'restore-cancelled': {
    workflow: 'restoreVersion',
    input: { version: BASELINE },
    world: (world) => world.contaminate('neo4j'),
    hold: ({ graph }, held) => {
      const { fingerprintExport } = graph;
      graph.fingerprintExport = async (...given) => (await held, fingerprintExport(...given));
    },
    course: async (handle, world) => {
      await until(
        'the base is claimed',
        async () => world.claim,
        (claim) => claim !== undefined,
      );
      await handle.cancel();
    },
  },
  'restore-one-store': {
    workflow: 'restoreVersion',
    input: { version: BASELINE, stores: ['qdrant'] },
    world: (world) => world.contaminate('qdrant'),
  },
  'restore-refused': { workflow: 'restoreVersion', input: { version: 'v9_minor_20260101_000000' } },
  'retention-applied': { workflow: 'applyRetention' },
  'retention-warned': { workflow: 'applyRetention', input: { startedBy: 'ann' }, world: beyondTheWindow },
  'drill-passed': { workflow: 'drillVersion', input: { versionId: BASELINE } },
  'drill-not-restorable': {
    workflow: 'drillVersion',
    input: { versionId: BASELINE },
    world: (world) => world.damage(BASELINE, 'qdrant'),
  },
  'rollback-needs-operator': {
    workflow: 'rollBackVersion',
    leftBy: [...refusing('vectors.applyDelta'), ...refusing('metadata.dropStaging')],
    faults: refusing('metadata.dropStaging'),
    undo: 'undo-needs-operator',
  },
  'rollback-undone': {
    workflow: 'rollBackVersion',
    leftBy: [...refusing('vectors.applyDelta'), ...refusing('metadata.dropStaging')],
    undo: 'undo-undone',
  },
  'rollback-driven-forward': {
    workflow: 'rollBackVersion',
    leftBy: refusing('artifacts.publishLatestCopy'),
    undo: 'undo-driven-forward',
  },
};

/** Eight versions after the baseline: the oldest are to leave, and one of them cannot. */
function beyondTheWindow(world: PublishWorld): void {
  for (let number = 2; number <= 9; number += 1) {
    const versionId = `v${number}_minor_20260101_00000${number}`;
    world.register(versionId);
    world.seal(versionId, world.content);
  }
  world.folders.get('v2_minor_20260101_000002')?.files.add('damaged');
}

/** Only those named on the command line, or all. */
async function main(wanted: readonly string[]): Promise<void> {
  const { temporal } = await pythonTools();
  const env = await startTemporal();
  const workers = await startWorkers(env, new PublishWorld().deps());
  const start = (type: string, workflowId: string, input: object, deps: ActivityDeps) => {
    workers.assign(workflowId, deps);
    return env.client.workflow.start(type, { args: [input], taskQueue: workers.taskQueue, workflowId });
  };
  for (const [name, scenario] of Object.entries(SCENARIOS)) {
    if (wanted.length > 0 && !wanted.includes(name)) continue;
    const { workflow, input = {}, faults = [], world: prepare, course, hold, leftBy, undo } = scenario;
    const world = new PublishWorld();
    prepare?.(world);
    const { deps } = withFaults(world.deps(), faults);
    if (leftBy) {
      const before = await start('publishVersion', `${name}-before`, {}, withFaults(world.deps(), leftBy).deps);
      await ingested(before, world);
      await before.result().catch(() => undefined);
    }
    const undoId = undoWorkflowId('test', world.claim?.runId ?? '');
    workers.assign(undoId, deps);
    let release = (): void => undefined;
    hold?.(deps, new Promise<void>((resolve) => (release = resolve)));
    const handle = await start(workflow, name, input, deps);
    await course?.(handle, world);
    release();
    await handle.result().catch(() => undefined);
    keepHistory(temporal, env.address, name, name);
    if (undo !== undefined) keepHistory(temporal, env.address, undoId, undo);
  }
  await workers.stop();
  await env.teardown();
}

main(process.argv.slice(2)).catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
  process.exitCode = 1;
});
