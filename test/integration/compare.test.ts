import { existsSync } from 'node:fs';
import { POINT_LIST_FILE, type VersionComparison } from '../../domain/compare';
import { compareVersions, type CompareRequest, type LiveStores } from '../../inspection/compare';
import { openArtifactStore } from '../../stores/artifacts';
import { openArtifactContents } from '../../stores/artifacts/contents';
import { openGraphStore } from '../../stores/neo4j';
import type { Stores } from '../../stores/ports';
import { openVectorStore } from '../../stores/qdrant';
import { openQdrantConnection } from '../../stores/qdrant/client';
import { readPointDigests } from '../../stores/qdrant/point-digests';
import { openMetadataStore } from '../../stores/sqlite';
import { TestBase } from '../support/base';
import { sealVersion } from '../support/sealed';
import { storeOf } from '../support/sealed-model';
import { useStack } from '../support/stack';

jest.setTimeout(240_000);

const VERSION = 'v1_baseline_20260102_030405';

let base: TestBase;
let stores: Stores & { vectors: LiveStores['vectors'] };
beforeAll(async () => {
  base = await TestBase.make({ paragraphs: 300 });
  const { settings, neo4jPassword: password } = { ...(await useStack()), settings: base.settings };
  const { uri, username, database } = settings.neo4j;
  const connection = openQdrantConnection(settings.qdrant);
  stores = {
    metadata: openMetadataStore(settings.metadataDb),
    artifacts: openArtifactStore(settings.backups),
    vectors: {
      ...openVectorStore(settings.qdrant),
      pointDigests: (options, control) => readPointDigests(connection, options, control),
    },
    graph: openGraphStore({ uri, username, password, database }),
  };
  await sealVersion(stores, VERSION);
});
afterAll(async () => {
  await stores?.graph.close();
  await base?.close();
});

const compare = (request: Partial<CompareRequest> = {}) =>
  compareVersions(
    {
      artifacts: stores.artifacts,
      archive: openArtifactStore(stores.artifacts.pathOf('archived')),
      contents: openArtifactContents(),
      metadata: stores.metadata,
      live: stores,
    },
    { before: VERSION, after: 'production', limit: 20, ...request },
  );
const totals = (found: VersionComparison, store: string) => {
  const { chapters, chunks } = storeOf(found, store);
  return [chapters, chunks].map((of) => of && [of.added, of.changed, of.removed]);
};

it('production is what was sealed of it, chunk by chunk, and so is latest-copy', async () => {
  for (const folder of [VERSION, 'latest-copy']) {
    expect(existsSync(base.backup(folder, POINT_LIST_FILE))).toBe(true);
  }
  expect(await compare()).toMatchObject({ same: true });
  expect(await compare({ after: 'latest-copy' })).toMatchObject({ same: true });
});

it('tells what was written to each store since', async () => {
  const [{ chunkId = '', chapter = '' } = {}] = await base.cypher<{ chunkId: string; chapter: string }>(
    `MATCH (c:Chapter)-[*1..4]->(p:Paragraph) RETURN p.chunk_id AS chunkId, c.id AS chapter ORDER BY chunkId LIMIT 1`,
  );
  const [gone = ''] = (
    await base.cypher<{ id: string }>(
      `MATCH (c:Chapter)-[*1..4]->(p:Paragraph) WHERE c.id <> $chapter RETURN p.chunk_id AS id ORDER BY id LIMIT 1`,
      { chapter },
    )
  ).map(({ id }) => id);
  await base.cypher('MATCH (p:Paragraph {chunk_id: $chunkId}) SET p.text = p.text + $more', {
    chunkId,
    more: ' Amen.',
  });
  await base.cypher('MATCH (p:Paragraph {chunk_id: $gone}) DETACH DELETE p', { gone });
  const points = `/collections/${base.settings.qdrant.collection}/points`;
  const match = (id: string) => ({ filter: { must: [{ key: 'chunk_id', match: { value: id } }] } });
  await base.qdrant('POST', `${points}/payload?wait=true`, { payload: { page: 9_999 }, ...match(chunkId) });
  await base.qdrant('POST', `${points}/delete?wait=true`, match(gone));
  base.sql(`UPDATE chapter_metadata SET title = 'Another' WHERE textbook_id || ':ch' || chapter_number = '${chapter}'`);

  const found = await compare({ texts: 'required' });
  expect(totals(found, 'sqlite')).toEqual([[0, 1, 0], null]);
  expect(storeOf(found, 'sqlite').chapters.list).toMatchObject([
    { chapter, change: 'changed', fields: [{ field: 'title', after: 'Another' }] },
  ]);
  for (const store of ['qdrant', 'neo4j']) {
    expect(totals(found, store)).toEqual([
      [0, 2, 0],
      [0, 1, 1],
    ]);
    const chunks = storeOf(found, store).chunks?.list.map((one) => `${one.change} ${one.chunkId}`);
    expect(new Set(chunks)).toEqual(new Set([`changed ${chunkId}`, `removed ${gone}`]));
  }
  expect(found.texts?.list.find((one) => one.change === 'changed')?.parts.at(-1)).toEqual({
    kind: 'added',
    text: expect.stringContaining('Amen.') as string,
  });
});
