import { CheckedBase, COLLECTION, failedOf, PARAGRAPHS, CHAPTERS } from './support/checked-base';

jest.setTimeout(120_000);

let kb: CheckedBase;

beforeEach(async () => {
  kb = await CheckedBase.make();
});
afterEach(() => kb.close());

const cypher = (query: string, parameters?: Record<string, unknown>) => kb.base.cypher(query, parameters);
const emptyGraph = () => cypher('MATCH (n) DETACH DELETE n');

describe('nothing at all', () => {
  test('in Qdrant fails 2, 3 and 4, with exact totals and 20 samples', async () => {
    const ids = await kb.everyId();
    await kb.deletePoints(ids);
    const results = await kb.run();
    expect(failedOf(results)).toEqual([2, 3, 4]);
    const [, two, three, four] = results;
    expect(two).toMatchObject({ actual: '0 points, 120 paragraphs', offenders: { total: 120 } });
    expect(three?.offenders).toEqual({
      total: 3,
      samples: ['bailey', 'sabiston', 'schwartz'].map((book) => `no chunk in Qdrant: ${book}:ch1`),
    });
    expect(four).toMatchObject({ actual: '0 in both, 120 only in Neo4j', offenders: { total: 120 } });
    expect(four?.offenders?.samples).toHaveLength(20);
    expect(ids.map((id) => `only in Neo4j: ${id}`)).toEqual(expect.arrayContaining(four?.offenders?.samples ?? []));
  });

  test('in Neo4j fails 2 and 4 to 7', async () => {
    await emptyGraph();
    const four = await kb.failing([2, 4, 5, 6, 7], 4);
    expect(four).toMatchObject({ actual: '0 in both, 120 only in Qdrant', offenders: { total: 120 } });
  });

  test('anywhere fails every check: nothing equals nothing, and proves nothing', async () => {
    await kb.deletePoints(await kb.everyId());
    await emptyGraph();
    kb.base.sql('DELETE FROM chapter_metadata');
    for (const options of [{}, { expected: { chapters: 0, perTextbook: {} } }]) {
      expect(failedOf(await kb.run(options))).toEqual([1, 2, 3, 4, 5, 6, 7]);
    }
  });
});

test('check 1 sees a chapter too few and one too many, also where the total is right', async () => {
  kb.base.sql(
    `UPDATE chapter_metadata SET textbook_id = 'bailey', chapter_number = '2' WHERE textbook_id = 'schwartz'`,
  );
  const one = await kb.failing([1, 3], 1);
  expect(one.offenders).toEqual({ total: 2, samples: ['bailey: 2 instead of 1', 'schwartz: 0 instead of 1'] });
  kb.base.sql(`DELETE FROM chapter_metadata WHERE textbook_id = 'bailey'`);
  expect((await kb.failing([1], 1)).offenders).toEqual({
    total: 3,
    samples: ['bailey: 0 instead of 1', 'schwartz: 0 instead of 1', 'in all: 1 instead of 3'],
  });
});

describe('checks 2 to 4', () => {
  test('see a point that is missing, and one too many', async () => {
    await kb.deletePoints([kb.id(4)]);
    const missing = await kb.failing([2, 4], 4);
    expect(missing.offenders).toEqual({ total: 1, samples: [`only in Neo4j: ${kb.id(4)}`] });
    await kb.addPoint({ chunk_id: kb.id(4) });
    await kb.addPoint({ chunk_id: 'bailey:ch1:99.99' });
    const surplus = await kb.failing([2, 4], 4);
    expect(surplus.offenders).toEqual({ total: 1, samples: ['only in Qdrant: bailey:ch1:99.99'] });
  });

  test('see a chunk_id that stands in two points, where the counts agree', async () => {
    await kb.deletePoints([kb.id(4)]);
    await kb.addPoint({ chunk_id: kb.id(5) });
    const four = await kb.failing([4], 4);
    expect(four.actual).toBe('119 in both, 1 only in Neo4j, 1 more than once');
    expect(four.offenders).toEqual({
      total: 2,
      samples: [`only in Neo4j: ${kb.id(4)}`, `twice in Qdrant: ${kb.id(5)}`],
    });
  });

  test('see what has no chunk_id, and one that stands in two paragraphs', async () => {
    const [point = ''] = await kb.pointsOf([kb.id(4)]);
    const body = { keys: ['chunk_id'], points: [point] };
    await kb.base.qdrant('POST', `/collections/${COLLECTION}/points/payload/delete?wait=true`, body);
    await cypher('DROP CONSTRAINT paragraph_chunk_id_unique');
    await cypher('MATCH (p:Paragraph {chunk_id: $id}) REMOVE p.chunk_id', { id: kb.id(6) });
    await cypher('MATCH (p:Paragraph {chunk_id: $from}) SET p.chunk_id = $to', { from: kb.id(-1), to: kb.id(-2) });
    const [four] = await kb.run({ only: [4] });
    expect(four?.actual).toBe('117 in both, 2 only in Qdrant, 1 only in Neo4j, 1 more than once, 2 without chunk_id');
    expect(four?.offenders?.total).toBe(6);
    expect(four?.offenders?.samples.sort()).toEqual([
      `only in Neo4j: ${kb.id(4)}`,
      ...[`only in Qdrant: ${kb.id(6)}`, `only in Qdrant: ${kb.id(-1)}`].sort(),
      `twice in Neo4j: ${kb.id(-2)}`,
      expect.stringMatching(/^without chunk_id in Neo4j: node /),
      `without chunk_id in Qdrant: point ${point}`,
    ]);
  });

  test('see a chapter whose points are gone', async () => {
    const ids = (await kb.everyId()).filter((id) => id.startsWith('sabiston:'));
    await kb.deletePoints(ids);
    const three = await kb.failing([2, 3, 4], 3);
    expect(three.offenders).toEqual({ total: 1, samples: ['no chunk in Qdrant: sabiston:ch1'] });
  });

  test('see another collection in the right one’s place, its count being the same', async () => {
    const other = `${COLLECTION}_other`;
    await kb.base.qdrant('PUT', `/collections/${other}`, { vectors: { size: 4, distance: 'Cosine' } });
    const points = Array.from({ length: PARAGRAPHS }, (_, id) => {
      return { id, vector: [1, 0, 0, 0], payload: { chunk_id: `bailey:ch1:other.${id}` } };
    });
    await kb.base.qdrant('PUT', `/collections/${other}/points?wait=true`, { points });
    const results = await kb.run({ expected: CHAPTERS, vectors: kb.vectorsOf(other) });
    expect(failedOf(results)).toEqual([3, 4]);
    expect(results[2]?.offenders?.total).toBe(2);
    const { total, samples = [] } = results[3]?.offenders ?? {};
    expect([total, samples.length]).toEqual([2 * PARAGRAPHS, 20]);
    for (const side of ['Qdrant', 'Neo4j']) {
      expect(samples.filter((sample) => sample.startsWith(`only in ${side}: `))).toHaveLength(10);
    }
  });
});
