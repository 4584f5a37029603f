import type { WorkflowHandle } from '@temporalio/client';
import type { ActivityDeps } from '../../activities';
import { HybridFlowError } from '../../domain/errors';
import { LATEST_COPY } from '../../domain/version-id';
import type { PublishInput } from '../../domain/publish';
import type { RunReport } from '../../domain/report';
import type { ReadyAnswer, StagingStage, StagingView } from '../../domain/staging';
import type { publishVersion } from '../../workflows';
import { progress } from '../../workflows/messages';
import { PublishWorld } from '../support/fakes/publish-world';
import { BASELINE, contentOf } from '../support/fakes/restore-world';
import { withFaults, type Fault } from '../support/faults';
import { until } from '../support/until';
import { failureOf } from '../support/workflow-env';
import { fakeWorkers } from '../support/fake-workers';

jest.setTimeout(120_000);

type Handle = WorkflowHandle<typeof publishVersion>;

const fakes = fakeWorkers('publish', () => new PublishWorld().deps());

const start = (deps: ActivityDeps, input: PublishInput = {}): Promise<Handle> =>
  fakes.start<typeof publishVersion>('publishVersion', deps, [input]);

async function reaches(handle: Handle, stage: StagingStage): Promise<StagingView> {
  const view = await until(
    `staging is ${stage}`,
    async () => (await handle.query(progress)).staging,
    (staging) => staging?.stage === stage,
  );
  if (!view) throw new Error('the run tells of no staging');
  return view;
}

const ready = (handle: Handle) =>
  handle.executeUpdate<ReadyAnswer, [object]>('stagingReady', { args: [{ by: 'ann' }] });

/** Nothing of the version is left, and production is what it was. */
function expectUntouched(world: PublishWorld): void {
  expect(world.holds).toEqual(contentOf(world.content));
  expect(world.staged).toBeNull();
  expect(world.claim).toBeUndefined();
  expect(world.writeFence.standing).toBeUndefined();
  expect([...world.folders.keys()].sort()).toEqual([LATEST_COPY, BASELINE].sort());
}

test('is staged, declared ready, promoted, sealed, and becomes latest-copy', async () => {
  const world = new PublishWorld();
  const handle = await start(world.deps(), { kind: 'major', startedBy: 'ann', notes: 'why' });
  await reaches(handle, 'open');
  world.ingest('the new edition');
  expect(await ready(handle)).toMatchObject({ accepted: true, awaitsApproval: false });
  const outcome = await handle.result();
  expect(outcome).toMatchObject({ outcome: 'committed', kind: 'major', proven: true, warnings: [] });
  expect(world.switched).toEqual(['neo4j', 'qdrant']);
  expect(world.holds).toEqual(contentOf('the new edition'));
  expect(world.registry.find(outcome.versionId)).toMatchObject({ status: 'committed', notes: 'why' });
  expect(world.journal.entries).toMatchObject([{ kind: 'promote', state: 'done', previousVersionId: BASELINE }]);
  expect(world.folders.get(LATEST_COPY)?.manifest?.versionId).toBe(outcome.versionId);
  expect(world.claim).toBeUndefined();
  expect(world.staged).toBeNull();
});

test('keeps staging open where what was staged is unfit, and takes it once it is mended', async () => {
  const world = new PublishWorld();
  const handle = await start(world.deps());
  await reaches(handle, 'open');
  world.ingest('new');
  world.unfit = 'a chunk_id twice';
  const refused = await ready(handle);
  expect(refused).toMatchObject({ accepted: false, failed: [expect.stringContaining('a chunk_id twice')] });
  await reaches(handle, 'open');
  world.unfit = null;
  expect((await ready(handle)).accepted).toBe(true);
  expect((await handle.result()).outcome).toBe('committed');
});

test('waits for approval where it is asked for, and names who gave it', async () => {
  const world = new PublishWorld();
  const handle = await start(world.deps(), { requireApproval: true });
  await reaches(handle, 'open');
  const early = handle.executeUpdate('approve', { args: [{ by: 'ben' }] });
  await expect(early).rejects.toMatchObject({ cause: { type: 'NOT_STAGING' } });
  world.ingest('new');
  expect((await ready(handle)).awaitsApproval).toBe(true);
  await reaches(handle, 'waiting for approval');
  expect(world.switched).toEqual([]);
  await handle.signal('approve', { by: 'ben' });
  await handle.result();
  expect((await handle.query(progress)).staging?.approvedBy).toBe('ben');
});

test.each([
  ['an update', (handle: Handle) => handle.executeUpdate('cancel', { args: [{ by: 'ann', reason: 'wrong' }] })],
  ['a signal', (handle: Handle) => handle.signal('cancel', { by: 'ann', reason: 'wrong' })],
])('is cancelled by %s, and leaves nothing', async (_, send) => {
  const world = new PublishWorld();
  const handle = await start(world.deps());
  await reaches(handle, 'open');
  world.ingest('new');
  await send(handle);
  const outcome = await handle.result();
  expect(outcome).toMatchObject({ outcome: 'cancelled', reason: 'cancelled by ann: wrong' });
  expect(world.registry.find(outcome.versionId)?.status).toBe('rolled_back');
  // The switch had not begun, so that there is nothing to compare, and nothing that is not proven.
  const report = JSON.parse(world.reports.get(`${outcome.versionId}/report.json`) ?? 'null') as RunReport;
  expect(report).toMatchObject({ rollback: { proven: true, left: [], next: null } });
  expectUntouched(world);
});

test('a staging that nobody speaks to is told of, and cancels itself; a word in between gives it more time', async () => {
  const world = new PublishWorld();
  const handle = await start(world.deps(), { warnAfterMinutes: 0.01, cancelAfterMinutes: 0.03 });
  const { deadline } = await reaches(handle, 'open');
  const extended = await handle.executeUpdate<StagingView, [object]>('extend', { args: [{ minutes: 0.05 }] });
  expect(Date.parse(extended.deadline ?? '')).toBeGreaterThan(Date.parse(deadline ?? ''));
  const outcome = await handle.result();
  expect(outcome).toMatchObject({ outcome: 'cancelled', reason: expect.stringContaining('nobody') as string });
  expect(outcome.warnings).toEqual([expect.stringContaining('nobody has said anything')]);
  expectUntouched(world);
});

test.each<[string, Fault]>([
  ['Neo4j cannot be switched', { call: 'graph.switchStaged', when: 'before', times: Infinity }],
  ['Qdrant cannot be switched', { call: 'vectors.applyDelta', when: 'before', times: Infinity }],
  ['the commit is refused', { call: 'metadata.journal.commitPromote', when: 'before', times: Infinity }],
])('takes every store back where %s', async (_, fault) => {
  const world = new PublishWorld();
  const refused = { ...fault, error: () => new HybridFlowError('NEO4J_REFUSED', { found: 'injected' }) };
  const handle = await start(withFaults(world.deps(), [refused]).deps);
  await reaches(handle, 'open');
  world.ingest('new');
  await ready(handle);
  const failure = await failureOf(handle.result());
  expect(failure.code).toBe('ROLLED_BACK');
  expect(world.journal.entries).toMatchObject([{ state: 'undone' }]);
  expect(world.holds).toEqual(contentOf(world.content));
  expect(world.claim).toBeUndefined();
});

test('goes on to its end where the answer of the commit is lost', async () => {
  const world = new PublishWorld();
  const lost: Fault = { call: 'metadata.journal.commitPromote', when: 'after', times: 1 };
  const handle = await start(withFaults(world.deps(), [lost]).deps, { maxAttempts: 1 });
  await reaches(handle, 'open');
  world.ingest('new');
  await ready(handle);
  expect((await handle.result()).outcome).toBe('committed');
  expect(world.holds).toEqual(contentOf('new'));
});

test('after the commit point everything is driven forward, however often it fails', async () => {
  const world = new PublishWorld();
  const faults: Fault[] = [
    'artifacts.seal',
    'graph.exportTo',
    'artifacts.publishLatestCopy',
    'metadata.journal.close',
  ].map((call) => ({ call, when: 'before', times: 2 }));
  const handle = await start(withFaults(world.deps(), faults).deps);
  await reaches(handle, 'open');
  world.ingest('new');
  await ready(handle);
  const outcome = await handle.result();
  expect(outcome).toMatchObject({ outcome: 'committed', proven: true });
  expect(world.journal.entries).toMatchObject([{ state: 'done' }]);
});

/** A staging that was validated and waits for approval. */
async function awaitingApproval(world: PublishWorld, deps = world.deps()): ReturnType<typeof start> {
  const handle = await start(deps, { requireApproval: true });
  await reaches(handle, 'open');
  world.ingest('new');
  await ready(handle);
  await reaches(handle, 'waiting for approval');
  return handle;
}

test('staging is not fit to be promoted where production changed beneath it', async () => {
  const world = new PublishWorld();
  const handle = await start(world.deps());
  await reaches(handle, 'open');
  world.ingest('new');
  world.contaminate('neo4j');
  expect(await ready(handle)).toMatchObject({
    accepted: false,
    failed: [expect.stringContaining('production as the last commit left it')],
  });
  await handle.executeUpdate('cancel', { args: [{}] });
  await handle.result();
});

test.each<[string, (world: PublishWorld) => void, string]>([
  ['production is no longer what the last commit left', (world) => world.contaminate('qdrant'), 'qdrant'],
  ['staging is no longer what was validated', (world) => world.ingest('newer'), 'sqlite, qdrant, neo4j'],
])('a promote is refused where %s', async (_, write, named) => {
  const world = new PublishWorld();
  const handle = await awaitingApproval(world);
  write(world);
  const contaminated = { ...world.holds };
  await handle.signal('approve');
  const { lastReady } = await reaches(handle, 'open');
  expect(lastReady).toMatchObject({ accepted: false, failed: [expect.stringContaining(named)] });
  expect(world.writeFence.standing).toBeUndefined();
  await handle.executeUpdate('cancel', { args: [{}] });
  await handle.result();
  // What somebody else wrote is not this run's to take back.
  expect(world.holds).toEqual(contaminated);
});

test.each([
  ['are not read again before the switch where they say that nobody wrote to them', true],
  ['are read again before the switch where they cannot say whether anybody wrote to them', false],
])('Qdrant and Neo4j %s', async (_, marked) => {
  const world = new PublishWorld();
  world.marked = marked;
  const deps = world.deps();
  let reads: string[] = [];
  const counted = <T extends unknown[], R>(name: string, read: (...args: T) => R) => {
    return (...args: T) => (reads.push(name), read(...args));
  };
  const { vectors, graph } = deps;
  const handle = await awaitingApproval(world, {
    ...deps,
    vectors: { ...vectors, fingerprint: counted('qdrant', vectors.fingerprint) },
    graph: {
      ...graph,
      fingerprint: counted('neo4j', graph.fingerprint),
      stagedFingerprint: counted('staged neo4j', graph.stagedFingerprint),
    },
  });
  reads = [];
  const atSwitch: string[][] = [];
  world.beforeSwitch = () => void atSwitch.push([...reads].sort());
  await handle.signal('approve');
  expect(await handle.result()).toMatchObject({ outcome: 'committed', proven: true });
  expect(atSwitch[0]).toEqual(marked ? [] : ['neo4j', 'qdrant', 'qdrant', 'staged neo4j']);
});

/** A promote that is held right before the switch of Neo4j. */
function holdSwitch(world: PublishWorld): { begun: Promise<void>; release: () => void } {
  let release: () => void = () => undefined;
  const held = new Promise<void>((resolve) => (release = resolve));
  const begun = new Promise<void>((resolve) => {
    world.beforeSwitch = async (store) => {
      if (store !== 'neo4j') return;
      resolve();
      await held;
    };
  });
  return { begun, release: () => release() };
}

describe('what comes as a signal', () => {
  const deadlineOf = ({ deadline }: StagingView) => Date.parse(deadline ?? '');

  test('declares staging ready, keeps it open for longer, and is told what the validation found', async () => {
    const world = new PublishWorld();
    const handle = await start(world.deps());
    const opened = await reaches(handle, 'open');
    await handle.signal('extend', { minutes: 60 * 24 * 30, by: 'ann' });
    const extended = await until(
      'the new deadline',
      async () => (await reaches(handle, 'open')).deadline,
      (deadline) => deadline !== opened.deadline,
    );
    expect(Date.parse(extended ?? '') - deadlineOf(opened)).toBeGreaterThan(60_000 * 60 * 24 * 20);
    world.ingest('new');
    world.unfit = 'a chunk_id twice';
    await handle.signal('stagingReady', { by: 'ann' });
    const { lastReady } = await until(
      'the refusal',
      () => reaches(handle, 'open'),
      (view) => view.lastReady !== null,
    );
    expect(lastReady).toMatchObject({ accepted: false, failed: [expect.stringContaining('a chunk_id twice')] });
    world.unfit = null;
    await handle.signal('stagingReady');
    expect((await handle.result()).outcome).toBe('committed');
  });

  test('too early is passed over: nothing is validated before it is staged, nor approved before it is validated', async () => {
    const world = new PublishWorld();
    const workflowId = fakes.idFor(world.deps());
    const handle = await fakes
      .env()
      .client.workflow.signalWithStart<typeof publishVersion, [object]>('publishVersion', {
        ...{ args: [{ requireApproval: true }], taskQueue: fakes.workers().taskQueue, workflowId },
        ...{ signal: 'stagingReady', signalArgs: [{ by: 'ann' }] },
      });
    await handle.signal('approve', { by: 'ann' });
    expect(await reaches(handle, 'open')).toMatchObject({ lastReady: null, approvedBy: null });
    await handle.signal('approve', { by: 'ann' });
    world.ingest('new');
    expect((await ready(handle)).awaitsApproval).toBe(true);
    expect(await reaches(handle, 'waiting for approval')).toMatchObject({ approvedBy: null });
    await handle.signal('approve', { by: 'ben' });
    expect((await handle.result()).outcome).toBe('committed');
    expect((await handle.query(progress)).staging?.approvedBy).toBe('ben');
  });

  test.each<[string, string, unknown]>([
    ['stagingReady', 'declared ready once more', { by: 'ann' }],
    ['extend', 'given a time that is none', { minutes: -5 }],
    ['extend', 'given a time that is no number', { minutes: 'a week' }],
    ['extend', 'given nothing', null],
  ])('%s where it waits for approval: %s, it goes on waiting', async (name, _, payload) => {
    const world = new PublishWorld();
    const handle = await awaitingApproval(world);
    const { deadline } = await reaches(handle, 'waiting for approval');
    await handle.signal(name, payload);
    const after = await reaches(handle, 'waiting for approval');
    // Longer than the shortest that it can have been given, whatever was asked for.
    expect(deadlineOf(after)).toBeGreaterThanOrEqual(Date.parse(deadline ?? ''));
    await handle.signal('approve');
    expect((await handle.result()).outcome).toBe('committed');
  });

  test('too late is passed over: a promote that has begun goes on to its end', async () => {
    const world = new PublishWorld();
    const { begun, release } = holdSwitch(world);
    const handle = await start(world.deps());
    await reaches(handle, 'open');
    world.ingest('new');
    await ready(handle);
    await begun;
    await handle.signal('stagingReady');
    await handle.signal('extend', { minutes: 5 });
    await handle.signal('approve', { by: 'ann' });
    await handle.signal('cancel', { by: 'ann' });
    expect(await reaches(handle, 'promoting')).toMatchObject({ deadline: null, approvedBy: null });
    release();
    expect((await handle.result()).outcome).toBe('committed');
    expect(world.holds).toEqual(contentOf('new'));
  });
});

test('a cancellation that comes after the promote has begun is refused', async () => {
  const world = new PublishWorld();
  const { begun, release } = holdSwitch(world);
  const handle = await start(world.deps());
  await reaches(handle, 'open');
  world.ingest('new');
  await ready(handle);
  await begun;
  const late = handle.executeUpdate('cancel', { args: [{ by: 'ann' }] });
  await expect(late).rejects.toMatchObject({ cause: { type: 'STATUS_MOVE_REFUSED' } });
  release();
  expect((await handle.result()).outcome).toBe('committed');
});
