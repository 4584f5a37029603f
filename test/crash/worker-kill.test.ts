import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { BaselineOutcome, ProgressView, RegisterBaselineInput } from '../../domain/baseline';
import { TestBase } from '../support/base';
import { killChildren, script, type Child } from '../support/children';
import type { CrashWorkerPlan } from '../support/crash-worker';
import { fingerprint, type Fingerprint } from '../support/fingerprint';
import { connectLive, ownQueue, type Live } from '../support/live';
import { killServices, useStackAgain } from '../support/stack';
import { until } from '../support/until';
import { failureOf, workflowBundle } from '../support/workflow-env';

jest.setTimeout(180_000);

const PARAGRAPHS = 2_000;
const BATCH = 5;

let live: Live;
let base: TestBase;
let folder: string;
let before: Fingerprint;
let taskQueue: string;

beforeAll(async () => {
  live = await connectLive();
  base = await TestBase.make({ paragraphs: PARAGRAPHS, migration: { batchSize: BATCH } });
  folder = mkdtempSync(join(tmpdir(), 'hfv-crash-'));
  writeFileSync(join(folder, 'bundle.js'), (await workflowBundle()).code);
  before = await fingerprint(base);
});
beforeEach(() => {
  taskQueue = ownQueue();
});
afterEach(async () => {
  await killChildren();
  await base.unregister();
});
afterAll(async () => {
  await killChildren();
  await live?.close().finally(() => base?.close());
  if (folder) rmSync(folder, { recursive: true, force: true });
});

let plans = 0;

/** Starts a worker process and waits until it works. */
async function startWorker(more: Partial<CrashWorkerPlan> = {}): Promise<Child> {
  const file = join(folder, `plan-${++plans}.json`);
  const plan: CrashWorkerPlan = { settings: base.settings, taskQueue, bundle: join(folder, 'bundle.js'), ...more };
  writeFileSync(file, JSON.stringify(plan));
  const worker = script('test/support/crash-worker.ts', [file]);
  await worker.says('ready');
  return worker;
}

const startRun = (input: RegisterBaselineInput = {}) =>
  live.client.workflow.start<(given: RegisterBaselineInput) => Promise<BaselineOutcome>>('registerBaseline', {
    taskQueue,
    workflowId: `${taskQueue}-${++plans}`,
    args: [input],
  });
type Handle = Awaited<ReturnType<typeof startRun>>;

/** Waits until labelling is under way: the fence's own count says how far. */
async function midLabelling(): Promise<number> {
  const fence = await until(
    'labelling',
    () => base.fence(),
    (found) => (found?.labelled ?? 0) >= 20 * BATCH,
    {
      everyMs: 2,
    },
  );
  const labelled = fence?.labelled ?? 0;
  expect(labelled).toBeLessThan(PARAGRAPHS);
  return labelled;
}

async function expectCommitted(handle: Handle): Promise<BaselineOutcome> {
  const outcome = await handle.result();
  expect(outcome).toMatchObject({ outcome: 'committed', counts: { labelled: PARAGRAPHS }, warnings: [] });
  expect([await base.labelled(), await base.fence()]).toEqual([PARAGRAPHS, undefined]);
  expect(base.backups().filter((name) => !name.includes('/'))).toEqual(
    ['latest-copy', 'reports', outcome.versionId].sort(),
  );
  expect(base.backups().filter((name) => name.endsWith('.tmp'))).toEqual([]);
  expect(await base.snapshots('textbook_chunks')).toEqual([]);
  return outcome;
}

/** Without the version that it made, the base is as it was before all. */
async function expectNothingElseLeft(): Promise<void> {
  await base.unregister();
  expect(await fingerprint(base)).toEqual(before);
}

const registry = () => base.sql('SELECT status, status_message FROM version_registry ORDER BY id');

test('a worker killed in the middle of labelling: another one goes on where the store says, and nothing is counted twice', async () => {
  const first = await startWorker();
  const handle = await startRun();
  const reached = await midLabelling();
  expect((await first.killed()).signal).toBe('SIGKILL');
  const left = (await base.fence())?.labelled ?? 0;
  expect(left).toBeGreaterThanOrEqual(reached);
  expect(left).toBeLessThan(PARAGRAPHS);

  await startWorker();
  await until(
    'progress after the crash',
    () => base.fence(),
    (fence) => (fence?.labelled ?? 0) > left,
    { everyMs: 2 },
  );
  // Held still, the fence's count and the store's own can be compared.
  await handle.signal('pauseNeo4jWrites');
  const paused = (view: ProgressView) => view.pause.state === 'paused';
  await until('the pause', () => handle.query<ProgressView>('progress'), paused);
  const fence = await base.fence();
  expect(fence).toMatchObject({ paused: true, labelled: await base.labelled() });
  expect(fence?.labelled).toBe((fence?.batches ?? 0) * BATCH);
  await handle.signal('resumeNeo4jWrites');
  await expectCommitted(handle);
  await expectNothingElseLeft();
});

test('a worker killed while latest-copy is made: another one makes it whole, and no snapshot or half file stays', async () => {
  const first = await startWorker();
  const handle = await startRun();
  const building = () =>
    readdirSync(base.settings.backups, { recursive: true, encoding: 'utf8' }).filter((name) =>
      /^\.latest-copy\.[^/]+\/.*(neo4j|snapshot)/.test(name),
    );
  await until(
    'the export',
    () => (base.backups().length > 0 ? building() : []),
    (files) => files.length > 0,
    {
      everyMs: 1,
    },
  );
  await first.killed();
  expect(base.backups().filter((name) => name === 'latest-copy')).toEqual([]);
  await startWorker();
  await expectCommitted(handle);
  await expectNothingElseLeft();
});

describe('a worker that was frozen past its heartbeat, and wakes late', () => {
  /** Freezes a worker with a batch in its hands; by then it takes no new work, so that what follows is another's. */
  async function freeze(): Promise<{ zombie: Child; handle: Handle }> {
    const zombie = await startWorker({ holdAfter: 19 * BATCH });
    const handle = await startRun();
    await zombie.says('held');
    zombie.kill('SIGTERM');
    await zombie.says('draining');
    zombie.kill('SIGSTOP');
    expect((await base.fence())?.labelled).toBe(19 * BATCH);
    await startWorker();
    return { zombie, handle };
  }

  async function wake(zombie: Child): Promise<void> {
    zombie.kill('SIGCONT');
    zombie.kill('SIGUSR2');
    await zombie.says('the held batch failed: FENCED');
    await zombie.killed();
  }

  test('writes nothing more where the run was finished by another', async () => {
    const { zombie, handle } = await freeze();
    await expectCommitted(handle);
    const committed = await fingerprint(base);
    await wake(zombie);
    expect(await fingerprint(base)).toEqual(committed);
    await expectNothingElseLeft();
  });

  test('writes nothing more where the run was rolled back by another', async () => {
    const { zombie, handle } = await freeze();
    await handle.signal('abort', { reason: 'the worker does not answer', by: 'ann' });
    expect(await failureOf(handle.result())).toMatchObject({ code: 'ROLLED_BACK' });
    expect(await fingerprint(base)).toEqual(before);
    await wake(zombie);
    expect(await fingerprint(base)).toEqual(before);
    expect(registry()).toEqual([
      { status: 'rolled_back', status_message: 'aborted by ann: the worker does not answer' },
    ]);
  });
});

test('a run terminated from outside in the middle of labelling: the next one undoes what it left, then commits', async () => {
  await startWorker();
  const terminated = await startRun();
  await midLabelling();
  await terminated.terminate('by a test');
  const next = await startRun();
  const outcome = await expectCommitted(next);
  expect(registry()).toEqual([
    {
      status: 'rolled_back',
      status_message: expect.stringContaining(`${terminated.workflowId} (${terminated.firstExecutionRunId})`) as string,
    },
    { status: 'committed', status_message: null },
  ]);
  expect(outcome.counts?.labelled).toBe(PARAGRAPHS);
  await expectNothingElseLeft();
});

test('the Temporal server killed in the middle of labelling and started again on its data: the run ends committed', async () => {
  await startWorker();
  const handle = await startRun();
  await midLabelling();
  await killServices(['temporal']);
  await useStackAgain();
  await expectCommitted(handle);
  await expectNothingElseLeft();
});
