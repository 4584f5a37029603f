import fc from 'fast-check';

jest.mock('@temporalio/workflow', () => ({
  ...jest.requireActual<object>('@temporalio/workflow'),
  CancellationScope: { nonCancellable: (work: () => Promise<unknown>) => work() },
}));

import { Saga } from '../../workflows/parts/saga';

interface Step {
  fails: boolean;
  lastWord: boolean;
}

/** Steps as a run registers them; last words come first, as the row's verdict does. */
const steps = fc.array(fc.record({ fails: fc.boolean(), lastWord: fc.boolean() }), { maxLength: 12 });

async function compensate(given: Step[]) {
  const ran: number[] = [];
  const told: string[] = [];
  const saga = new Saga();
  given.forEach(({ fails, lastWord }, i) => {
    const undo = () => {
      ran.push(i);
      return fails ? Promise.reject(new Error(`step ${i}`)) : Promise.resolve();
    };
    saga.undoWith(`${i}`, undo, { lastWord });
  });
  const results = await saga.compensate(({ name }) => told.push(name));
  return { ran, told, results };
}

test('undos run last-in first-out, and each is told of once, in that order', async () => {
  await fc.assert(
    fc.asyncProperty(steps, async (given) => {
      const { ran, told, results } = await compensate(given);
      const reversed = given.map((_, i) => i).reverse();
      expect(results.map(({ name }) => Number(name))).toEqual(reversed);
      expect(told).toEqual(results.map(({ name }) => name));
      expect(ran).toEqual(reversed.filter((i) => ran.includes(i)));
    }),
  );
});

test('one that fails stops none of the others but the last words after it', async () => {
  await fc.assert(
    fc.asyncProperty(steps, async (given) => {
      const { ran, results } = await compensate(given);
      let failed = false;
      for (const { name, state } of results) {
        const { fails, lastWord } = given[Number(name)] as Step;
        const skipped = lastWord && failed;
        expect([name, state]).toEqual([name, skipped ? 'skipped' : fails ? 'failed' : 'undone']);
        expect([name, ran.includes(Number(name))]).toEqual([name, !skipped]);
        failed ||= state === 'failed';
      }
    }),
  );
});

test('what must be kept is told as kept', async () => {
  const saga = new Saga();
  saga.undoWith('record', () => Promise.resolve('kept'));
  saga.undoWith('snapshots', () => Promise.resolve({ kept: 'one is not ours' }));
  expect(await saga.compensate()).toMatchObject([
    { name: 'snapshots', state: 'kept', note: 'one is not ours' },
    { name: 'record', state: 'kept' },
  ]);
});
