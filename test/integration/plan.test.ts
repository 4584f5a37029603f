import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { MockActivityEnvironment } from '@temporalio/testing';
import { createPlanActivities } from '../../activities/plan';
import type { ActivityDeps } from '../../activities';
import { runProgram } from '../../client/program';
import { withStores } from '../../client/stores';
import { HybridFlowError } from '../../domain/errors';
import type { MigrationPlan } from '../../domain/plan';
import { BASELINE_LABEL } from '../../domain/version-id';
import { makePlan } from '../../inspection/plan';
import { takeMarks } from '../../inspection/marks';
import type { Stores } from '../../stores/ports';
import { TestBase } from '../support/base';
import { bytesOf, fingerprint } from '../support/fingerprint';
import { connectLive, ownQueue, type Live } from '../support/live';
import { useStack } from '../support/stack';
import { failureOf } from '../support/workflow-env';
import { fakeWorld } from '../unit/client/support';

jest.setTimeout(180_000);

const PARAGRAPHS = 300;
const RUN = 'the-run-that-asks';
const forever = { notAfter: Number.MAX_SAFE_INTEGER };

let base: TestBase;
let folder: string;

beforeAll(async () => {
  base = await TestBase.make({ paragraphs: PARAGRAPHS });
  folder = mkdtempSync(join(tmpdir(), 'hfv-plan-'));
});
afterEach(async () => {
  await base.unregister();
  base.sql('DROP TABLE IF EXISTS write_fence');
});
afterAll(async () => {
  await base?.close();
  if (folder) rmSync(folder, { recursive: true, force: true });
});

/** The command with Temporal down, as the caller sees it. */
async function hfvPlan(...flags: string[]): Promise<{ exit: number; stdout: string; stderr: string }> {
  const { envFile } = await useStack();
  const { HOME, PATH } = process.env;
  const connect = () => Promise.reject(new HybridFlowError('TEMPORAL_UNREACHABLE', { found: 'nobody is there' }));
  const world = fakeWorld({ cwd: folder, connect, env: { HOME, PATH, HYBRIDFLOW_STACK_ENV: envFile } });
  const exit = await runProgram(['plan', '--base', base.settings.base, ...flags], world);
  return { exit, ...world.printed };
}

async function planned(...flags: string[]): Promise<{ exit: number; plan: MigrationPlan }> {
  const { exit, stdout } = await hfvPlan('--json', ...(flags.includes('--watch') ? [] : ['--watch', '0']), ...flags);
  return { exit, plan: JSON.parse(stdout) as MigrationPlan };
}

const stores = <T>(work: (opened: Stores) => Promise<T>) => withStores({ settings: () => base.settings }, work);
const codes = ({ refusals }: MigrationPlan) => refusals.map(({ code }) => code);

/** Every file beside metadata.db with its size and time: what comes, goes or is written shows. */
function filesBeside(path: string): string[] {
  const root = dirname(path);
  return readdirSync(root)
    .filter((name) => name.startsWith('metadata'))
    .map((name) => `${name} ${statSync(join(root, name)).size} ${statSync(join(root, name)).mtimeMs}`);
}

describe('a plan', () => {
  test('tells what is there, and changes nothing at all', async () => {
    const { metadataDb } = base.settings;
    const state = async () => ({
      content: await fingerprint(base),
      marks: await stores(async (opened) => Object.values(await takeMarks(opened)).map(({ value }) => value)),
      bytes: bytesOf(metadataDb),
      files: filesBeside(metadataDb),
      // The folder of the backups does not exist yet, and still does not afterwards.
      beside: readdirSync(dirname(base.settings.backups)).sort(),
      cwd: readdirSync(folder),
    });
    const before = await state();
    const { exit, plan } = await planned('--watch', '0.3');
    expect(await state()).toEqual(before);
    expect(before.marks).not.toContain(null);
    expect(exit).toBe(0);
    expect(plan).toMatchObject({ base: base.settings.base, refusals: [], warnings: [], writers: [], heldBy: null });
    expect(plan.inventory.qdrant.points).toBe(PARAGRAPHS);
    expect(plan.inventory.neo4j.paragraphs).toBe(PARAGRAPHS);
    const sum = (counts: Record<string, number> | null) => Object.values(counts ?? {}).reduce((a, b) => a + b, 0);
    expect([sum(plan.perTextbook.qdrant), sum(plan.perTextbook.neo4j)]).toEqual([PARAGRAPHS, PARAGRAPHS]);
    expect(plan.tables.map(({ state: how }) => how)).toEqual(plan.tables.map(() => 'absent'));
  });

  test('has the same hash whoever asks, until production or the request changes', async () => {
    const { plan } = await planned();
    expect((await planned()).plan.hash).toBe(plan.hash);
    expect((await planned('--batch-size', '7')).plan.hash).not.toBe(plan.hash);
    await base.cypher('CREATE (:Stray)');
    try {
      expect((await planned()).plan.hash).not.toBe(plan.hash);
    } finally {
      await base.cypher('MATCH (n:Stray) DELETE n');
    }
    expect((await planned()).plan.hash).toBe(plan.hash);
  });

  test('is the one that the worker makes, to whom its own claim is no obstacle', async () => {
    const { batchSize, minimumFreeBytes } = base.settings.migration;
    const { plan } = await planned('--batch-size', String(batchSize));
    const onTheWorker = await stores(async (opened) => {
      await opened.artifacts.claim({
        base: base.settings.base,
        workflowId: 'w',
        runId: RUN,
        versionId: 'v1_baseline_20260101_000000',
        label: BASELINE_LABEL,
        claimedAt: '2026-01-01T00:00:00.000Z',
      });
      const settings = { base: base.settings.base, batchSize: 1, minimumFreeBytes };
      const deps = {
        ...opened,
        settings: { ...settings, expectedChapters: null, expectedParagraphs: null },
        runs: { isOpen: async () => true },
      } as unknown as ActivityDeps;
      const environment = new MockActivityEnvironment({ workflowExecution: { workflowId: 'w', runId: RUN } });
      const { inspectPlan } = createPlanActivities(deps);
      const made: MigrationPlan = await environment.run(inspectPlan, { batchSize, label: BASELINE_LABEL });
      return made;
    });
    expect(onTheWorker).toMatchObject({ hash: plan.hash, refusals: [], heldBy: null });
    expect(await planned()).toMatchObject({ exit: 6, plan: { heldBy: expect.stringContaining('claimed') as string } });
  });

  test('for people ends with the command that starts it', async () => {
    const { exit, stdout, stderr } = await hfvPlan('--watch', '0.1');
    const { plan } = await planned();
    expect(exit).toBe(0);
    expect(stdout.trimEnd().split('\n').at(-1)).toBe(`  hfv migrate --plan ${plan.hash}`);
    expect(stderr).toContain('looking for other writers');
  });
});

describe('who else is at work', () => {
  test('a point that is written while the plan watches is noticed', async () => {
    const id = '00000000-0000-5000-8000-000000000001';
    const vector = Array.from({ length: 768 }, (_, i) => i);
    const collection = base.settings.qdrant.collection;
    try {
      const plan = await stores((opened) => {
        let asked = 0;
        const vectors = {
          ...opened.vectors,
          mark: async () => {
            if (++asked === 2) {
              await base.qdrant('PUT', `/collections/${collection}/points?wait=true`, {
                points: [{ id, vector, payload: {} }],
              });
            }
            return opened.vectors.mark();
          },
        };
        const settings = { ...base.settings.migration, expectedChapters: null, expectedParagraphs: null };
        const request = { ...settings, base: base.settings.base, label: BASELINE_LABEL };
        return makePlan({ ...opened, vectors }, request, { watchMs: 1 });
      });
      expect(plan.writers).toMatchObject([
        { store: 'qdrant', what: `changed the points from ${PARAGRAPHS} to ${PARAGRAPHS + 1}` },
      ]);
    } finally {
      await base.qdrant('POST', `/collections/${collection}/points/delete?wait=true`, { points: [id] });
    }
  });

  test('a held fence: 6, with the words of its holder', async () => {
    await stores(async ({ metadata }) => {
      metadata.createTables(forever);
      const now = Date.now();
      metadata.fence.hold(
        {
          owner: 'ingest of bailey',
          workflowId: '',
          runId: 'by-hand',
          reason: 'chapter 61 is new',
          acquiredAt: new Date(now).toISOString(),
          expiresAt: new Date(now + 3_600_000).toISOString(),
        },
        forever,
      );
    });
    const { exit, plan } = await planned();
    expect([exit, codes(plan)]).toEqual([6, ['BASE_BUSY']]);
    expect(plan.heldBy).toMatch(/ingest of bailey until .*chapter 61 is new/);
  });
});

describe('a migration that is to go by a plan', () => {
  const NEW = 'a section written since';
  let live: Live;
  const taskQueue = ownQueue();
  let runs = 0;
  beforeAll(async () => {
    live = await connectLive();
    await live.work(base.settings, taskQueue);
  });
  afterAll(async () => live?.close());

  const migrate = (planHash: string) => {
    const workflowId = `${taskQueue}-migration-${++runs}`;
    return live.client.workflow.execute('registerBaseline', { taskQueue, workflowId, args: [{ planHash }] });
  };

  test('is refused where production changed since, and modifies nothing; by the plan made then it goes', async () => {
    const { plan } = await planned();
    expect(plan.refusals).toEqual([]);
    await base.cypher('MATCH (c:Chapter) WITH c LIMIT 1 CREATE (c)-[:HAS_SECTION]->(:Section {id: $id})', { id: NEW });
    const [before, bytes] = [await fingerprint(base), bytesOf(base.settings.metadataDb)];
    const failure = await failureOf(migrate(plan.hash));
    expect(failure).toMatchObject({ code: 'PLAN_CHANGED', message: expect.stringContaining(plan.hash) as string });
    expect([await fingerprint(base), bytesOf(base.settings.metadataDb)]).toEqual([before, bytes]);
    await base.cypher('MATCH (s:Section {id: $id}) DETACH DELETE s', { id: NEW });
    // Production is what was planned for again, and so is the plan.
    expect((await planned()).plan.hash).toBe(plan.hash);
    expect(await migrate(plan.hash)).toMatchObject({ outcome: 'committed' });
  });
});

describe('what a migration would refuse', () => {
  test('is told whole, and the first of it is the exit code', async () => {
    await base.cypher(`MATCH (p:Paragraph) WITH p LIMIT 2 SET p:${BASELINE_LABEL}`);
    await base.cypher('CREATE (:Paragraph)');
    try {
      const { exit, plan } = await planned();
      expect([exit, codes(plan)]).toEqual([2, ['LABEL_IN_USE', 'NEO4J_UNFIT', 'CHECK_FAILED']]);
    } finally {
      await base.cypher('MATCH (p:Paragraph) WHERE p.chunk_id IS NULL DELETE p');
    }
  });

  test('the disk is judged where the backups would go, and nothing is made there', async () => {
    const missing = join(folder, 'not', 'there', 'yet');
    const { exit, plan } = await planned('--backups', missing);
    expect([exit, plan.disk.path]).toEqual([0, missing]);
    expect(plan.disk.freeBytes).toBeGreaterThan(0);
    expect(readdirSync(folder)).toEqual([]);
  });

  test('a file in the place of the backups is refused', async () => {
    const nested = join(folder, 'taken');
    mkdirSync(nested);
    writeFileSync(join(nested, 'file'), '');
    try {
      const { exit, plan } = await planned('--backups', join(nested, 'file'));
      expect([exit, codes(plan)]).toEqual([2, ['BACKUPS_UNWRITABLE']]);
    } finally {
      rmSync(nested, { recursive: true });
    }
  });

  test('a base that has its baseline is refused nothing: there is nothing to do', async () => {
    const version = { versionId: 'v1_baseline_20260101_000000', workflowId: 'w', runId: 'r' };
    await stores(async ({ metadata }) => {
      metadata.createTables(forever);
      metadata.registry.registerBaseline({ ...version, chapterCount: 3, paragraphCount: PARAGRAPHS }, forever);
      const at = '2026-01-01T00:00:00.000Z';
      const operation = { type: 'commit', status: 'success' as const, details: {}, startedAt: at, completedAt: at };
      metadata.registry.commit(version.versionId, 'test', operation, forever);
    });
    await base.cypher(`MATCH (p:Paragraph) SET p:${BASELINE_LABEL}`);
    expect(await planned()).toMatchObject({ exit: 0, plan: { existing: version.versionId, refusals: [] } });
  });
});
