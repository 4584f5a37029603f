import { changeWorkflowId, TASK_QUEUE } from '../../domain/names';
import type { StatusView } from '../../client/render/status';
import { TestBase } from '../support/base';
import { hfv, killChildren } from '../support/children';
import { connectLive, type Live } from '../support/live';
import { until } from '../support/until';

jest.setTimeout(120_000);

let live: Live;
let base: TestBase;

beforeAll(async () => {
  live = await connectLive();
  base = await TestBase.make({ paragraphs: 20 });
});
afterAll(async () => {
  await killChildren();
  await live?.close().finally(() => base?.close());
});

test('a run that cannot go on says which step fails, and of what', async () => {
  const { settings } = base;
  const elsewhere = { ...settings, neo4j: { ...settings.neo4j, uri: 'bolt://127.0.0.1:9' } };
  const worker = await live.work(elsewhere, TASK_QUEUE);
  const workflowId = changeWorkflowId(settings.base);
  const handle = await live.client.workflow.start('registerBaseline', {
    taskQueue: TASK_QUEUE,
    workflowId,
    args: [{}],
  });
  try {
    const status = async () => {
      const { stdout } = await hfv(live.stack.root, ['--base', settings.base, 'status', '--json']).ended;
      return JSON.parse(stdout) as StatusView;
    };
    const { standstill } = await until('a failing step', status, (view) => (view.standstill?.failing.length ?? 0) > 0);
    expect(standstill?.unpolled).toEqual([]);
    expect(standstill?.failing[0]).toMatchObject({
      activity: expect.any(String) as string,
      error: expect.stringMatching(/^NEO4J_UNREACHABLE: .*127\.0\.0\.1:9/) as string,
    });
    expect(standstill?.failing[0]?.attempt).toBeGreaterThan(1);
  } finally {
    await handle.terminate('the test is over');
    await worker.stop();
  }
});
