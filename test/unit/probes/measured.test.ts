import { captureProbes, compareWith, type ProbeStores } from '../../../inspection/probes';
import type { ProbeSettings } from '../../../domain/probes';
import { settingsSchema } from '../../../config/schema';
import { FAKE_PROBES, FakeEmbedder, fakeGraphSearch, fakeVectorSearch } from '../../support/fakes/probes';

/** Whole trials on a clock of the test's own: what the searches of a store take, and the machine below it, is exact. */

const CHUNKS = ['bailey:ch1:1', 'bailey:ch1:2'];
const { warningPercent, failurePercent, toleranceMs, repeats, limit } = settingsSchema.parse({}).probes;
const SETTINGS: ProbeSettings = {
  ...{ ...FAKE_PROBES, warningPercent, failurePercent, toleranceMs, repeats, limit },
  ...{ queries: ['infection'], chapters: ['bailey:ch1'] },
};

/** Milliseconds of a search, of a hierarchy, and of the yardstick; none of them is the same twice. */
interface Pace {
  search: number;
  hierarchy: number;
  yardstick: number;
}
const USUAL: Pace = { search: 6, hierarchy: 12, yardstick: 3 };

class Machine {
  pace = USUAL;
  #now = 0;
  #asked = 0;
  readonly #vectors = fakeVectorSearch(() => CHUNKS);
  readonly #graph = fakeGraphSearch(() => CHUNKS);

  /** A tenth more or less, in turn. */
  readonly #take = (milliseconds: number) => {
    this.#asked += 1;
    this.#now += milliseconds * (0.9 + 0.02 * ((this.#asked * 7) % 11));
  };

  readonly #stores: ProbeStores = {
    vectors: {
      inventory: async () => ({ dimension: 4 }),
      nearest: async (...given) => (this.#take(this.pace.search), this.#vectors.nearest(...given)),
    },
    graph: {
      ...this.#graph,
      hierarchy: async (id) => (this.#take(this.pace.hierarchy), this.#graph.hierarchy(id)),
    },
  };

  readonly capture = (settings: ProbeSettings) =>
    captureProbes(this.#stores, new FakeEmbedder(), settings, {
      clock: () => this.#now,
      yardstick: async () => this.#take(this.pace.yardstick),
    });
}

async function trial(after: Pace) {
  const machine = new Machine();
  const before = await machine.capture(SETTINGS);
  machine.pace = after;
  const { comparisons, captures } = await compareWith(before, SETTINGS, machine.capture, { pauseMs: 0 });
  return { verdicts: comparisons.map(({ kind, verdict }) => [kind, verdict]), captures: captures.length };
}

const FINE = [
  ['search', 'ok'],
  ['hierarchy', 'ok'],
];

test('a server as fast as before is measured once', async () => {
  expect(await trial(USUAL)).toEqual({ verdicts: FINE, captures: 1 });
});

test.each([4, 15])(
  'a server that takes %d ms longer for a search of a few is found, as configured by default',
  async (more) => {
    const found = await trial({ ...USUAL, search: USUAL.search + more });
    expect(found).toEqual({ verdicts: [['search', 'failed'], ...FINE.slice(1)], captures: 3 });
  },
);

test('one that takes less than a hair longer is not', async () => {
  expect(await trial({ ...USUAL, search: USUAL.search + 1 })).toEqual({ verdicts: FINE, captures: 1 });
});

test('a machine on which everything takes twice as long is no slow server', async () => {
  const twice = { search: 12, hierarchy: 24, yardstick: 6 };
  expect(await trial(twice)).toEqual({ verdicts: FINE, captures: 1 });
  expect((await trial({ ...twice, yardstick: USUAL.yardstick })).verdicts).toEqual([
    ['search', 'failed'],
    ['hierarchy', 'failed'],
  ]);
});
