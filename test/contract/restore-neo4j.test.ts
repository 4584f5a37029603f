import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import neo4j from 'neo4j-driver';
import { openGraphStore } from '../../stores/neo4j';
import type { GraphRestored, GraphStore } from '../../stores/ports';
import { failureOf } from '../support/errors';
import { neo4jTarget } from '../support/store-targets';
import { chunkId, TEST_LABEL, TestGraph } from '../support/test-graph';
import { EVERY_KIND } from './support/every-kind';

// Constraints come and go here, after which the server plans each statement anew.
jest.setTimeout(120_000);

const UNCHANGED: GraphRestored = {
  nodesCreated: 0,
  nodesDeleted: 0,
  nodesUpdated: 0,
  relationshipsCreated: 0,
  relationshipsDeleted: 0,
  schemaCreated: [],
  schemaDropped: [],
};
const PARAGRAPHS = 40;

let store: GraphStore;
let graph: TestGraph;
let folder: string;

beforeAll(async () => {
  const target = await neo4jTarget();
  store = openGraphStore(target);
  graph = new TestGraph(target);
});
beforeEach(async () => {
  await graph.clear();
  folder = await mkdtemp(path.join(tmpdir(), 'restore-neo4j-'));
});
afterEach(() => rm(folder, { recursive: true }));
afterAll(async () => {
  await graph.clear().finally(() => Promise.all([graph.close(), store.close()]));
});

const file = () => path.join(folder, 'export.gz');

async function makeGraph(): Promise<void> {
  await graph.makeChapter(PARAGRAPHS);
  await graph.rows(`MATCH (p:Paragraph) SET p.text = 'text of ' + p.chunk_id, p.number = 1`);
  await graph.rows('CREATE INDEX hfv_test_number FOR (p:Paragraph) ON (p.number)');
}

/** The ids of all nodes and relationships, which no content shows: who was left alone keeps them. */
async function identities(): Promise<unknown> {
  return [
    await graph.rows('MATCH (n) RETURN elementId(n) AS id ORDER BY id'),
    await graph.rows('MATCH ()-[r]->() RETURN elementId(r) AS id ORDER BY id'),
  ];
}

/** What the server says of its last committed transaction: the same twice, and nothing was written in between. */
const lastWrite = async () => (await store.mark()).value;

/** Exports, changes, restores: the graph has the fingerprint of the export again, and a second restore finds nothing to do. */
async function roundTrip(change: () => Promise<unknown>): Promise<GraphRestored> {
  await store.exportTo(file());
  const wanted = await store.fingerprint();
  expect(await store.fingerprintExport(file())).toEqual(wanted);
  await change();
  const restored = await store.restoreFrom(file());
  expect(await store.fingerprint()).toEqual(wanted);
  expect(await store.restoreFrom(file())).toEqual(UNCHANGED);
  return restored;
}

describe('a restore of the graph', () => {
  it('writes nothing where nothing differs', async () => {
    await makeGraph();
    await store.exportTo(file());
    const [before, mark] = [await identities(), await lastWrite()];
    expect(await store.restoreFrom(file())).toEqual(UNCHANGED);
    expect(await lastWrite()).toEqual(mark);
    expect(await identities()).toEqual(before);
  });

  it('puts back what was changed in a paragraph, which stays the one it was', async () => {
    await makeGraph();
    const before = await identities();
    const restored = await roundTrip(() =>
      graph.rows(`MATCH (p:Paragraph {chunk_id: $id}) SET p.text = 'overwritten', p.more = 1 REMOVE p.number`, {
        id: chunkId(7),
      }),
    );
    expect(restored).toEqual({ ...UNCHANGED, nodesUpdated: 1 });
    expect(await identities()).toEqual(before);
  });

  it('brings back a node with its relationships', async () => {
    await makeGraph();
    const restored = await roundTrip(() =>
      graph.rows('MATCH (p:Paragraph {chunk_id: $id}) DETACH DELETE p', { id: chunkId(7) }),
    );
    expect(restored).toEqual({ ...UNCHANGED, nodesCreated: 1, relationshipsCreated: 3 });
  });

  it('takes away what was added, with its relationships', async () => {
    await makeGraph();
    const restored = await roundTrip(async () => {
      await graph.addParagraphs(['bailey:ch9:1', 'bailey:ch9:2']);
      await graph.rows(`MATCH (c:Chapter), (p:Paragraph) WHERE p.chunk_id STARTS WITH 'bailey:ch9'
        CREATE (c)-[:HAS_PARAGRAPH]->(p)`);
    });
    expect(restored).toEqual({ ...UNCHANGED, nodesDeleted: 2, relationshipsDeleted: 2 });
  });

  it('puts relationships right: missing, added, turned round, of another type, with other properties', async () => {
    await makeGraph();
    await graph.rows('MATCH (:Paragraph {chunk_id: $id})-[r:NEXT]->() SET r.weight = 1.0', { id: chunkId(20) });
    const at = (number: number) => ({ id: chunkId(number) });
    const restored = await roundTrip(async () => {
      await graph.rows('MATCH (:Paragraph {chunk_id: $id})-[r:NEXT]->() DELETE r', at(1));
      await graph.rows('MATCH (p:Paragraph {chunk_id: $id})-[:NEXT]->(q) CREATE (p)-[:NEXT]->(q)', at(5));
      await graph.rows('MATCH (p:Paragraph {chunk_id: $id})-[r:NEXT]->(q) DELETE r CREATE (q)-[:NEXT]->(p)', at(10));
      await graph.rows('MATCH (p:Paragraph {chunk_id: $id})-[r:NEXT]->(q) DELETE r CREATE (p)-[:PREV]->(q)', at(15));
      await graph.rows('MATCH (:Paragraph {chunk_id: $id})-[r:NEXT]->() SET r.weight = toInteger(1)', at(20));
    });
    expect(restored).toEqual({ ...UNCHANGED, relationshipsCreated: 4, relationshipsDeleted: 4 });
  });

  it('keeps labels of versions where they are, and gives none to what it makes', async () => {
    await makeGraph();
    const labelled = () => graph.count('MATCH (p:v1_baseline) RETURN count(p)');
    const restored = await roundTrip(async () => {
      await graph.rows('MATCH (p:Paragraph) SET p:v1_baseline:v2_minor');
      await graph.rows(`MATCH (p:Paragraph {chunk_id: $id}) SET p.text = 'overwritten'`, { id: chunkId(3) });
      await graph.rows('MATCH (p:Paragraph {chunk_id: $id}) DETACH DELETE p', { id: chunkId(30) });
    });
    expect(restored).toMatchObject({ nodesUpdated: 1, nodesCreated: 1, nodesDeleted: 0 });
    expect(await labelled()).toBe(PARAGRAPHS - 1);
    expect(await graph.count('MATCH (p:v2_minor) RETURN count(p)')).toBe(PARAGRAPHS - 1);
  });

  it('of an export of a labelled graph labels nothing', async () => {
    await makeGraph();
    await graph.rows('MATCH (p:Paragraph) SET p:v1_baseline');
    await roundTrip(() => graph.rows('MATCH (p:Paragraph) REMOVE p:v1_baseline'));
    expect(await graph.count('MATCH (p:v1_baseline) RETURN count(p)')).toBe(0);
  });

  it('puts back another label, on a node made anew', async () => {
    await makeGraph();
    const restored = await roundTrip(() =>
      graph.rows('MATCH (p:Paragraph {chunk_id: $id}) SET p:Draft', { id: chunkId(3) }),
    );
    expect(restored).toMatchObject({ nodesCreated: 1, nodesDeleted: 1, nodesUpdated: 0 });
  });

  it('brings back every kind of value, label and type', async () => {
    await makeGraph();
    const make = () =>
      graph.rows(
        `CREATE (a:${TEST_LABEL}:Kinds:\`odd \`\`label\` {id: 'a'}), (b:${TEST_LABEL} {id: 'b'}), (a)-[r:KINDS]->(b),
                (a)-[:\`odd \`\`type\`]->(a) SET a += $values, r += $values`,
        { values: EVERY_KIND },
      );
    await make();
    const changed = { ...EVERY_KIND, float: 0.2, safe: neo4j.int(1), wholeFloat: neo4j.int(12), minusZero: 0 };
    expect(
      await roundTrip(() =>
        graph.rows('MATCH (a:Kinds)-[r:KINDS]->() SET a += $values, r += $values', { values: changed }),
      ),
    ).toEqual({ ...UNCHANGED, nodesUpdated: 1, relationshipsCreated: 1, relationshipsDeleted: 1 });
    await rm(file());
    expect(await roundTrip(() => graph.rows('MATCH (n) WHERE n.id IN ["a", "b"] DETACH DELETE n'))).toEqual({
      ...UNCHANGED,
      nodesCreated: 2,
      relationshipsCreated: 2,
    });
  });

  it('tells nodes of equal content apart by what leads to them', async () => {
    await makeGraph();
    await graph.rows(`MATCH (p:Paragraph) CREATE (p)-[:CONTAINS_FIGURE]->(:${TEST_LABEL}:Figure {caption: 'alike'})`);
    const restored = await roundTrip(async () => {
      await graph.rows('MATCH (:Paragraph {chunk_id: $id})-->(f:Figure) DETACH DELETE f', { id: chunkId(3) });
      await graph.rows('MATCH (p:Paragraph {chunk_id: $id})-[r]->(f:Figure) DELETE r', { id: chunkId(9) });
      await graph.rows(`CREATE (:${TEST_LABEL}:Figure {caption: 'alike'})`);
    });
    // One was deleted and one added that looks the same: it takes that place, and all others keep theirs.
    expect(restored).toEqual({ ...UNCHANGED, relationshipsCreated: 2 });
    expect(await graph.count('MATCH (p)-[:CONTAINS_FIGURE]->(:Figure) RETURN count(DISTINCT p)')).toBe(PARAGRAPHS);
  });

  it('rebuilds a graph that is gone, and knows it again under other ids', async () => {
    await makeGraph();
    const restored = await roundTrip(async () => {
      await graph.clear();
      // The ids from before are given to others, which stand in the way.
      await graph.rows(`UNWIND range(1, 30) AS i CREATE (:${TEST_LABEL})`);
    });
    expect(restored).toEqual({
      ...UNCHANGED,
      nodesCreated: PARAGRAPHS + 1,
      nodesDeleted: 30,
      relationshipsCreated: 2 * PARAGRAPHS - 1,
      schemaCreated: ['hfv_test_chunk_id', 'hfv_test_number'],
    });
  });

  it('rebuilds lookalikes, though not each under the id of its own', async () => {
    await makeGraph();
    await graph.rows(`MATCH (p:Paragraph) CREATE (p)-[:CONTAINS_FIGURE]->(:${TEST_LABEL}:Figure {caption: 'alike'})`);
    await store.exportTo(file());
    const wanted = await store.fingerprint();
    await graph.clear();
    for (let times = 0; times < 2; times++) {
      const { nodesDeleted, nodesUpdated } = await store.restoreFrom(file());
      expect([nodesDeleted, nodesUpdated]).toEqual([0, 0]);
      expect(await store.fingerprint()).toEqual(wanted);
      expect(await graph.count('MATCH (p)-[:CONTAINS_FIGURE]->(:Figure) RETURN count(DISTINCT p)')).toBe(PARAGRAPHS);
    }
  });

  it('puts constraints and indexes right: dropped, added, of the same name but another make', async () => {
    await makeGraph();
    const restored = await roundTrip(async () => {
      await graph.rows('DROP CONSTRAINT hfv_test_chunk_id');
      await graph.rows('DROP INDEX hfv_test_number');
      await graph.rows('CREATE INDEX hfv_test_number FOR (p:Paragraph) ON (p.text)');
      await graph.rows('CREATE CONSTRAINT hfv_test_since FOR (c:Chapter) REQUIRE c.id IS UNIQUE');
      await graph.addParagraphs([chunkId(3)]);
    });
    expect(restored).toEqual({
      ...UNCHANGED,
      nodesDeleted: 1,
      schemaDropped: ['hfv_test_since', 'hfv_test_number'],
      schemaCreated: ['hfv_test_chunk_id', 'hfv_test_number'],
    });
    expect(await store.schemaHealth()).toMatchObject({ constraints: 1, notOnline: [] });
  });

  it('moves values between nodes under a constraint that two of them cannot break for a moment', async () => {
    await makeGraph();
    await graph.rows('MATCH (p:Paragraph) SET p.place = p.chunk_id');
    await graph.rows('CREATE CONSTRAINT hfv_test_place FOR (p:Paragraph) REQUIRE p.place IS UNIQUE');
    const restored = await roundTrip(async () => {
      await graph.rows('MATCH (p:Paragraph {chunk_id: $id}) SET p.place = null', { id: chunkId(1) });
      await graph.rows('MATCH (p:Paragraph {chunk_id: $id}) SET p.place = $place', {
        id: chunkId(2),
        place: chunkId(1),
      });
      await graph.rows('MATCH (p:Paragraph {chunk_id: $id}) SET p.place = $place', {
        id: chunkId(1),
        place: chunkId(2),
      });
    });
    expect(restored).toMatchObject({ nodesUpdated: 0, nodesCreated: 2, nodesDeleted: 2 });
  });

  it('leaves the fence and what is being staged alone, and what leads there', async () => {
    await makeGraph();
    await store.exportTo(file());
    const token = 'of a run';
    await store.acquireFence(token, { notAfter: Date.now() + 60_000 });
    await graph.rows(`MATCH (c:Chapter) CREATE (c)-[:DRAFT]->(s:${TEST_LABEL}:staging {id: 's1'})-[:DRAFT]->(c)`);
    expect(await store.restoreFrom(file())).toEqual(UNCHANGED);
    await graph.rows(`MATCH (p:Paragraph) SET p.text = 'overwritten'`);
    expect(await store.restoreFrom(file())).toEqual({ ...UNCHANGED, nodesUpdated: PARAGRAPHS });
    expect(await graph.count('MATCH (:Chapter)-[:DRAFT]->(:staging)-[:DRAFT]->(:Chapter) RETURN count(*)')).toBe(1);
    expect((await store.readFence())?.token).toBe(token);
    await store.revokeFence(token);
  });
});

describe('a restore that cannot be', () => {
  it('refuses a damaged file before it writes', async () => {
    await makeGraph();
    await store.exportTo(file());
    const bytes = await readFile(file());
    await writeFile(file(), bytes.subarray(0, bytes.length - 30));
    await graph.rows('MATCH (p:Paragraph) DETACH DELETE p');
    await graph.rows('DROP INDEX hfv_test_number');
    const mark = await lastWrite();
    expect((await failureOf(store.restoreFrom(file()))).code).toBe('ARTIFACT_DAMAGED');
    expect(await lastWrite()).toEqual(mark);
  });

  it('stops when told to before it has begun to write', async () => {
    await makeGraph();
    await store.exportTo(file());
    await graph.rows(`MATCH (p:Paragraph) SET p.text = 'overwritten'`);
    const mark = await lastWrite();
    const reason = new Error('told to stop');
    await expect(store.restoreFrom(file(), { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    expect(await lastWrite()).toEqual(mark);
  });
});

describe('a restore beside another writer', () => {
  it('is to be tried again where a node goes that it was about to put right', async () => {
    await makeGraph();
    await store.exportTo(file());
    const wanted = await store.fingerprint();
    await graph.rows(`MATCH (p:Paragraph {chunk_id: $id}) SET p.text = 'overwritten'`, { id: chunkId(3) });
    let restoring: Promise<unknown> = Promise.resolve();
    await graph.holding('MATCH (p:Paragraph {chunk_id: $id}) DETACH DELETE p', { id: chunkId(3) }, async () => {
      restoring = failureOf(store.restoreFrom(file()));
      await graph.untilOneIsBlocked();
    });
    expect(await restoring).toMatchObject({ code: 'NEO4J_UNREACHABLE', retryable: true });
    expect(await store.restoreFrom(file())).toMatchObject({ nodesCreated: 1 });
    expect(await store.fingerprint()).toEqual(wanted);
  });
});

describe('a large restore', () => {
  const MANY = 11_000;

  it('that is stopped half-way goes on from there the next time', async () => {
    await graph.makeChapter(2);
    const ids = Array.from({ length: MANY }, (_, i) => `bailey:ch2${i % 100}:${i}`);
    await graph.addParagraphs(ids);
    await store.exportTo(file());
    const wanted = await store.fingerprint();
    // All of them are gone, and as many others are there: 22,000 changes, in three transactions.
    await graph.rows(`MATCH (p:Paragraph) WHERE p.chunk_id STARTS WITH 'bailey:ch2' SET p.chunk_id = p.chunk_id + 'x'`);
    const reason = new Error('told to stop');
    const stop = new AbortController();
    const halfWay = () => graph.count(`MATCH (p:Paragraph) WHERE NOT p.chunk_id ENDS WITH 'x' RETURN count(p)`);
    const onProgress = (done: number) => {
      if (done === 1) stop.abort(reason);
    };
    await expect(store.restoreFrom(file(), { signal: stop.signal, onProgress })).rejects.toBe(reason);
    const made = await halfWay();
    expect(made).toBeGreaterThan(2);
    expect(made).toBeLessThan(MANY);
    const rest = await store.restoreFrom(file());
    expect(rest.nodesCreated).toBe(MANY + 2 - made);
    expect(await store.fingerprint()).toEqual(wanted);
    expect(await store.restoreFrom(file())).toEqual(UNCHANGED);
  });
});

describe('the removal of what is being staged', () => {
  it('deletes those nodes with their relationships, in pages, and nothing else', async () => {
    await makeGraph();
    await graph.rows(`UNWIND range(1, 25) AS i CREATE (:${TEST_LABEL}:staging {i: i})`);
    await graph.rows('MATCH (c:Chapter), (s:staging) CREATE (c)-[:DRAFT]->(s)');
    const progress: number[] = [];
    expect(await store.removeStaging(10, { onProgress: (done) => progress.push(done) })).toBe(25);
    expect(progress).toEqual([10, 20, 25, 25]);
    expect(await store.removeStaging(10)).toBe(0);
    expect(await graph.count('MATCH (n) RETURN count(n)')).toBe(PARAGRAPHS + 1);
  });

  it('stops when told to, between pages', async () => {
    await graph.rows(`UNWIND range(1, 25) AS i CREATE (:${TEST_LABEL}:staging {i: i})`);
    const reason = new Error('told to stop');
    const stop = new AbortController();
    const control = { signal: stop.signal, onProgress: () => stop.abort(reason) };
    await expect(store.removeStaging(10, control)).rejects.toBe(reason);
    expect(await graph.count('MATCH (n:staging) RETURN count(n)')).toBe(15);
  });
});
