import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DeterminismViolationError } from '@temporalio/workflow';
import { DefaultLogger, Runtime, Worker } from '@temporalio/worker';
import { workflowBundle } from '../support/workflow-env';

jest.setTimeout(60_000);

const FOLDER = join(__dirname, 'histories');
const NAMES = readdirSync(FOLDER).map((file) => file.replace(/\.json$/, ''));

interface History {
  events: { activityTaskScheduledEventAttributes?: { activityType: { name: string } } }[];
}
const read = (name: string) => JSON.parse(readFileSync(join(FOLDER, `${name}.json`), 'utf8')) as History;

const replay = async (history: History) => Worker.runReplayHistory({ workflowBundle: await workflowBundle() }, history);

beforeAll(() => {
  Runtime.install({ logger: new DefaultLogger('ERROR') });
});

test('every way a run can end is recorded', () => {
  expect(NAMES.sort()).toEqual(
    [
      'aborted',
      'already-registered',
      'cancelled',
      'committed',
      'needs-operator',
      'paused-and-resumed',
      'refused',
      'retried-outage',
      'rolled-back',
    ].sort(),
  );
});

test.each(NAMES)('a run that ended %s replays', async (name) => {
  await expect(replay(read(name))).resolves.toBeUndefined();
});

test('a history in which the steps came in another order does not replay', async () => {
  const history = read('committed');
  const scheduled = history.events.flatMap(({ activityTaskScheduledEventAttributes: a }) => a ?? []);
  const [schema, row] = ['createVersioningTables', 'registerBaselineVersion'].map((name) =>
    scheduled.find(({ activityType }) => activityType.name === name),
  );
  if (!schema || !row) throw new Error('the history lacks the steps that this test swaps');
  [schema.activityType, row.activityType] = [row.activityType, schema.activityType];
  await expect(replay(history)).rejects.toThrow(DeterminismViolationError);
});
