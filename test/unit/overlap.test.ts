import { judgeOverlap, meanOf, overlapOf, type Overlaps } from '../../domain/overlap';
import { measureOverlap } from '../../inspection/overlap';
import type { Embedder, Neighbour } from '../../stores/ports';
import { failureOf } from '../support/errors';

const overlaps = (...shares: (number | null)[]): Overlaps => {
  const queries = shares.map((overlap, i) => {
    return { query: `q${i}`, overlap, production: overlap === null ? 0 : 5, staging: overlap === 0 ? 0 : 5 };
  });
  return { collection: 'c', limit: 5, queries, mean: meanOf(queries) };
};

test('the share of neighbours in common, whatever their order', () => {
  const of = (production: string[], staging: string[]) => overlapOf('q', production, staging).overlap;
  expect(of(['a', 'b', 'c', 'd'], ['d', 'x', 'a', 'y'])).toBe(0.5);
  expect(of(['a', 'b'], ['b', 'a'])).toBe(1);
  // Of the longer list: two that both find are not all where production has five.
  expect(of(['a', 'b', 'c', 'd', 'e'], ['a', 'b'])).toBe(0.4);
  expect(of(['a', 'b'], ['a', 'b', 'c', 'd'])).toBe(0.5);
  expect([of(['a'], []), of([], ['a']), of([], [])]).toEqual([0, null, null]);
});

test('is judged by the mean, and names the queries below the minimum', () => {
  expect(judgeOverlap(overlaps(0.4, 0.6), 0.5)).toEqual({
    name: 'probes: nearest neighbours in common with production',
    severity: 'critical',
    passed: true,
    expected: 'at least 50 % of the 5 nearest, on average',
    actual: '50 % over 2 queries',
    offenders: { total: 1, samples: ['"q0": 40 %'] },
  });
  expect(judgeOverlap(overlaps(0.4, 0.59), 0.5)).toMatchObject({ passed: false, actual: '49 % over 2 queries' });
  expect(judgeOverlap(overlaps(0.8), 0.5).offenders).toEqual({ total: 0, samples: [] });
});

test('empty staging has nothing in common, an empty production has nothing to compare, and 0 asks for nothing', () => {
  expect(judgeOverlap(overlaps(0, 0), 0.5)).toMatchObject({
    passed: false,
    offenders: { total: 2, samples: ['"q0": 0 % (staging answers nothing)', '"q1": 0 % (staging answers nothing)'] },
  });
  expect(judgeOverlap(overlaps(0, 0), 0).passed).toBe(true);
  expect(judgeOverlap(overlaps(null, null), 0.5)).toMatchObject({
    passed: true,
    actual: 'production answers none of the queries',
  });
  expect(judgeOverlap(overlaps(null, 0.2), 0.5)).toMatchObject({ passed: false, actual: '20 % over 1 query' });
  expect(judgeOverlap(overlaps(), 1)).toMatchObject({ passed: true, actual: 'no queries are configured' });
});

describe('measuring', () => {
  const neighbour = (id: string, chunkId: string | null = id): Neighbour => ({ id, score: 1, chunkId });
  const embedder: Embedder = {
    name: 'counting',
    embed: async (texts, dimension) => texts.map((text) => Array.from({ length: dimension }, () => text.length)),
  };
  const vectorsOf = (dimension: number | null) => {
    const asked: string[] = [];
    const vectors = {
      inventory: async () => ({ dimension }) as never,
      async nearest(vector: readonly number[], limit: number) {
        asked.push(`production ${vector.join()} ${limit}`);
        return [neighbour('a'), neighbour('1', null)];
      },
      async nearestIn(collection: string, vector: readonly number[], limit: number) {
        asked.push(`${collection} ${vector.join()} ${limit}`);
        return [neighbour('other id', 'a'), neighbour('2', null)];
      },
    };
    return { vectors, asked };
  };

  test('asks both the same, once a query, and knows neighbours by their chunks', async () => {
    const { vectors, asked } = vectorsOf(2);
    const progress: number[] = [];
    const request = { queries: ['lung', 'heart', 'lung'], limit: 3, collection: 'staged' };
    const found = await measureOverlap({ vectors }, embedder, request, { onProgress: (done) => progress.push(done) });
    expect(asked).toEqual(['production 4,4 3', 'staged 4,4 3', 'production 5,5 3', 'staged 5,5 3']);
    expect(found).toEqual({
      ...{ collection: 'staged', limit: 3, mean: 0.5 },
      queries: ['lung', 'heart'].map((query) => ({ query, overlap: 0.5, production: 2, staging: 2 })),
    });
    expect(progress).toEqual([1, 2]);
  });

  test('needs a dimension only where there are queries, and stops where it is told to', async () => {
    const { vectors, asked } = vectorsOf(null);
    const request = { queries: ['lung'], limit: 3, collection: 'staged' };
    expect((await failureOf(measureOverlap({ vectors }, embedder, request))).code).toBe('QDRANT_UNFIT');
    expect(await measureOverlap({ vectors }, embedder, { ...request, queries: [] })).toMatchObject({ mean: null });
    const reason = new Error('told to stop');
    const stopped = measureOverlap({ vectors: vectorsOf(2).vectors }, embedder, request, {
      signal: AbortSignal.abort(reason),
    });
    await expect(stopped).rejects.toBe(reason);
    expect(asked).toEqual([]);
  });
});
