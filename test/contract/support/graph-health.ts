import { openGraphStore } from '../../../stores/neo4j';
import { neo4jTarget } from '../../support/store-targets';
import { TEST_LABEL, TestGraph } from '../../support/test-graph';

/** What the health check asks of the graph's constraints and indexes. */
export function graphHealthCases(): void {
  jest.setTimeout(60_000);

  let graph: TestGraph;
  let store: ReturnType<typeof openGraphStore>;

  beforeAll(async () => {
    const target = await neo4jTarget();
    graph = new TestGraph(target);
    store = openGraphStore(target);
    await graph.clear();
  });
  afterEach(() => graph.clear());
  afterAll(async () => {
    await store.close();
    await graph.close();
  });

  test('counts constraints and indexes', async () => {
    const before = await store.schemaHealth();
    expect(before).toMatchObject({ constraints: 0, notOnline: [] });
    await graph.makeChapter(3);
    await graph.rows(`CREATE INDEX hfv_test_page FOR (n:${TEST_LABEL}) ON (n.page)`);
    await graph.rows('CALL db.awaitIndexes(60)');
    // The constraint keeps an index of its own.
    expect(await store.schemaHealth()).toEqual({ constraints: 1, indexes: before.indexes + 2, notOnline: [] });
  });

  test('names an index that no query can use', async () => {
    // Longer than an index key may be: filling the index fails.
    await graph.rows(`CREATE (:${TEST_LABEL} {long: $long})`, { long: 'x'.repeat(40_000) });
    await graph.rows(`CREATE INDEX hfv_test_long FOR (n:${TEST_LABEL}) ON (n.long)`);
    await graph.rows('CALL db.awaitIndexes(60)').catch(() => undefined);
    const { notOnline } = await store.schemaHealth();
    expect(notOnline).toEqual([expect.stringMatching(/^hfv_test_long \(FAILED, \d+ %\)$/)]);
  });
}
