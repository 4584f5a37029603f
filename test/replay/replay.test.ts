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
    eventId: string;
    eventType: string;
    activityTaskCompletedEventAttributes?: { scheduledEventId: string };
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
  'store-restored': 'ROLLED_BACK, Trigger 3',
  tagged: 'COMPLETED',
  'drill-not-restorable': 'COMPLETED',
  'drill-passed': 'COMPLETED',
  'publish-approved': 'COMPLETED',
  'publish-cancelled': 'COMPLETED',
  'publish-cancelled-from-temporal': 'ROLLED_BACK',
  'publish-committed': 'COMPLETED',
  'publish-forgotten': 'COMPLETED',
  'publish-mended': 'COMPLETED',
  'publish-needs-operator': 'NEEDS_OPERATOR',
  'publish-refused': 'VERSION_UNKNOWN',
  'publish-reopened': 'COMPLETED',
  'publish-taken-back': 'ROLLED_BACK',
  'restore-cancelled': 'CANCELED',
  'restore-needs-operator': 'NEEDS_OPERATOR',
  'restore-one-store': 'COMPLETED',
  'restore-refused': 'VERSION_UNKNOWN',
  'restore-restored': 'COMPLETED',
  'restore-taken-back': 'ROLLED_BACK',
  'retention-applied': 'COMPLETED',
  'retention-warned': 'COMPLETED',
  'rollback-continued': 'COMPLETED',
  'rollback-driven-forward': 'COMPLETED',
  'rollback-needs-operator': 'NEEDS_OPERATOR',
  'rollback-refused': 'BASELINE_IMMUTABLE',
  'rollback-stops-a-run': 'COMPLETED',
  'rollback-undone': 'COMPLETED',
  'smaller-batches': 'COMPLETED',
  'undo-driven-forward': 'COMPLETED',
  'undo-needs-operator': 'NEEDS_OPERATOR',
  'undo-undone': 'COMPLETED',
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

/** What a recording is kept for, where its end does not show it. */
test.each([
  ['tagged', 'tagRelease'],
  ['store-restored', 'restoreProduction'],
  ['rollback-stops-a-run', 'awaitRunClosed'],
  ['trigger-3', 'logPostMortem'],
  ['undo-undone', 'logPostMortem'],
  ['undo-needs-operator', 'logPostMortem'],
])('%s has %s in it, and it succeeded', (name, step) => {
  const { events } = read(name);
  const scheduled = events.find(
    ({ activityTaskScheduledEventAttributes: a }) => a?.activityType.name === step,
  )?.eventId;
  const ended = events.flatMap(({ activityTaskCompletedEventAttributes: a }) => a?.scheduledEventId ?? []);
  expect(scheduled).toBeDefined();
  expect(ended).toContain(scheduled);
});

/** Two steps of the run's own, in each other's place: a history of a workflow that did them the other way round. */
test.each([
  ['committed', 'createVersioningTables', 'registerBaselineVersion'],
  ['publish-reopened', 'switchGraph', 'switchVectors'],
])('%s in which %s and %s came in another order does not replay', async (name, ...steps) => {
  const history = read(name);
  const scheduled = history.events.flatMap(({ activityTaskScheduledEventAttributes: a }) => a ?? []);
  const [first, second] = steps.map((step) => scheduled.find(({ activityType }) => activityType.name === step));
  if (!first || !second) throw new Error('the history lacks the steps that this test swaps');
  [first.activityType, second.activityType] = [second.activityType, first.activityType];
  await expect(replay(history)).rejects.toThrow(DeterminismViolationError);
});
