import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DeterminismViolationError } from '@temporalio/workflow';
import { DefaultLogger, Runtime, Worker } from '@temporalio/worker';
import { workflowBundle } from '../support/workflow-env';

jest.setTimeout(60_000);

const FOLDER = join(__dirname, 'histories');
const NAMES = readdirSync(FOLDER).map((file) => file.replace(/\.json$/, ''));

interface History {
  events: {
    eventType: string;
    activityTaskScheduledEventAttributes?: { activityType: { name: string } };
    workflowExecutionFailedEventAttributes?: {
      failure: { message: string; applicationFailureInfo?: { type?: string } };
    };
  }[];
}
const read = (name: string) => JSON.parse(readFileSync(join(FOLDER, `${name}.json`), 'utf8')) as History;

const replay = async (history: History) => Worker.runReplayHistory({ workflowBundle: await workflowBundle() }, history);

beforeAll(() => {
  Runtime.install({ logger: new DefaultLogger('ERROR') });
});

/** How each recorded run ended: completed, cancelled, or the code that it failed with, and the trigger that it names. */
const ENDS: Record<string, string> = {
  aborted: 'ROLLED_BACK',
  'already-registered': 'COMPLETED',
  cancelled: 'CANCELED',
  committed: 'COMPLETED',
  'health-checked': 'COMPLETED',
  'health-failed': 'COMPLETED',
  'needs-operator': 'NEEDS_OPERATOR, Trigger 3',
  'paused-and-resumed': 'COMPLETED',
  'plan-changed': 'PLAN_CHANGED',
  refused: 'LABEL_IN_USE',
  'retried-outage': 'COMPLETED',
  'drill-passed': 'COMPLETED',
  'publish-approved': 'COMPLETED',
  'publish-cancelled': 'COMPLETED',
  'publish-committed': 'COMPLETED',
  'publish-forgotten': 'COMPLETED',
  'publish-mended': 'COMPLETED',
  'publish-needs-operator': 'NEEDS_OPERATOR',
  'publish-refused': 'VERSION_UNKNOWN',
  'publish-taken-back': 'ROLLED_BACK',
  'restore-refused': 'VERSION_UNKNOWN',
  'restore-restored': 'COMPLETED',
  'restore-taken-back': 'ROLLED_BACK',
  'retention-applied': 'COMPLETED',
  'rollback-continued': 'COMPLETED',
  'rollback-refused': 'BASELINE_IMMUTABLE',
  'smaller-batches': 'COMPLETED',
  ...Object.fromEntries([1, 2, 3, 4, 5, 6].map((n) => [`trigger-${n}`, `ROLLED_BACK, Trigger ${n}`])),
};

function endOf({ events }: History): string {
  const last = events.at(-1);
  const failure = last?.workflowExecutionFailedEventAttributes?.failure;
  if (!failure) return last?.eventType.replace('EVENT_TYPE_WORKFLOW_EXECUTION_', '') ?? '';
  const trigger = /Trigger \d/.exec(failure.message)?.[0];
  return [failure.applicationFailureInfo?.type, trigger].filter(Boolean).join(', ');
}

test('every way a run can end is recorded, and each recording is what its name says', () => {
  expect(Object.fromEntries(NAMES.map((name) => [name, endOf(read(name))]))).toEqual(ENDS);
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
