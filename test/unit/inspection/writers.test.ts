import type { Marks } from '../../../domain/consistency';
import { HybridFlowError } from '../../../domain/errors';
import type { Inventory } from '../../../domain/inventory';
import type { StoreName } from '../../../domain/names';
import { lookForWriters } from '../../../inspection/writers';
import type { Stores } from '../../../stores/ports';

const AT = '2026-01-01T00:00:00.000Z';
const marks = (values: Partial<Record<StoreName, string | null>> = {}): Marks => {
  const { sqlite = 's', qdrant = 'q', neo4j = 'n' } = values;
  return { sqlite: { at: AT, value: sqlite }, qdrant: { at: AT, value: qdrant }, neo4j: { at: AT, value: neo4j } };
};
const inventory = {
  sqlite: { chapters: 3 },
  qdrant: { points: 10 },
  neo4j: { nodes: 20, relationships: 30, paragraphs: 10 },
} as Inventory;

interface After {
  values?: Partial<Record<StoreName, string | null>>;
  chapters?: number;
  points?: number;
  nodes?: number;
  writers?: () => Promise<never[]>;
}

async function look(after: After, watchMs = 1) {
  const { values, chapters = 3, points = 10, nodes = 20, writers = async () => [] } = after;
  const now = marks(values);
  const asked: string[] = [];
  const stores = {
    metadata: { mark: async () => now.sqlite, inventory: () => ({ chapters }) },
    vectors: { mark: async () => now.qdrant, status: async () => ({ points }) },
    graph: {
      mark: async () => now.neo4j,
      writers,
      counts: async () => {
        asked.push('counts');
        return { nodes, relationships: 30, labels: { paragraphs: 10 } };
      },
    },
  } as unknown as Stores;
  const found = await lookForWriters(stores, { marks: marks(), inventory }, { label: 'v1', watchMs });
  return { ...found, asked };
}

test('nobody writes where neither marks nor counts move', async () => {
  expect(await look({})).toMatchObject({ writers: [], blind: [] });
});

test.each<[StoreName, RegExp]>([
  ['sqlite', /wrote to metadata\.db/],
  ['qdrant', /wrote to Qdrant/],
  ['neo4j', /wrote to Neo4j/],
])('a mark of %s that moves is a writer, of whom no more is known', async (store, what) => {
  const { writers } = await look({ values: { [store]: 'moved' } });
  expect(writers).toEqual([{ store, what: expect.stringMatching(what) as string, since: AT }]);
});

test('counts that change are told, once a store, with or without a mark', async () => {
  const changed = { chapters: 4, points: 11, values: { sqlite: 'moved', qdrant: null } };
  const { writers, blind } = await look(changed);
  expect(writers.map(({ store, what }) => [store, what])).toEqual([
    ['sqlite', 'changed the chapters from 3 to 4'],
    ['qdrant', 'changed the points from 10 to 11'],
  ]);
  expect(blind).toEqual(['Qdrant does not say whether it was written to']);
});

test('without a watch only those at work this moment are asked for', async () => {
  const seen = { store: 'neo4j', what: 'transaction 1', since: AT };
  const writers = async () => [seen as never];
  expect(await look({ values: { qdrant: 'moved' }, nodes: 99, writers }, 0)).toEqual({
    writers: [seen],
    blind: [],
    asked: [],
  });
});

test('a user who may not see the transactions is told so; an outage is an error', async () => {
  const failing = (code: 'NEO4J_REFUSED' | 'NEO4J_UNREACHABLE') => ({
    writers: () => Promise.reject(new HybridFlowError(code, { found: 'no' })),
  });
  expect((await look(failing('NEO4J_REFUSED'))).blind).toEqual(['Neo4j does not let this user see its transactions']);
  await expect(look(failing('NEO4J_UNREACHABLE'))).rejects.toThrow('no');
});
