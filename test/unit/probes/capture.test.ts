import { setTimeout } from 'node:timers/promises';
import { HybridFlowError } from '../../../domain/errors';
import type { ProbeSettings } from '../../../domain/probes';
import {
  captureProbes,
  captureText,
  parseCapture,
  type CaptureOptions,
  type ProbeStores,
} from '../../../inspection/probes';
import { canonicalJson } from '../../../domain/canonical-json';
import { settledOrder } from '../../../inspection/probes/canonical';
import type { HierarchyNode, Neighbour } from '../../../stores/ports';
import { failureOf } from '../../support/errors';
import { FAKE_PROBES, FakeEmbedder, fakeGraphSearch, fakeVectorSearch } from '../../support/fakes/probes';

const CHUNKS = ['bailey:ch1:1', 'bailey:ch1:2', 'bailey:ch1:3'];
let embedder: FakeEmbedder;
let stores: ProbeStores;
let dimension: number | null;
/** What the fakes were asked, in order. */
let asked: string[];

beforeEach(() => {
  embedder = new FakeEmbedder();
  dimension = 4;
  asked = [];
  const [vectors, graph] = [fakeVectorSearch(() => CHUNKS), fakeGraphSearch(() => CHUNKS)];
  stores = {
    vectors: {
      inventory: async () => ({ dimension }),
      nearest: (vector, limit) => (asked.push(`search ${vector[0]}`), vectors.nearest(vector, limit)),
    },
    graph: { ...graph, hierarchy: (id) => (asked.push(id), graph.hierarchy(id)) },
  };
});

const capture = (settings: Partial<ProbeSettings> = {}, options?: CaptureOptions) =>
  captureProbes(stores, embedder, { ...FAKE_PROBES, ...settings }, options);
const only = async (settings: Partial<ProbeSettings> = {}, options?: CaptureOptions) => {
  const { answers } = await capture(settings, options);
  const [answer] = answers;
  if (!answer) throw new Error('no answer');
  return answer;
};
const hierarchyOf = (chunkIds: readonly string[]): HierarchyNode => ({
  ...{ kind: 'Chapter', properties: {} },
  children: chunkIds.map((chunkId) => ({ kind: 'Paragraph', properties: { chunkId }, children: [] })),
});
const unreachable = () => new HybridFlowError('QDRANT_UNREACHABLE', { found: 'Qdrant does not answer' });

describe('a capture', () => {
  it('asks every query, every chapter and every command once a round, two rounds of the stores unseen', async () => {
    const commands = [{ name: 'echo', argv: ['echo', 'hi'], timeoutSeconds: 20, maxBytes: 100 }];
    const found = await capture({ queries: ['a', 'bb', 'a'], chapters: ['c1', 'c2', 'c1'], repeats: 4, commands });
    expect(asked).toEqual(Array.from({ length: 6 }, () => ['search 1', 'search 2', 'c1', 'c2']).flat());
    expect(
      found.answers.map(({ name, kind, error, results, milliseconds }) => ({
        name,
        kind,
        error,
        results,
        timed: milliseconds.length,
      })),
    ).toEqual([
      { name: 'search "a"', kind: 'search', error: null, results: 3, timed: 4 },
      { name: 'search "bb"', kind: 'search', error: null, results: 3, timed: 4 },
      { name: 'hierarchy c1', kind: 'hierarchy', error: null, results: 3, timed: 4 },
      { name: 'hierarchy c2', kind: 'hierarchy', error: null, results: 3, timed: 4 },
      { name: 'command echo', kind: 'command', error: null, results: 1, timed: 4 },
    ]);
    expect(found).toMatchObject({ embedder: 'fake', limit: 5, vectors: { a: [1, 1, 1, 1], bb: [2, 1, 1, 1] } });
  });

  it('asks fast probes three times as often as they are to be asked at least, and commands five times', async () => {
    const commands = [{ name: 'echo', argv: ['echo', 'hi'], timeoutSeconds: 20, maxBytes: 100 }];
    const counted = async (repeats: number) =>
      (await capture({ chapters: ['c1'], repeats, commands })).answers.map(({ milliseconds }) => milliseconds.length);
    expect(await counted(7)).toEqual([21, 21, 5]);
    // Too few to judge by were asked for.
    expect(await counted(4)).toEqual([4, 4, 4]);
    stores.graph.hierarchy = async () => (await setTimeout(300), hierarchyOf(CHUNKS));
    expect(await counted(5)).toEqual([15, 5, 5]);
  });

  it('measures the machine itself, once a round', async () => {
    let worked = 0;
    const yardstick = async () => void worked++;
    const { yardstick: found } = await capture({ queries: ['a'], chapters: ['c1'], repeats: 7 }, { yardstick });
    expect([worked, found?.length]).toEqual([23, 22]);
    expect((await capture({ repeats: 1 })).yardstick?.every((milliseconds) => milliseconds > 0)).toBe(true);
  });

  it('reads the first chapter of each textbook where none is named', async () => {
    expect((await capture()).answers.map(({ name }) => name)).toEqual([
      'search "lung anatomy"',
      'hierarchy bailey:ch1',
    ]);
  });

  it('embeds once, and with the vectors of an earlier capture only what is new', async () => {
    const { vectors } = await capture({ queries: ['a', '__proto__'] });
    const later = await capture({ queries: ['a', '__proto__', 'toString'] }, { vectors });
    expect(embedder.asked).toEqual(['a', '__proto__', 'toString']);
    expect(Object.keys(later.vectors)).toEqual(['a', '__proto__', 'toString']);
    dimension = null;
    expect((await capture({ queries: ['a'] }, { vectors })).vectors).toEqual(vectors);
  });

  it('reads back what it wrote, and nothing else', async () => {
    const found = await capture({ queries: ['a', 'toString'] });
    expect(parseCapture(captureText(found))).toEqual(found);
    for (const text of ['', '{', '{}', 'null', JSON.stringify({ ...found, answers: [{}] })]) {
      expect(parseCapture(text)).toBeUndefined();
    }
  });

  it('beats with every question, and stops where it is cancelled', async () => {
    const controller = new AbortController();
    const onProgress = jest.fn((done: number) => done === 3 && controller.abort(new Error('cancelled')));
    await expect(capture({}, { control: { onProgress, signal: controller.signal } })).rejects.toThrow('cancelled');
    expect(onProgress.mock.calls.flat()).toEqual([1, 2, 3]);
  });
});

describe('a probe', () => {
  it.each<[string, () => void, RegExp]>([
    ['finds nothing', () => (stores.vectors.nearest = async () => []), /zero results/],
    [
      'is refused',
      () =>
        (stores.vectors.nearest = () =>
          Promise.reject(new HybridFlowError('QDRANT_REFUSED', { found: 'no s3cret vector' }))),
      /^no \*\*\* vector$/,
    ],
    [
      'meets another failure',
      () => (stores.graph.texts = () => Promise.reject(new Error('of s3cret kind'))),
      /^of \*\*\* kind$/,
    ],
    ['has no vector', () => (dimension = null), /several vectors/],
  ])('that %s is failed, and the others go on', async (_, arrange, why) => {
    arrange();
    const { answers } = await capture({ repeats: 2 }, { secrets: ['s3cret'] });
    expect(answers[0]).toMatchObject({ error: expect.stringMatching(why) as string, sha256: null, results: 0 });
    expect(answers[1]).toMatchObject({ name: 'hierarchy bailey:ch1', error: null, results: 3 });
    expect(asked.filter((question) => question.startsWith('search')).length).toBeLessThan(2);
  });

  it.each<[string, HierarchyNode | null, RegExp]>([
    ['does not exist', null, /no chapter c1/],
    ['is empty', { kind: 'Chapter', properties: {}, children: [] }, /c1 is empty/],
  ])('of a chapter that %s is failed', async (_, node, why) => {
    stores.graph.hierarchy = async () => node;
    expect((await only({ queries: [], chapters: ['c1'] })).error).toMatch(why);
  });

  it('that gives two answers is failed, were it only in the last round', async () => {
    const nearest = stores.vectors.nearest.bind(stores.vectors);
    stores.vectors.nearest = (vector, limit) => nearest(vector, asked.length < 4 ? limit : limit - 3);
    expect(await only({ repeats: 3, chapters: ['c1'], queries: ['a'] })).toMatchObject({
      error: expect.stringMatching(/not repeatable/) as string,
    });
  });

  it('whose command prints the time is failed', async () => {
    const commands = [
      { name: 'time', argv: [process.execPath, '-p', 'process.hrtime.bigint()'], timeoutSeconds: 20, maxBytes: 100 },
    ];
    expect((await only({ queries: [], chapters: ['c1'], repeats: 2, commands })).error).toBeNull();
    expect((await capture({ queries: [], repeats: 2, commands })).answers.at(-1)?.error).toMatch(/not repeatable/);
  });

  it('waits out an outage, but not for ever, and what it waited is no latency', async () => {
    let outages = 2;
    const nearest = stores.vectors.nearest.bind(stores.vectors);
    stores.vectors.nearest = (vector, limit) =>
      outages-- > 0 ? Promise.reject(unreachable()) : nearest(vector, limit);
    const { error, milliseconds } = await only({ repeats: 1 }, { patienceMs: 60_000 });
    expect([error, milliseconds.length]).toEqual([null, 1]);
    outages = Infinity;
    expect((await only({}, { patienceMs: 1 })).error).toBe('Qdrant does not answer');
  });
});

describe('before anything is asked, a capture fails', () => {
  it.each(['EMBEDDER_UNREACHABLE', 'EMBEDDER_UNFIT'] as const)('with %s of the embedder', async (code) => {
    embedder.embed = () => Promise.reject(new HybridFlowError(code, { found: 'no vectors' }));
    expect((await failureOf(capture())).code).toBe(code);
    expect(asked).toEqual([]);
  });

  it('with the outage of the store that knows the dimension', async () => {
    stores.vectors.inventory = () => Promise.reject(unreachable());
    expect((await failureOf(capture())).code).toBe('QDRANT_UNREACHABLE');
  });
});

describe('an answer in its canonical form', () => {
  const neighbour = (id: string, score: number): Neighbour => ({ id, score, chunkId: id });

  it('has its keys in order, at every depth', () => {
    expect(canonicalJson({ b: [{ d: 1, c: null }], a: 'x' })).toBe('{"a":"x","b":[{"c":null,"d":1}]}');
  });

  it('keeps the order of neighbours, save those of the same score', () => {
    const order = (...neighbours: Neighbour[]) =>
      settledOrder(neighbours)
        .map(({ id }) => id)
        .join('');
    expect(order(neighbour('c', 0.9), neighbour('b', 0.8), neighbour('a', 0.7))).toBe('cba');
    expect(order(neighbour('c', 0.9), neighbour('b', 0.899999), neighbour('a', 0.7))).toBe('bca');
    expect(order(neighbour('c', 0.5), neighbour('a', 0.5), neighbour('b', 0.5))).toBe('abc');
  });

  it('changes with an id, a chunk or a text, and with nothing else', async () => {
    const sha = async (change: (n: Neighbour) => Neighbour, text = (id: string) => `text of ${id}`) => {
      stores.vectors.nearest = async () => CHUNKS.map((id, i) => change({ id, score: 1 - i / 10, chunkId: id }));
      stores.graph.texts = async (ids) => Object.fromEntries(ids.map((id) => [id, text(id)]));
      return (await only()).sha256;
    };
    const same = await sha((n) => n);
    expect(await sha((n) => ({ ...n, score: n.score - 0.01 }))).toBe(same);
    expect(await sha((n) => ({ ...n, id: n.id === CHUNKS[1] ? 'x' : n.id }))).not.toBe(same);
    expect(await sha((n) => ({ ...n, chunkId: n.id === CHUNKS[1] ? null : n.id }))).not.toBe(same);
    expect(
      await sha(
        (n) => n,
        (id) => (id === CHUNKS[2] ? 'other' : `text of ${id}`),
      ),
    ).not.toBe(same);
  });
});
