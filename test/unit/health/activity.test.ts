import { MockActivityEnvironment } from '@temporalio/testing';
import { createHealthActivities } from '../../../activities/health';
import { FakeWorld } from '../../support/fake-world';

const VERSION = 'v1_baseline_20260102_030405';

/** One attempt of a check that was asked for at that moment. */
async function attempt(world: FakeWorld, scheduledTimestampMs: number): Promise<void> {
  const environment = new MockActivityEnvironment({ scheduledTimestampMs });
  await environment.run(createHealthActivities(world.deps()).inspectHealth, VERSION, null);
}

test('every attempt of one check writes the same files and the same row; the next check has its own', async () => {
  const world = new FakeWorld(25);
  world.tables = 'ours';
  const row = { versionId: VERSION, workflowId: 'w', runId: 'r', chapterCount: 3, paragraphCount: 25 };
  Object.assign(world.registry.registerBaseline(row), { status: 'committed', validationPassed: true });
  const asked = Date.parse('2026-03-01T12:00:00.500Z');
  await attempt(world, asked);
  await attempt(world, asked);
  const files = ['json', 'md'].map((kind) => `${VERSION}/health-20260301T120000Z.${kind}`);
  expect([...world.reports.keys()]).toEqual(files);
  expect(world.registry.log).toHaveLength(1);
  await attempt(world, asked + 3_600_000);
  expect([world.reports.size, world.registry.log.length]).toEqual([4, 2]);
});

test('of many checks the newest stay, and nothing else goes', async () => {
  const world = new FakeWorld(25);
  world.tables = 'ours';
  const row = { versionId: VERSION, workflowId: 'w', runId: 'r', chapterCount: 3, paragraphCount: 25 };
  Object.assign(world.registry.registerBaseline(row), { status: 'committed', validationPassed: true });
  world.reports.set(`${VERSION}/report.json`, '{}');
  const first = Date.parse('2026-03-01T12:00:00Z');
  for (let hour = 0; hour < 60; hour += 1) {
    const stamp = new Date(first + hour * 3_600_000).toISOString().replaceAll(/[-:]|\.\d+/g, '');
    for (const kind of ['json', 'md']) world.reports.set(`${VERSION}/health-${stamp}.${kind}`, '');
  }
  const operation = (type: string, hour: number) => {
    const at = new Date(first + hour * 3_600_000).toISOString();
    return { type, status: 'success' as const, details: {}, startedAt: at, completedAt: at };
  };
  world.registry.logOperations(VERSION, [operation('commit', 0)]);
  const checks = Array.from({ length: 210 }, (_, hour) => operation('health_check', hour));
  world.registry.logOperations(VERSION, checks);
  await attempt(world, first + 300 * 3_600_000);
  const kept = [...world.reports.keys()].sort();
  expect(kept.filter((key) => key.includes('/health-'))).toHaveLength(100);
  expect(kept).toContain(`${VERSION}/report.json`);
  expect(kept.some((key) => key.includes('health-20260314T000000Z'))).toBe(true);
  expect(kept.some((key) => key.includes('health-20260301T120000Z'))).toBe(false);
  const types = world.registry.log.map(({ operation: { type } }) => type);
  expect(types.filter((type) => type === 'health_check')).toHaveLength(200);
  expect(types[0]).toBe('commit');
  expect(world.registry.log.at(-1)?.operation.startedAt).toBe('2026-03-14T00:00:00.000Z');
});
