import { CheckedBase, failedOf, PARAGRAPHS } from './support/checked-base';

jest.setTimeout(120_000);

// One base for all: each test mends the graph that it breaks.
let kb: CheckedBase;

beforeAll(async () => {
  kb = await CheckedBase.make();
});
afterAll(() => kb.close());

const cypher = (query: string, parameters?: Record<string, unknown>) => kb.base.cypher(query, parameters);

describe('check 5', () => {
  test('sees a paragraph without a parent', async () => {
    await cypher('MATCH ()-[r:HAS_PARAGRAPH]->(p {chunk_id: $id}) DELETE r', { id: kb.id(0) });
    const five = await kb.failing([5], 5);
    expect(five.actual).toBe('119 of 120 paragraphs');
    expect(five.offenders).toEqual({ total: 1, samples: [`${kb.id(0)}: no parent`] });
    await cypher(
      `MATCH (:Chapter {id: 'bailey:ch1'})-[:HAS_SECTION]->(s), (p:Paragraph {chunk_id: $id})
       WITH s, p LIMIT 1 CREATE (s)-[:HAS_PARAGRAPH]->(p)`,
      { id: kb.id(0) },
    );
  });

  test('sees what hangs below a section that no chapter reaches, also where sections contain each other', async () => {
    await cypher(
      `MATCH ()-[r:HAS_PARAGRAPH]->(p {chunk_id: $id}) DELETE r
       CREATE (a:Section {id: 'x'})-[:HAS_SUBSECTION]->(b:Subsection {id: 'y'})-[:HAS_PARAGRAPH]->(p)
       CREATE (b)-[:HAS_SECTION]->(a)`,
      { id: kb.id(0) },
    );
    const five = await kb.failing([5], 5);
    expect(five.offenders).toEqual({ total: 1, samples: [`${kb.id(0)}: no chapter reaches its parent`] });
    await cypher(`MATCH (c:Chapter {id: 'bailey:ch1'}), (a:Section {id: 'x'}) CREATE (c)-[:HAS_SECTION]->(a)`);
    expect(failedOf(await kb.run())).toEqual([]);
  });

  test('takes no way through what is being staged', async () => {
    await cypher(`MATCH (:Chapter {id: 'bailey:ch1'})-[:HAS_SECTION]->(s) SET s:staging`);
    expect((await kb.failing([5], 5)).offenders?.total).toBe(kb.length);
    await cypher('MATCH (s:staging) REMOVE s:staging');
  });
});

describe('check 6', () => {
  afterEach(() => kb.mendChains());
  const offenders = async () => (await kb.failing([6], 6)).offenders;

  test('sees a NEXT and a PREV that are missing', async () => {
    await cypher('MATCH ({chunk_id: $id})-[r:NEXT]->() DELETE r', { id: kb.id(2) });
    await cypher('MATCH ({chunk_id: $id})-[r:PREV]->() DELETE r', { id: kb.id(9) });
    const found = await offenders();
    expect(found?.total).toBe(2);
    expect(found?.samples.sort()).toEqual(
      [
        `${kb.id(3)} has PREV to ${kb.id(2)}, which has no NEXT back`,
        `${kb.id(8)} has NEXT to ${kb.id(9)}, which has no PREV back`,
      ].sort(),
    );
  });

  test('sees a chain that is cut', async () => {
    const ends = { id: kb.id(2), then: kb.id(3) };
    await cypher('MATCH ({chunk_id: $id})-[r:NEXT|PREV]-({chunk_id: $then}) DELETE r', ends);
    expect(await offenders()).toEqual({ total: 1, samples: [`the chain of bailey:ch1 breaks before ${ends.then}`] });
  });

  test('sees a chain that goes on in another chapter', async () => {
    const [row] = await kb.base.cypher<{ id: string }>(
      `MATCH (p:Paragraph) WHERE p.chunk_id STARTS WITH 'sabiston:ch1:' AND NOT EXISTS { (p)-[:PREV]->() }
       RETURN p.chunk_id AS id`,
    );
    const to = row?.id ?? '';
    await kb.link('NEXT', kb.id(-1), to);
    await kb.link('PREV', to, kb.id(-1));
    expect(await offenders()).toEqual({
      total: 2,
      samples: [
        `NEXT leads out of bailey:ch1: ${kb.id(-1)} to ${to}`,
        `PREV leads out of sabiston:ch1: ${to} to ${kb.id(-1)}`,
      ],
    });
  });

  test('sees a chain that runs in a circle', async () => {
    await kb.link('NEXT', kb.id(-1), kb.id(0));
    await kb.link('PREV', kb.id(0), kb.id(-1));
    const found = await offenders();
    expect(found?.total).toBe(1);
    expect(found?.samples[0]).toContain(`a chain of bailey:ch1 runs in a circle of ${kb.length} through`);
  });

  test('counts every break of a base without chains, and shows twenty', async () => {
    await cypher('MATCH ()-[r:NEXT|PREV]->() DELETE r');
    const found = await offenders();
    expect([found?.total, found?.samples.length]).toEqual([PARAGRAPHS - 3, 20]);
  });
});

test('check 7 sees what is no JSON array, whatever it is', async () => {
  const values = ['not JSON', '{"a": 1}', '["cut', ['a', 'b'], 7];
  for (const [nth, value] of [...values.entries(), [-1, '[]'] as const]) {
    await cypher('MATCH (p:Paragraph {chunk_id: $id}) SET p.cross_references = $value', { id: kb.id(nth), value });
  }
  const seven = await kb.failing([7], 7);
  expect(seven.severity).toBe('warning');
  expect(seven.offenders?.total).toBe(values.length);
  expect(seven.offenders?.samples.sort()).toEqual(
    [
      `${kb.id(0)}: not JSON: not JSON`,
      `${kb.id(1)}: JSON, but no array: {"a": 1}`,
      `${kb.id(2)}: not JSON: ["cut`,
      `${kb.id(3)}: a native list of 2, where its readers parse JSON text`,
      `${kb.id(4)}: a number, not a JSON text`,
    ].sort(),
  );
});
