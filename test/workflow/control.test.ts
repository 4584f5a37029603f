import { WorkflowFailedError, WorkflowUpdateFailedError } from '@temporalio/client';
import { ApplicationFailure, CancelledFailure } from '@temporalio/common';
import type { BaselineOutcome, PauseView, ProgressView } from '../../domain/baseline';
import {
  abort,
  abortUpdate,
  pauseNeo4jWrites,
  pauseUpdate,
  progress,
  resumeNeo4jWrites,
  resumeUpdate,
} from '../../workflows/messages';
import { fakeRuns, type Handle } from '../support/fake-runs';
import { FakeWorld } from '../support/fake-world';
import { failureOf } from '../support/workflow-env';

jest.setTimeout(60_000);

const runs = fakeRuns('control');

/** Starts a run whose batch `nth` waits until the test lets it go on. */
async function startHeldAt(nth: number, world = new FakeWorld(95)) {
  const { reached, letGo } = world.holdBatch(nth);
  const handle = await runs.start(world.deps());
  await reached;
  return { world, handle, letGo };
}

const view = (handle: Handle) => handle.query<ProgressView>(progress);

/** Asks until the answer fits; fails with the last answer after a while. */
async function until<T>(ask: () => Promise<T>, fits: (answer: T) => boolean): Promise<T> {
  const deadline = Date.now() + 20_000;
  for (;;) {
    const answer = await ask();
    if (fits(answer)) return answer;
    if (Date.now() > deadline) throw new Error(`never came: last was ${JSON.stringify(answer)}`);
  }
}

/** The pause has reached the store and waits for the batch in flight. */
const gateIsAwaited = (world: FakeWorld) =>
  until(
    async () => new Promise<number>((resolve) => setImmediate(() => resolve(world.waiting))),
    (waiting) => waiting > 0,
  );

describe('pause and resume', () => {
  test('a pause stops within one batch, says so, and a resume ends right', async () => {
    const { world, handle, letGo } = await startHeldAt(3);
    await handle.signal(pauseNeo4jWrites, { reason: 'night load', by: 'ann' });
    expect((await view(handle)).pause).toMatchObject({ state: 'pausing', reason: 'night load', by: 'ann' });
    await gateIsAwaited(world);
    letGo();
    const { pause } = await until(
      () => view(handle),
      (v) => v.pause.state === 'paused',
    );
    expect(pause.quiescedAt).toBeDefined();
    expect(world.fence?.paused).toBe(true);
    // The batch that was in flight ended; none followed it.
    expect(world.batches).toBe(3);
    await handle.signal(resumeNeo4jWrites);
    expect(await handle.result()).toMatchObject({ outcome: 'committed', counts: { labelled: 95 } });
    expect([world.labelled.size, world.labelledTwice]).toEqual([95, 0]);
  });

  test('the update answers once Neo4j is quiet, and its twin opens the gate again', async () => {
    const { world, handle, letGo } = await startHeldAt(2);
    const paused = handle.executeUpdate<PauseView, [object]>(pauseUpdate.name, { args: [{ by: 'bob' }] });
    await gateIsAwaited(world);
    letGo();
    expect(await paused).toMatchObject({ state: 'paused', by: 'bob' });
    expect(world.batches).toBe(2);
    expect(await handle.executeUpdate<PauseView, []>(resumeUpdate.name)).toMatchObject({ state: 'open' });
    expect(await handle.result()).toMatchObject({ outcome: 'committed' });
  });

  test('a pause with a time limit ends by itself', async () => {
    const { handle, letGo } = await startHeldAt(1);
    await handle.signal(pauseNeo4jWrites, { forSeconds: 1 });
    letGo();
    expect(await handle.result()).toMatchObject({ outcome: 'committed', counts: { labelled: 95 } });
  });

  test('pause and resume, repeated and out of order, lose nothing', async () => {
    const { world, handle, letGo } = await startHeldAt(2);
    await handle.signal(resumeNeo4jWrites);
    for (let i = 0; i < 5; i++) {
      await handle.signal(pauseNeo4jWrites, {});
      await handle.signal(pauseNeo4jWrites, { reason: 'again' });
      await handle.signal(resumeNeo4jWrites);
    }
    letGo();
    expect(await handle.result()).toMatchObject({ outcome: 'committed', counts: { labelled: 95 } });
    expect(world.labelledTwice).toBe(0);
  });

  test('a gate that somebody else closed is opened again, not run against', async () => {
    const { world, handle, letGo } = await startHeldAt(2);
    if (world.fence) world.fence.paused = true;
    letGo();
    expect(await handle.result()).toMatchObject({ outcome: 'committed', counts: { labelled: 95 } });
    expect((await handle.fetchHistory()).events?.length).toBeLessThan(500);
  });

  test.each([{ forSeconds: 1e13 }, { forSeconds: 'long' }, 'now', null, { reason: 7 }])(
    'a signal with %j does not stop the run',
    async (payload) => {
      const { handle, letGo } = await startHeldAt(1);
      await handle.signal('pauseNeo4jWrites', payload);
      await handle.signal(resumeNeo4jWrites);
      letGo();
      expect(await handle.result()).toMatchObject({ outcome: 'committed' });
    },
  );

  test('the update refuses a limit that makes no sense', async () => {
    const { handle, letGo } = await startHeldAt(1);
    const refused = handle.executeUpdate<PauseView, [object]>(pauseUpdate.name, { args: [{ forSeconds: -1 }] });
    await expect(refused).rejects.toThrow(WorkflowUpdateFailedError);
    letGo();
    await handle.result();
  });
});

describe('abort', () => {
  test('rolls everything back and says who asked and why', async () => {
    const { world, handle, letGo } = await startHeldAt(3);
    await handle.signal(abort, { reason: 'wrong night', by: 'ann' });
    letGo();
    const failure = await failureOf(handle.result());
    expect(failure.code).toBe('ROLLED_BACK');
    expect((failure.details[1] as BaselineOutcome).reason).toBe('aborted by ann: wrong night');
    expect(world.traces).toEqual(new FakeWorld().traces);
    expect(world.registry.rows).toMatchObject([
      { status: 'rolled_back', statusMessage: 'aborted by ann: wrong night' },
    ]);
  });

  test('works while paused', async () => {
    const { world, handle, letGo } = await startHeldAt(2);
    await handle.signal(pauseNeo4jWrites);
    letGo();
    await until(
      () => view(handle),
      (v) => v.pause.state === 'paused',
    );
    await handle.signal(abort);
    expect((await failureOf(handle.result())).code).toBe('ROLLED_BACK');
    expect(world.traces).toEqual(new FakeWorld().traces);
  });

  test('the update is refused once the run is past aborting, and the run goes on', async () => {
    const world = new FakeWorld(15);
    const deps = world.deps();
    const running: { handle?: Handle } = {};
    let refusal: Promise<unknown> | undefined;
    const { settleLatestCopy } = deps.artifacts;
    deps.artifacts.settleLatestCopy = async (...args) => {
      // The commit is behind it: this is the tidying up.
      refusal ??= running.handle?.executeUpdate(abortUpdate.name, { args: [{}] }).catch((error: unknown) => error);
      await refusal;
      return settleLatestCopy(...args);
    };
    running.handle = await runs.start(deps);
    expect(await running.handle?.result()).toMatchObject({ outcome: 'committed' });
    expect(await refusal).toBeInstanceOf(WorkflowUpdateFailedError);
  });

  test('a cancellation from outside rolls back too, and ends as cancelled', async () => {
    const { world, handle, letGo } = await startHeldAt(2);
    await handle.cancel();
    letGo();
    const error: unknown = await handle.result().catch((e: unknown) => e);
    expect(error).toBeInstanceOf(WorkflowFailedError);
    expect((error as WorkflowFailedError).cause).toBeInstanceOf(CancelledFailure);
    expect(world.traces).toEqual(new FakeWorld().traces);
    expect(world.registry.rows).toMatchObject([{ status: 'rolled_back', statusMessage: 'the workflow was cancelled' }]);
  });
});

test('a cancellation that comes after the commit does not make a lie of it', async () => {
  const world = new FakeWorld(15);
  const handle: { now?: Handle } = {};
  const deps = world.deps();
  const { registry } = world;
  const commit = registry.commit.bind(registry);
  registry.commit = (...args) => {
    const row = commit(...args);
    void handle.now?.cancel();
    return row;
  };
  handle.now = await runs.start(deps);
  expect(await handle.now?.result()).toMatchObject({ outcome: 'committed' });
  expect(world.claim).toBeUndefined();
});

test('an attempt that lost the fence writes nothing more and the run is undone', async () => {
  const { world, handle, letGo } = await startHeldAt(2);
  world.fence = { token: 'someone else', cursor: '', batches: 0, labelled: 0, paused: false };
  letGo();
  const error: unknown = await handle.result().catch((e: unknown) => e);
  expect((error as WorkflowFailedError).cause).toBeInstanceOf(ApplicationFailure);
  expect(((error as WorkflowFailedError).cause as ApplicationFailure).message).toContain('FENCED');
  expect(world.labelled.size).toBe(0);
});
