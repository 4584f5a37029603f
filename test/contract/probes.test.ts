import type { ProbeAnswer, ProbeSettings } from '../../domain/probes';
import { captureProbes } from '../../inspection/probes';
import { openEmbedder } from '../../stores/embedder';
import { openGraphStore } from '../../stores/neo4j';
import type { GraphStore, HierarchyNode, VectorStore } from '../../stores/ports';
import { openVectorStore } from '../../stores/qdrant';
import { embedText } from '../../domain/feature-hashing';
import { TestBase } from '../support/base';
import { failureOf } from '../support/errors';
import { neo4jTarget } from '../support/store-targets';

jest.setTimeout(180_000);

const DOWN = 'HAS_SECTION|HAS_SUBSECTION|HAS_SUBSUBSECTION|HAS_PARAGRAPH|CONTAINS_TABLE|CONTAINS_FIGURE';
const SETTINGS: ProbeSettings = {
  ...{ queries: ['lung anatomy', 'infection'], chapters: [], limit: 5, repeats: 1 },
  ...{ warningPercent: 10, failurePercent: 20, toleranceMs: 25, commands: [] },
};

let base: TestBase;
let vectors: VectorStore;
let graph: GraphStore;

beforeAll(async () => {
  base = await TestBase.make({ paragraphs: 1_000 });
  vectors = openVectorStore(base.settings.qdrant);
  graph = openGraphStore(await neo4jTarget());
});
afterAll(async () => {
  await graph.close();
  await base.close();
});

const embedder = openEmbedder({ kind: 'feature-hashing', timeoutSeconds: 1 });
const ask = async (settings: Partial<ProbeSettings> = {}) => {
  const { answers } = await captureProbes({ vectors, graph }, embedder, { ...SETTINGS, ...settings });
  return Object.fromEntries(answers.map((answer): [string, ProbeAnswer] => [answer.name, answer]));
};
const hashes = async (settings?: Partial<ProbeSettings>) =>
  Object.fromEntries(Object.entries(await ask(settings)).map(([name, { sha256 }]) => [name, sha256]));
const collection = () => `/collections/${base.settings.qdrant.collection}`;
const first = <T>([item]: readonly T[]): T => {
  if (item === undefined) throw new Error('there is none');
  return item;
};
const below = (node: HierarchyNode | null): HierarchyNode[] => (node ? [node, ...node.children.flatMap(below)] : []);

/** The chapter with the most kinds of nodes below it, and of those the largest. */
async function richChapter(): Promise<string> {
  const rows = await base.cypher<{ id: string }>(
    `MATCH (c:Chapter)-[:${DOWN}*]->(n) WITH c.id AS id, count(DISTINCT labels(n)[0]) AS kinds, count(*) AS nodes
     RETURN id ORDER BY kinds DESC, nodes DESC, id LIMIT 1`,
  );
  return first(rows).id;
}

describe('a search', () => {
  it('finds the nearest points with their chunks, and their texts in the graph', async () => {
    const found = await vectors.nearest(embedText('lung anatomy'), 5);
    expect(found).toHaveLength(5);
    expect(found.map(({ score }) => score)).toEqual([...found].map(({ score }) => score).sort((a, b) => b - a));
    const texts = await graph.texts([...found.flatMap(({ chunkId }) => chunkId ?? []), 'no:such:chunk']);
    expect(Object.keys(texts)).toHaveLength(5);
    expect(texts[found[0]?.chunkId ?? '']).toMatch(/lung|anatomy/i);
  });

  it('answers through an alias as by the collection itself', async () => {
    const alias = { collection_name: base.settings.qdrant.collection, alias_name: 'hfv_probe_alias' };
    await base.qdrant('POST', '/collections/aliases', { actions: [{ create_alias: alias }] });
    const aliased = openVectorStore({ ...base.settings.qdrant, collection: alias.alias_name });
    const vector = embedText('surgery');
    expect(await aliased.nearest(vector, 5)).toEqual(await vectors.nearest(vector, 5));
  });

  it('is refused where the dimension does not fit or the collection is missing', async () => {
    expect((await failureOf(vectors.nearest([1, 2, 3], 5))).code).toBe('QDRANT_REFUSED');
    const missing = openVectorStore({ ...base.settings.qdrant, collection: 'hfv_no_such' });
    expect((await failureOf(missing.nearest([1], 5))).code).toBe('COLLECTION_MISSING');
  });

  it('asks for the one vector that has a name, and refuses several', async () => {
    const size = { size: 2, distance: 'Dot' };
    for (const [name, config] of Object.entries({ hfv_one: { only: size }, hfv_two: { a: size, b: size } })) {
      await base.qdrant('PUT', `/collections/${name}`, { vectors: config });
    }
    const points = [{ id: 7, vector: { only: [0, 1] }, payload: { chunk_id: 7 } }];
    await base.qdrant('PUT', '/collections/hfv_one/points?wait=true', { points });
    const open = (name: string) => openVectorStore({ ...base.settings.qdrant, collection: name });
    expect(await open('hfv_one').nearest([0, 2], 5)).toEqual([{ id: '7', score: 2, chunkId: null }]);
    expect((await failureOf(open('hfv_two').nearest([0, 2], 5))).code).toBe('QDRANT_UNFIT');
  });
});

describe('a hierarchy', () => {
  it('is the whole tree below the chapter, in the order of the book', async () => {
    const id = await richChapter();
    const chapter = await graph.hierarchy(id);
    expect(chapter).toMatchObject({ kind: 'Chapter', properties: { id } });
    const nodes = below(chapter).slice(1);
    const count = `MATCH (:Chapter {id: '${id}'})-[:${DOWN}*]->(n)`;
    expect(nodes).toHaveLength(await base.count(`${count} RETURN count(DISTINCT n)`));
    const pages = nodes.filter(({ kind }) => kind === 'Section').map(({ properties }) => Number(properties.number));
    expect(pages).toEqual([...pages].sort((a, b) => a - b));
    expect(new Set(nodes.map(({ kind }) => kind))).toEqual(
      new Set(
        (await base.cypher<{ kind: string }>(`${count} RETURN DISTINCT labels(n)[0] AS kind`)).map(({ kind }) => kind),
      ),
    );
  });

  it('is null where there is no such chapter', async () => {
    expect(await graph.hierarchy('bailey:ch9999')).toBeNull();
  });

  it('ends where nodes hang from each other in a circle, or from two places', async () => {
    const id = await richChapter();
    const whole = await graph.hierarchy(id);
    await base.cypher(
      `MATCH (:Chapter {id: $id})-[:HAS_SECTION]->(s)-[:HAS_SUBSECTION]->(ss)
       WITH s, ss LIMIT 1 CREATE (ss)-[:HAS_SUBSECTION {probe: true}]->(s)`,
      { id },
    );
    try {
      expect(below(await graph.hierarchy(id))).toHaveLength(below(whole).length + 1);
    } finally {
      await base.cypher('MATCH ()-[r {probe: true}]->() DELETE r');
    }
    expect(await graph.hierarchy(id)).toEqual(whole);
  });

  it('of the first chapter of each textbook is read where none is named', async () => {
    const rows = await base.cypher<{ textbook: string; ids: string[] }>(
      'MATCH (t:Textbook)-[:CONTAINS]->(c) RETURN t.id AS textbook, collect(c.id) AS ids ORDER BY textbook',
    );
    const number = (id: string) => Number(/\d+$/.exec(id)?.[0]);
    const firsts = rows.map(({ ids }) => first([...ids].sort((a, b) => number(a) - number(b))));
    expect(await graph.firstChapters(5)).toEqual(firsts);
    expect(await graph.firstChapters(1)).toEqual(firsts.slice(0, 1));
    expect(Object.keys(await ask())).toEqual([
      ...['search "lung anatomy"', 'search "infection"'],
      ...firsts.map((id) => `hierarchy ${id}`),
    ]);
  });
});

describe('the answers', () => {
  it('are there, and the same when asked again', async () => {
    const answers = await ask({ repeats: 3 });
    expect(Object.values(answers).filter(({ error }) => error !== null)).toEqual([]);
    expect(await hashes()).toEqual(await hashes());
  });

  it('do not change with the labels of versions', async () => {
    const before = await hashes();
    await base.cypher('MATCH (p:Paragraph) SET p:v1_baseline');
    expect(await hashes()).toEqual(before);
    await base.cypher('MATCH (p:Paragraph) REMOVE p:v1_baseline');
    expect(await hashes()).toEqual(before);
  });

  it('change with one text: the search that finds it, and the chapter that holds it', async () => {
    const chunkId = first(await vectors.nearest(embedText('lung anatomy'), 1)).chunkId ?? '';
    const chapters = [chunkId.split(':').slice(0, 2).join(':'), await richChapter()];
    const before = await hashes({ chapters });
    await base.cypher('MATCH (p:Paragraph {chunk_id: $chunkId}) SET p.kept = p.text, p.text = p.text + "."', {
      chunkId,
    });
    const after = await hashes({ chapters });
    const changed = Object.keys(after).filter((name) => after[name] !== before[name]);
    expect(changed).toEqual(expect.arrayContaining(['search "lung anatomy"', `hierarchy ${chapters[0]}`]));
    expect(changed).not.toContain('search "infection"');
    await base.cypher('MATCH (p:Paragraph {chunk_id: $chunkId}) SET p.text = p.kept REMOVE p.kept', { chunkId });
    expect(await hashes({ chapters })).toEqual(before);
  });

  it('change with a point that is gone, and fail once there is none', async () => {
    const before = await ask();
    const { id } = first(await vectors.nearest(embedText('lung anatomy'), 1));
    await base.qdrant('POST', `${collection()}/points/delete?wait=true`, { points: [id] });
    const after = await ask();
    expect(after['search "lung anatomy"']?.sha256).not.toBe(before['search "lung anatomy"']?.sha256);
    expect(after['search "lung anatomy"']).toMatchObject({ error: null, results: 5 });
    await base.qdrant('POST', `${collection()}/points/delete?wait=true`, { filter: { must: [] } });
    expect((await ask())['search "infection"']).toMatchObject({ error: 'the search has zero results', sha256: null });
  });
});
