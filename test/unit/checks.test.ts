import { judgeArtifacts } from '../../domain/checks';
import type { Inventory } from '../../domain/inventory';
import type { Artifact } from '../../domain/manifest';

const inventory = {
  sqlite: { chapters: 3 },
  qdrant: { points: 25 },
  neo4j: { nodes: 40, relationships: 60, paragraphs: 25 },
} as Inventory;

const artifact = (store: Artifact['store'], counts: Record<string, number>) =>
  ({ store, file: `${store}.file`, counts }) as unknown as Artifact;

const failed = (artifacts: Artifact[]) =>
  judgeArtifacts(inventory, artifacts)
    .filter(({ passed }) => !passed)
    .map(({ name }) => name);

test('artifacts that hold what the inventory counted pass, every count judged', () => {
  const artifacts = [
    artifact('sqlite', { chapters: 3, ingestion_log: 9 }),
    artifact('qdrant', { points: 25 }),
    artifact('neo4j', { nodes: 40, relationships: 60, paragraphs: 25, indexes: 4 }),
  ];
  expect(judgeArtifacts(inventory, artifacts)).toHaveLength(5);
  expect(failed(artifacts)).toEqual([]);
});

test.each([
  ['sqlite', { chapters: 2 }, 'chapters in sqlite.file'],
  ['qdrant', { points: 26 }, 'points in qdrant.file'],
  ['neo4j', { nodes: 41 }, 'nodes in neo4j.file'],
  ['neo4j', { relationships: 59 }, 'relationships in neo4j.file'],
] as const)('%s holding %j does not', (store, counts, name) => {
  expect(failed([artifact(store, counts)])).toEqual([name]);
});
