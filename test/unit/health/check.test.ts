import { HybridFlowError } from '../../../domain/errors';
import type { HealthReport, MetricName } from '../../../domain/health';
import { healthMarkdown } from '../../../domain/health-markdown';
import { REPORT_FILES } from '../../../domain/report';
import { checkHealth, type HealthDeps } from '../../../inspection/health';
import { captureProbes, captureText } from '../../../inspection/probes';
import { FakeWorld } from '../../support/fake-world';

const VERSION = 'v1_baseline_20260102_030405';

/** A committed baseline with its labels and its capture of probes. */
async function healthy(): Promise<{ world: FakeWorld; deps: HealthDeps }> {
  const world = new FakeWorld(25);
  world.tables = 'ours';
  const row = world.registry.registerBaseline({
    ...{ versionId: VERSION, workflowId: 'w', runId: 'r', chapterCount: 3, paragraphCount: 25 },
  });
  Object.assign(row, { status: 'committed', validationPassed: true });
  world.chunks.forEach((chunk) => world.labelled.add(chunk));
  const deps = world.deps();
  deps.metadata.integrity = () => ({ problems: [], foreignKeyViolations: 0 });
  const capture = await captureProbes(deps, deps.embedder, deps.probes);
  world.reports.set(`${VERSION}/${REPORT_FILES.probesBefore}`, captureText(capture));
  return { world, deps };
}

const metric = (report: HealthReport, name: MetricName) => report.metrics.find((one) => one.name === name);
const states = (report: HealthReport) => report.metrics.map(({ state }) => state);
const outage = (): never => {
  throw new HybridFlowError('NEO4J_UNREACHABLE', { found: 'bolt://neo4j:pw@db does not answer, said s3cret' });
};
/** Every call is an outage: of metadata.db at once, of the others when the answer is waited for. */
const down = <T extends object>() => new Proxy({} as T, { get: () => async () => outage() });
const METADATA_DOWN = new Proxy({} as HealthDeps['metadata'], {
  get: (_, key) => (key === 'registry' ? new Proxy({}, { get: () => outage }) : outage),
});
const DOWN: Partial<HealthDeps> = {
  metadata: METADATA_DOWN,
  vectors: down(),
  graph: down(),
  artifacts: down(),
};

test('a sound version is ok in all six metrics, whether it is named or found', async () => {
  const { deps } = await healthy();
  const report = await checkHealth(deps);
  expect([report.state, states(report)]).toEqual(['ok', ['ok', 'ok', 'ok', 'ok', 'ok', 'ok']]);
  expect(report).toMatchObject({ base: 'test', versionId: VERSION, registered: true, notes: [] });
  expect(report.checks).toHaveLength(7);
  expect((await checkHealth(deps, VERSION)).metrics).toHaveLength(6);
});

test('what is lost shows in its own metric', async () => {
  const { world, deps } = await healthy();
  world.labelled.delete(world.chunks[3] ?? '');
  world.points -= 1;
  const report = await checkHealth(deps);
  expect(report.state).toBe('failed');
  expect(metric(report, 'label progress')).toMatchObject({ state: 'failed', details: { labelled: 24 } });
  expect(metric(report, 'validation checks')).toMatchObject({ state: 'failed' });
  expect(metric(report, 'registry insert')).toMatchObject({ state: 'ok' });
});

test('another answer of a probe, or a damaged capture, fails the latency; without a capture it is unknown', async () => {
  const { world, deps } = await healthy();
  const texts = deps.graph.texts.bind(deps.graph);
  deps.graph.texts = async (ids) => ({ ...(await texts(ids)), [ids[0] ?? '']: 'changed' });
  expect(metric(await checkHealth(deps), 'query latency')).toMatchObject({ state: 'failed' });
  world.reports.set(`${VERSION}/${REPORT_FILES.probesBefore}`, '{}');
  expect(metric(await checkHealth(deps), 'query latency')).toMatchObject({
    state: 'failed',
    value: expect.stringContaining('no capture of probes') as string,
  });
  world.reports.clear();
  const report = await checkHealth(deps);
  expect([metric(report, 'query latency')?.state, report.state]).toEqual(['unknown', 'ok']);
});

test.each([['metadata'], ['vectors'], ['graph'], ['artifacts'], Object.keys(DOWN)] as (keyof HealthDeps)[][])(
  'reports with %s and what follows down, and tells no secret',
  async (...which) => {
    const { deps } = await healthy();
    const broken = { ...deps, ...Object.fromEntries(which.map((port) => [port, DOWN[port]])) };
    const report = await checkHealth(broken, VERSION);
    expect(report.state).toBe('failed');
    expect(report.metrics).toHaveLength(6);
    expect(metric(report, 'service health')?.state).toBe('failed');
    expect(JSON.stringify(report)).not.toMatch(/s3cret|:pw@/);
    expect(report.registered).toBe(which.includes('metadata') ? null : true);
    expect(healthMarkdown(report)).toContain('| ✗ | service health |');
  },
);

test('a check that is told to stop finds nothing', async () => {
  const { deps } = await healthy();
  const signal = AbortSignal.abort(new Error('stop'));
  await expect(checkHealth(deps, VERSION, { signal })).rejects.toThrow('stop');
});

test('a store that never answers is given up', async () => {
  const { deps } = await healthy();
  jest.useFakeTimers({ doNotFake: ['performance', 'nextTick', 'setImmediate'] });
  try {
    deps.vectors.status = () => new Promise(() => undefined);
    const checking = checkHealth(deps, VERSION);
    await jest.advanceTimersByTimeAsync(61_000);
    const { value } = metric(await checking, 'service health') ?? {};
    expect(value).toContain('did not answer within 60 s');
  } finally {
    jest.useRealTimers();
  }
});

test('a base without a version is no failure, and a version that nobody registered is one', async () => {
  const world = new FakeWorld(25);
  const deps = world.deps();
  deps.metadata.integrity = () => ({ problems: [], foreignKeyViolations: 0 });
  const report = await checkHealth(deps);
  expect([report.versionId, report.registered, states(report)]).toEqual([
    null,
    null,
    ['unknown', 'unknown', 'unknown', 'ok', 'unknown', 'ok'],
  ]);
  const unknown = await checkHealth(deps, VERSION);
  expect([unknown.registered, unknown.state]).toEqual([false, 'failed']);
  await expect(checkHealth(deps, '../../etc')).rejects.toMatchObject({ code: 'VERSION_UNKNOWN' });
});
