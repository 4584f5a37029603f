import type { WorkflowHandle } from '@temporalio/client';
import { defineSearchAttributeKey, SearchAttributeType } from '@temporalio/common';
import { temporal } from '@temporalio/proto';
import type { ActivityDeps } from '../../activities';
import type { CheckHealthInput, HealthReport, HealthView } from '../../domain/health';
import { healthWorkflowId, SEARCH_ATTRIBUTES } from '../../domain/names';
import type { checkHealth, registerBaseline } from '../../workflows';
import { health } from '../../workflows/messages';
import { FakeWorld } from '../support/fake-world';
import { until } from '../support/until';
import { failureOf, startWorkers } from '../support/workflow-env';
import { fakeWorkers } from '../support/fake-workers';

jest.setTimeout(60_000);

const VERSION = 'v1_baseline_20260102_030405';

const fakes = fakeWorkers('health', () => new FakeWorld().deps());

/** A committed baseline, every paragraph labelled. */
function committedWorld(): FakeWorld {
  const world = new FakeWorld(25);
  world.tables = 'ours';
  const row = world.registry.registerBaseline({
    ...{ versionId: VERSION, workflowId: 'w', runId: 'r', chapterCount: 3, paragraphCount: 25 },
  });
  Object.assign(row, { status: 'committed', validationPassed: true });
  world.chunks.forEach((chunk) => world.labelled.add(chunk));
  return world;
}

/** As the ports of a world, and the moments at which the health of its graph was asked for. */
function watched(world: FakeWorld): { deps: ActivityDeps; looks: number[] } {
  const deps = world.deps();
  const looks: number[] = [];
  const { schemaHealth } = deps.graph;
  deps.graph.schemaHealth = async () => {
    looks.push(Date.now());
    return schemaHealth();
  };
  return { deps, looks };
}

type Handle = WorkflowHandle<typeof checkHealth>;

function start(deps: ActivityDeps, input?: CheckHealthInput | null, on = fakes.workers()): Promise<Handle> {
  const workflowId = fakes.idFor(deps);
  on.assign(workflowId, deps);
  return fakes.env().client.workflow.start<typeof checkHealth>('checkHealth', {
    args: input === undefined ? [] : [input],
    taskQueue: on.taskQueue,
    workflowId,
  });
}

async function attribute(handle: WorkflowHandle, name: string): Promise<string | undefined> {
  const { typedSearchAttributes } = await handle.describe();
  return typedSearchAttributes.get(defineSearchAttributeKey(name, SearchAttributeType.KEYWORD));
}

const reported = (world: FakeWorld) => [...world.reports.keys()].filter((key) => key.includes('/health-'));

test('looks at the committed version, keeps what it found, and shows it', async () => {
  const world = committedWorld();
  const handle = await start(world.deps(), {});
  const report = await handle.result();
  expect(report).toMatchObject({ state: 'ok', versionId: VERSION, base: 'test', notes: [] });
  expect(await attribute(handle, SEARCH_ATTRIBUTES.outcome)).toBe('healthy');
  expect(await attribute(handle, SEARCH_ATTRIBUTES.base)).toBe('test');
  expect(await attribute(handle, SEARCH_ATTRIBUTES.versionId)).toBe(VERSION);
  expect(await handle.query<HealthView>(health)).toEqual({ versionId: VERSION, waitsUntil: null, report });
  expect(reported(world)).toEqual([
    expect.stringMatching(new RegExp(`^${VERSION}/health-\\d{8}T\\d{6}Z\\.json$`)),
    expect.stringMatching(/\.md$/),
  ]);
  const [json = ''] = reported(world);
  expect(JSON.parse(world.reports.get(json) ?? '')).toEqual(report);
  expect(world.registry.log).toMatchObject([
    { versionId: VERSION, operation: { type: 'health_check', status: 'success', details: { state: 'ok' } } },
  ]);
});

test('an ill version is a result that shows, not a failure', async () => {
  const world = committedWorld();
  world.labelled.clear();
  const deps = world.deps();
  deps.vectors.status = () => Promise.reject(new Error('nobody there, said s3cret'));
  const handle = await start(deps, { base: 'test', versionId: VERSION });
  const report = await handle.result();
  expect(report.state).toBe('failed');
  expect(JSON.stringify(report)).not.toContain('s3cret');
  expect(await attribute(handle, SEARCH_ATTRIBUTES.outcome)).toBe('unhealthy');
  const { raw } = await handle.describe();
  expect(raw.workflowExecutionInfo?.status).toBe(2);
  expect(world.registry.log).toMatchObject([{ operation: { type: 'health_check', status: 'failed' } }]);
});

test('waits first, where it is told to, and says until when', async () => {
  const { deps, looks } = watched(committedWorld());
  const handle = await start(deps, { versionId: VERSION, delaySeconds: 2 });
  const { waitsUntil } = await until(
    'the timer',
    () => handle.query<HealthView>(health),
    (view) => view.waitsUntil !== null,
  );
  expect(looks).toEqual([]);
  await handle.result();
  expect(looks).toHaveLength(1);
  expect(looks[0]).toBeGreaterThanOrEqual(Date.parse(waitsUntil ?? ''));
});

test('the timer outlives the worker that set it', async () => {
  const { deps, looks } = watched(committedWorld());
  const first = await startWorkers(fakes.env(), deps);
  const handle = await start(deps, { versionId: VERSION, delaySeconds: 5 }, first);
  await until(
    'the timer',
    async () => (await handle.fetchHistory()).events ?? [],
    (events) => events.some(({ timerStartedEventAttributes }) => timerStartedEventAttributes),
  );
  await first.stop();
  expect(looks).toEqual([]);
  const second = await startWorkers(fakes.env(), deps, first.taskQueue);
  second.assign(handle.workflowId, deps);
  try {
    expect(await handle.result()).toMatchObject({ state: 'ok', versionId: VERSION });
    expect(looks).toHaveLength(1);
  } finally {
    await second.stop();
  }
});

test('where it cannot be kept, what was found is told all the same', async () => {
  const deps = committedWorld().deps();
  deps.metadata.registry.logOperations = () => {
    throw new Error('metadata.db is locked, said s3cret');
  };
  const report = await (await start(deps, {})).result();
  expect(report).toMatchObject({
    state: 'ok',
    notes: ['operation_log was not written: metadata.db is locked, said ***'],
  });
});

test('a version that nobody registered is ill, and is given no folder', async () => {
  const world = new FakeWorld();
  const report = await (await start(world.deps(), { versionId: VERSION })).result();
  expect(report).toMatchObject({ state: 'failed', registered: false });
  expect([world.reports.size, world.registry.log]).toEqual([0, []]);
});

test.each<[unknown, string]>([
  [{ delaySeconds: -1 }, 'CONFIG_INVALID'],
  [{ delaySeconds: '5' }, 'CONFIG_INVALID'],
  [{ delaySeconds: 1e12 }, 'CONFIG_INVALID'],
  [{ versionId: 7 }, 'CONFIG_INVALID'],
  [{ base: 'another' }, 'CONFIG_INVALID'],
  [{ versionId: '../../etc' }, 'VERSION_UNKNOWN'],
])('refuses %j', async (input, code) => {
  const world = committedWorld();
  const handle = await start(world.deps(), input as CheckHealthInput);
  expect((await failureOf(handle.result())).code).toBe(code);
  expect(world.reports.size).toBe(0);
});

test.each([undefined, null])('takes %j for an input without wishes', async (input) => {
  expect(await (await start(committedWorld().deps(), input)).result()).toMatchObject({ state: 'ok' });
});

test('a committed change leaves a check behind, which outlives it', async () => {
  const deps = new FakeWorld(15).deps();
  const change = await fakes.start<typeof registerBaseline>('registerBaseline', deps, [{}], { of: 'change' });
  const { base, versionId } = await change.result();
  const check = fakes.env().client.workflow.getHandle<() => Promise<HealthReport>>(healthWorkflowId(base, versionId));
  expect((await check.describe()).status.name).toBe('RUNNING');
  expect(await attribute(check, SEARCH_ATTRIBUTES.versionId)).toBe(versionId);
  const { events } = await change.fetchHistory();
  const started = events?.flatMap((event) => event.startChildWorkflowExecutionInitiatedEventAttributes ?? []);
  const { PARENT_CLOSE_POLICY_ABANDON } = temporal.api.enums.v1.ParentClosePolicy;
  expect(started).toMatchObject([{ workflowId: check.workflowId, parentClosePolicy: PARENT_CLOSE_POLICY_ABANDON }]);
  await check.terminate('the test is over');
});
