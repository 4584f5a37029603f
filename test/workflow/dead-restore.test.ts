import type { ActivityDeps } from '../../activities';
import { undoWorkflowId } from '../../domain/names';
import type { restoreVersion, rollBackVersion } from '../../workflows';
import { BASELINE, contentOf, RestoreWorld } from '../support/fakes/restore-world';
import { expectTidy, SECOND, secondVersion } from '../support/fakes/second-version';
import { failureOf, startSkippingTemporal } from '../support/workflow-env';
import { fakeWorkers } from '../support/fake-workers';

jest.setTimeout(60_000);

const fakes = fakeWorkers('dead-restore', () => new RestoreWorld().deps(), startSkippingTemporal);

/** Ends a restore of the baseline from outside once it has switched Neo4j; answers the id of its run. */
async function terminated(world: RestoreWorld): Promise<string> {
  const deps = world.deps();
  const { restoreFrom } = deps.vectors;
  let reached = () => undefined as void;
  const standing = new Promise<void>((resolve) => (reached = resolve));
  let release = () => undefined as void;
  const held = new Promise<void>((resolve) => (release = resolve));
  // Its attempt at Qdrant never comes to write anything.
  deps.vectors.restoreFrom = async (...given) => {
    reached();
    await held;
    if (world.claim) throw new Error('its run was ended');
    return restoreFrom(...given);
  };
  const handle = await fakes.start<typeof restoreVersion>('restoreVersion', deps, [{ version: BASELINE }]);
  await standing;
  const { runId } = await handle.describe();
  await handle.terminate('killed by a test');
  release();
  expect(world.restored).toEqual(['neo4j']);
  expect(world.journal.entries.at(-1)).toMatchObject({ kind: 'restore', state: 'switching' });
  return runId;
}

function rolledBack(deps: ActivityDeps, deadRunId: string) {
  const options = { deadRunId, of: 'dead-restore-undo' };
  return fakes.start<typeof rollBackVersion>('rollBackVersion', deps, [{ startedBy: 'ada' }], options);
}

/** What the undo did, in its order: the activities that it asked for, and the timers that it waited for. */
async function courseOf(deps: ActivityDeps, deadRunId: string): Promise<string[]> {
  const { events } = await fakes
    .env()
    .client.workflow.getHandle(undoWorkflowId(deps.settings.base, deadRunId))
    .fetchHistory();
  return (events ?? []).flatMap((event) => {
    const activity = event.activityTaskScheduledEventAttributes?.activityType?.name;
    const seconds = event.timerStartedEventAttributes?.startToFireTimeout?.seconds;
    if (activity) return activity;
    if (seconds) return `waits ${Number(seconds)} s`;
    return event.timerFiredEventAttributes ? 'has waited' : [];
  });
}

test('what a dead restore has switched is taken back, once an attempt of it can no longer write', async () => {
  const world = secondVersion();
  const deadRunId = await terminated(world);
  const deps = world.deps();
  const record = await (await rolledBack(deps, deadRunId)).result();
  expect(record).toMatchObject({ proven: true, left: [], next: null, restored: ['neo4j'] });
  expect(record.proof.map(({ store, same }) => [store, same])).toEqual([
    ['qdrant', true],
    ['neo4j', true],
  ]);
  expect([world.holds, world.restored]).toEqual([contentOf('second'), ['neo4j', 'neo4j']]);
  expect(world.journal.entries.at(-1)).toMatchObject({ kind: 'restore', state: 'undone' });
  expect(world.folders.has(SECOND)).toBe(true);
  expectTidy(world);
  const course = await courseOf(deps, deadRunId);
  const waited = course.indexOf('has waited');
  expect(course[waited - 1]).toBe('waits 20 s');
  // It is marked as taken back before the wait, and nothing is looked at, let alone restored, until it is over.
  expect(course.slice(0, waited)).toContain('takeBackSwitch');
  const looking = /^(verify|compare|fingerprint|save|restore)/;
  expect(course.slice(0, waited).filter((name) => looking.test(name))).toEqual([]);
  expect(course.slice(waited).filter((name) => name.startsWith('restore'))).toEqual(['restoreProduction']);
});

test('where somebody writes into what was taken back, the journal stays open; to continue takes it back once more', async () => {
  const world = secondVersion();
  const deadRunId = await terminated(world);
  const deps = world.deps();
  const { undoTables } = deps.metadata;
  // Behind the proof, before the last word.
  deps.metadata.undoTables = (before) => {
    world.contaminate('neo4j');
    return undoTables(before);
  };
  const failure = await failureOf((await rolledBack(deps, deadRunId)).result());
  expect(failure).toMatchObject({
    code: 'NEEDS_OPERATOR',
    message: expect.stringContaining('production once more') as string,
  });
  expect(world.holds.neo4j).toEqual(contentOf('contaminated').neo4j);
  expect(world.journal.entries.at(-1)).toMatchObject({ kind: 'restore', state: 'switching' });
  expect(world.claim).toMatchObject({ kind: 'restore', runId: deadRunId });
  const record = await (await rolledBack(world.deps(), deadRunId)).result();
  expect(record).toMatchObject({ proven: true, left: [], restored: ['neo4j'] });
  expect(world.holds).toEqual(contentOf('second'));
  const told = world.registry.log.map(({ versionId, operation: { type, status } }) => [versionId, type, status]);
  expect(told.slice(-2)).toEqual([
    [BASELINE, 'post_mortem', 'failed'],
    [BASELINE, 'post_mortem', 'success'],
  ]);
  expectTidy(world);
});
