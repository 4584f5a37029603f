import { randomUUID } from 'node:crypto';
import { QdrantClient } from '@qdrant/js-client-rest';
import type { GraphStore, VectorStore } from '../../stores/ports';
import { openGraphStore } from '../../stores/neo4j';
import { openVectorStore } from '../../stores/qdrant';
import { HttpRelay, type Interference } from '../support/http-relay';
import { neo4jTarget, qdrantTarget } from '../support/store-targets';
import { TEST_LABEL, TestGraph } from '../support/test-graph';

jest.setTimeout(60_000);

describe('the mark of Qdrant', () => {
  const COLLECTION = `hfv_test_${randomUUID().slice(0, 8)}`;
  const OTHER = `${COLLECTION}_other`;
  const ALIAS = `${COLLECTION}_live`;
  const OLD = { id: OTHER, shards: [{ id: 0, local: { total_optimized_points: 0 } }] };
  const answered = (status: number, body: unknown): Interference => ({ kind: 'answer', status, body });
  let target: Awaited<ReturnType<typeof qdrantTarget>>;
  let store: VectorStore;
  let admin: QdrantClient;

  const make = async (name: string) => {
    await admin.createCollection(name, { vectors: { size: 2, distance: 'Cosine' } });
    await admin.upsert(name, { wait: true, points: [point(1), point(2)] });
  };
  const point = (id: number) => ({ id, vector: [id, 1], payload: { textbook_id: 'bailey', n: id } });
  const pointAlias = (collection: string) =>
    admin.updateCollectionAliases({
      actions: [{ create_alias: { collection_name: collection, alias_name: ALIAS } }],
    });
  const value = async () => (await store.mark()).value;

  beforeAll(async () => {
    target = await qdrantTarget();
    const headers: Record<string, string> = target.apiKey ? { 'api-key': target.apiKey } : {};
    admin = new QdrantClient({ url: target.url, headers, checkCompatibility: false });
    store = openVectorStore({ ...target, collection: ALIAS });
    await make(COLLECTION);
    await make(OTHER);
    await pointAlias(COLLECTION);
  });
  afterAll(async () => {
    await admin.deleteCollection(COLLECTION);
    await admin.deleteCollection(OTHER);
  });

  test('stays where it is while the collection is read, counted and copied', async () => {
    const before = await value();
    expect(before).toMatch(/\d/);
    await store.inventory();
    await admin.query(COLLECTION, { query: [1, 1], limit: 2 });
    await admin.scroll(COLLECTION, { limit: 2, with_payload: true });
    const snapshot = await store.createSnapshot([], { retry: false });
    await store.deleteSnapshot(snapshot.name);
    await admin.upsert(OTHER, { wait: true, points: [point(3)] });
    expect(await value()).toBe(before);
  });

  test.each<[string, () => Promise<unknown>]>([
    ['a point is added', () => admin.upsert(COLLECTION, { wait: true, points: [point(3)] })],
    ['a point is written over with what it holds', () => admin.upsert(COLLECTION, { wait: true, points: [point(3)] })],
    ['a payload is changed', () => admin.setPayload(COLLECTION, { wait: true, payload: { n: 9 }, points: [1] })],
    ['a point is deleted', () => admin.delete(COLLECTION, { wait: true, points: [3] })],
    ['the alias moves to another collection', () => pointAlias(OTHER)],
  ])('moves when %s', async (_, write) => {
    const before = await value();
    await write();
    expect(await value()).not.toBe(before);
  });

  test.each<[string, Interference]>([
    ['is older than that number', answered(200, { result: { collections: { collections: [OLD] } } })],
    ['shows no collections', answered(200, { result: { collections: { number_of_collections: 2 } } })],
    ['keeps its telemetry from this key', answered(403, { status: { error: 'forbidden' } })],
    ['has no telemetry', answered(404, '')],
  ])('is none where the server %s', async (_, answer) => {
    const relay = new HttpRelay(target.url, (_method, path) =>
      path.startsWith('/telemetry') ? answer : { kind: 'pass' },
    );
    try {
      const relayed = openVectorStore({ ...target, collection: ALIAS, url: await relay.start() });
      expect((await relayed.mark()).value).toBeNull();
    } finally {
      await relay.stop();
    }
  });

  test('points are counted by textbook', async () => {
    expect(await store.pointsPerTextbook(['bailey', 'nobody'])).toEqual({ bailey: 3, nobody: 0 });
  });
});

describe('the mark of Neo4j, and who writes there', () => {
  let graph: TestGraph;
  let store: GraphStore;

  beforeAll(async () => {
    const target = await neo4jTarget();
    graph = new TestGraph(target);
    store = openGraphStore(target);
    await graph.clear();
    await graph.makeChapter(5);
  });
  afterAll(async () => {
    await graph.clear();
    await store.close();
    await graph.close();
  });

  const value = async () => (await store.mark()).value;

  test('stays where it is while the graph is read', async () => {
    const before = await value();
    expect(before).toMatch(/\S/);
    await store.inventory('nobody_has_it');
    await store.counts('nobody_has_it');
    await graph.count('MATCH (n:NoSuchLabel {noSuchKey: 1}) RETURN count(n)');
    await store.writers();
    expect(await value()).toBe(before);
  });

  test.each([
    ['a node is made', `CREATE (:${TEST_LABEL}:Late)`],
    ['a property is changed', `MATCH (n:Late) SET n.changed = 1`],
    ['a label is given', `MATCH (n:Late) SET n:Later`],
    ['a node is deleted', `MATCH (n:Late) DELETE n`],
  ])('moves when %s', async (_, write) => {
    const before = await value();
    await graph.rows(write);
    expect(await value()).not.toBe(before);
  });

  test('nobody is at work where nobody writes, however much is read', async () => {
    expect(await store.writers()).toEqual([]);
  });

  test('a transaction that has written is seen, without what it wrote', async () => {
    await graph.holding(`CREATE (:${TEST_LABEL} {note: $note})`, { note: 'my s3cret' }, async () => {
      const seen = await store.writers();
      expect(seen).toMatchObject([
        { store: 'neo4j', what: expect.stringMatching(/user .* may have written/) as string },
      ]);
      expect(Date.parse(seen[0]?.since ?? '')).not.toBeNaN();
      expect(JSON.stringify(seen)).not.toMatch(/s3cret|note|CREATE/);
    });
    expect(await store.writers()).toEqual([]);
  });

  test('a transaction that is open may still write, whatever it has done so far', async () => {
    await graph.holding('RETURN 1', {}, async () => {
      expect(await store.writers()).toMatchObject([{ what: expect.stringContaining('may still write') as string }]);
    });
  });

  test('a read that runs is nobody at work, whichever locks it takes and whatever words it holds', async () => {
    const read = `MATCH (c:Chapter {id: 'bailey:ch1'}), (p:Paragraph) WHERE p.chunk_id > 'SET x' // CREATE
      UNWIND range(1, 100000) AS i RETURN i`;
    const rows = graph.connection.stream(read, { timeoutMs: 30_000, fetchSize: 2 });
    await rows.next();
    const running = await graph.rows(`SHOW TRANSACTIONS YIELD currentQuery, activeLockCount AS locks
      WHERE currentQuery CONTAINS '100000' AND NOT currentQuery STARTS WITH 'SHOW' RETURN toInteger(locks) AS locks`);
    expect(Number(running[0]?.locks)).toBeGreaterThan(0);
    expect(await store.writers()).toEqual([]);
    await rows.return();
  });

  test('one that waits for a lock of another is seen with it', async () => {
    const write = `MATCH (c:Chapter) SET c.seen = 1`;
    let waiting: Promise<unknown> = Promise.resolve();
    await graph.holding(write, {}, async () => {
      waiting = graph.rows(write);
      await graph.untilOneIsBlocked();
      const seen = (await store.writers()).map(({ what }) => what);
      expect(seen).toHaveLength(2);
      expect(seen.filter((what) => what.includes('waits for a lock'))).toHaveLength(1);
    });
    await waiting;
  });

  test('paragraphs are counted by textbook', async () => {
    expect(await store.paragraphsPerTextbook()).toEqual({ bailey: 5 });
  });
});
