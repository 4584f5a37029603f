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
