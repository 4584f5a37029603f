import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';
import { withTypedFailures } from '../../../activities/context';
import type { ActivityDeps } from '../../../activities/deps';
import { createProbeActivities } from '../../../activities/probes';
import { HybridFlowError } from '../../../domain/errors';
import type { ProbeComparison, ProbeSummary } from '../../../domain/probes';
import { REPORT_FILES } from '../../../domain/report';
import { parseCapture } from '../../../inspection/probes';
import { answerProbes } from '../../../inspection/restore';
import { FAKE_PROBES } from '../../support/fakes/probes';
import { FakeWorld } from '../../support/fake-world';

const VERSION = 'v1_baseline_20260101_000000';
let world: FakeWorld;
let deps: ActivityDeps;
let activities: ReturnType<typeof createProbeActivities>;

beforeEach(() => {
  world = new FakeWorld(3);
  deps = { ...world.deps(), probes: { ...FAKE_PROBES, repeats: 2 } };
  activities = withTypedFailures(createProbeActivities(deps), deps.secrets);
});

const environment = () => new MockActivityEnvironment({}, { logger: new DefaultLogger('ERROR') });
const before = (): Promise<ProbeSummary> => environment().run(activities.captureProbes, VERSION);
const after = (attempt = 1): Promise<ProbeComparison[]> =>
  environment().run(activities.compareProbes, VERSION, attempt);
const report = async (file: string) => (await deps.artifacts.readReport(VERSION, file)) ?? '';
const broken = () => Promise.reject(new HybridFlowError('QDRANT_REFUSED', { found: 'no s3cret' }));

test('before: a capture in the report, and what the workflow needs of it', async () => {
  const found = await before();
  expect(found).toMatchObject({ embedder: 'fake', probes: 2, failed: [] });
  expect(found.path).toContain(REPORT_FILES.probesBefore);
  const capture = parseCapture(await report(REPORT_FILES.probesBefore));
  expect(capture?.answers.map(({ name }) => name)).toEqual(['search "lung anatomy"', 'hierarchy bailey:ch1']);
  expect(capture?.takenAt).toBe(found.takenAt);
});

test('before: failed probes are named with the reason, without secrets', async () => {
  deps.vectors.nearest = broken;
  expect((await before()).failed).toEqual(['search "lung anatomy": no ***']);
});

test('recorded: how a version answers once it is committed, and a restore of it is held against that', async () => {
  const published = 'v2_minor_20260102_000000';
  const means = { embedder: deps.embedder, settings: deps.probes, secrets: [], control: {} };
  expect(await answerProbes(deps, { versionId: published, folder: published }, means)).toMatchObject({
    recorded: false,
  });
  await environment().run(activities.captureProbes, published);
  // What was asked before the change is the answer of the version before it.
  expect(await answerProbes(deps, { versionId: published, folder: published }, means)).toMatchObject({
    recorded: false,
  });
  const found: ProbeSummary = await environment().run(activities.recordProbes, published);
  expect(found.path).toContain(REPORT_FILES.probesRecorded);
  const { recorded, comparisons } = await answerProbes(deps, { versionId: published, folder: published }, means);
  expect([recorded, comparisons.map(({ verdict }) => verdict)]).toEqual([true, ['ok', 'ok']]);
});

test('before: another attempt replaces the capture', async () => {
  deps.vectors.nearest = broken;
  await before();
  deps.vectors.nearest = world.deps().vectors.nearest;
  expect((await before()).failed).toEqual([]);
  expect(parseCapture(await report(REPORT_FILES.probesBefore))?.answers[0]?.error).toBeNull();
});

test('an embedder that is down may be asked again, one that does not fit may not', async () => {
  for (const [code, nonRetryable] of [
    ['EMBEDDER_UNREACHABLE', false],
    ['EMBEDDER_UNFIT', true],
  ] as const) {
    deps.embedder.embed = () => Promise.reject(new HybridFlowError(code, { found: 'no vectors' }));
    await expect(before()).rejects.toMatchObject({ type: code, nonRetryable });
  }
  expect(await report(REPORT_FILES.probesBefore)).toBe('');
});

test('after: the same questions with the same vectors, judged and written down', async () => {
  await before();
  deps.embedder.embed = () => Promise.reject(new Error('asked again'));
  const comparisons = await after(3);
  expect(comparisons.map(({ name, verdict }) => [name, verdict])).toEqual([
    ['search "lung anatomy"', 'ok'],
    ['hierarchy bailey:ch1', 'ok'],
  ]);
  expect(JSON.parse(await report(REPORT_FILES.probesAfter))).toMatchObject({ attempt: 3, comparisons, captures: [{}] });
});

test('after: another answer is a failure of that probe', async () => {
  await before();
  world.chunks.pop();
  expect((await after()).map(({ verdict }) => verdict)).toEqual(['failed', 'failed']);
});

test('after: without a whole capture from before there is nothing to compare', async () => {
  await expect(after()).rejects.toMatchObject({ type: 'REPORT_MISSING', nonRetryable: true });
  await deps.artifacts.writeReport(VERSION, REPORT_FILES.probesBefore, '{"answers":[');
  await expect(after()).rejects.toMatchObject({ type: 'ARTIFACT_DAMAGED' });
});

test('both beat, and end where they are cancelled', async () => {
  const attempt = environment();
  const beats: unknown[] = [];
  attempt.on('heartbeat', (details: unknown) => {
    beats.push(details);
    if (beats.length === 2) attempt.cancel('CANCELLED');
  });
  await expect(attempt.run(activities.captureProbes, VERSION)).rejects.toThrow(/CANCELLED/);
  expect(beats).toEqual([{ done: 1 }, { done: 2 }]);
  expect(await report(REPORT_FILES.probesBefore)).toBe('');
});
