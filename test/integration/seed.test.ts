import { createHash } from 'node:crypto';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import Database from 'better-sqlite3';
import neo4j, { type Driver } from 'neo4j-driver';
import { neo4jPassword } from '../../config/load';
import type { Settings } from '../../config/schema';
import { embedText } from '../../domain/feature-hashing';
import { chapters } from '../../stack/corpus/chapters';
import { markerFile } from '../../stack/corpus/marker';
import { planCorpus } from '../../stack/corpus/plan';
import { clearSeed, seed, type SeedResult } from '../../stack/corpus/seed';
import type { SeedProgress } from '../../stack/corpus/load';
import { useStack } from '../support/stack';

/** Works on stores that start empty, and leaves them empty. */
const PARAGRAPHS = 400;
const SEED = Number(process.env.CORPUS_SEED ?? 7);
jest.setTimeout(120_000);

let settings: Settings;
let driver: Driver;

async function cypher<T = Record<string, unknown>>(query: string, parameters = {}): Promise<T[]> {
  const { records } = await driver.executeQuery(query, parameters, { database: settings.neo4j.database });
  return records.map((record) => record.toObject() as T);
}

async function qdrant<T>(method: string, path: string, body?: object): Promise<T> {
  const { url, apiKey } = settings.qdrant;
  const headers = { 'content-type': 'application/json', ...(apiKey ? { 'api-key': apiKey } : {}) };
  const response = await fetch(`${url}${path}`, { method, headers, body: body && JSON.stringify(body) });
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
  return ((await response.json()) as { result: T }).result;
}

function sql<T>(query: string): T[] {
  const db = new Database(settings.metadataDb);
  try {
    const statement = db.prepare(query);
    return statement.reader ? (statement.all() as T[]) : (statement.run(), []);
  } finally {
    db.close();
  }
}

const collection = () => `/collections/${settings.qdrant.collection}`;
const points = async () =>
  (await qdrant<{ count: number }>('POST', `${collection()}/points/count`, { exact: true })).count;
const nodes = async () => (await cypher<{ n: number }>('MATCH (n) RETURN count(*) AS n'))[0]?.n;
const seedIt = (more = {}) => seed({ settings, scale: PARAGRAPHS, seed: SEED, ...more });

function editMarker(change: (marker: Record<string, unknown>) => void): void {
  const file = markerFile(settings.metadataDb);
  const marker = JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>;
  change(marker);
  writeFileSync(file, JSON.stringify(marker));
}

beforeAll(async () => {
  ({ settings } = await useStack());
  process.stderr.write(`corpus seed ${SEED}\n`);
  const auth = neo4j.auth.basic(settings.neo4j.username, neo4jPassword(settings));
  driver = neo4j.driver(settings.neo4j.uri, auth, { disableLosslessIntegers: true });
});

afterAll(async () => {
  try {
    await clearSeed(settings);
  } finally {
    await driver.close();
  }
});

describe('seeding empty stores', () => {
  const progress: SeedProgress[] = [];
  let result: SeedResult;
  beforeAll(async () => {
    result = await seedIt({ onProgress: (p: SeedProgress) => progress.push(p) });
  });

  it('fills all three, as many as it says', async () => {
    expect(result).toMatchObject({ alreadySeeded: false, startedOver: false, paragraphs: PARAGRAPHS });
    expect(sql('SELECT count(*) AS n FROM chapter_metadata')).toEqual([{ n: result.counts.sqlite.chapters }]);
    expect(sql('SELECT count(*) AS n FROM ingestion_log')).toEqual([{ n: result.counts.sqlite.chapters }]);
    expect(await points()).toBe(PARAGRAPHS);
    expect(await nodes()).toBe(result.counts.neo4j.nodes);
    const relationships = await cypher('MATCH ()-[r]->() RETURN count(*) AS n');
    expect(relationships).toEqual([{ n: result.counts.neo4j.relationships }]);
  });

  it('reports progress up to the whole of each store', () => {
    for (const store of ['sqlite', 'qdrant', 'neo4j']) {
      const last = progress.filter((p) => p.store === store).at(-1);
      expect(last?.done).toBe(last?.total);
    }
  });

  it('makes chains that are whole and mutual, in the order of the book', async () => {
    for (const chapter of chapters(planCorpus(PARAGRAPHS, SEED))) {
      const chain = await cypher<{ ids: string[] }>(
        `MATCH (first:Paragraph {chunk_id: $first}) WHERE NOT (first)-[:PREV]->()
         MATCH path = (first)-[:NEXT*0..]->(last) WHERE NOT (last)-[:NEXT]->()
         RETURN [p IN nodes(path) | p.chunk_id] AS ids`,
        { first: chapter.paragraphs[0]?.chunkId },
      );
      expect(chain.map(({ ids }) => ids)).toEqual([chapter.paragraphs.map(({ chunkId }) => chunkId)]);
    }
    expect(await cypher('MATCH (a)-[:NEXT]->(b) WHERE NOT (b)-[:PREV]->(a) RETURN a.chunk_id')).toEqual([]);
    expect(await cypher('MATCH (b)-[:PREV]->(a) WHERE NOT (a)-[:NEXT]->(b) RETURN a.chunk_id')).toEqual([]);
  });

  it('hangs every paragraph once, below a chapter of a textbook', async () => {
    const reached = await cypher(
      `MATCH (:Textbook)-[:CONTAINS]->(c:Chapter)-[:HAS_SECTION]->()-[:HAS_SUBSECTION|HAS_SUBSUBSECTION*0..2]->()
         -[:HAS_PARAGRAPH]->(p:Paragraph) WHERE p.chunk_id STARTS WITH c.id + ':' RETURN count(p) AS n`,
    );
    expect(reached).toEqual([{ n: PARAGRAPHS }]);
  });

  it('keeps whole numbers whole, and has the constraints of production', async () => {
    const types = await cypher<{ page: string; bounds: string }>(
      'MATCH (p:Paragraph) RETURN DISTINCT valueType(p.page) AS page, valueType(p.bounds) AS bounds',
    );
    expect(types).toEqual([{ page: 'INTEGER NOT NULL', bounds: 'LIST<FLOAT NOT NULL> NOT NULL' }]);
    const unique = await cypher<{ on: string }>(
      `SHOW CONSTRAINTS YIELD labelsOrTypes, properties, type WHERE type = 'UNIQUENESS'
       RETURN labelsOrTypes[0] + '.' + properties[0] AS on ORDER BY on`,
    );
    expect(unique.map(({ on }) => on)).toEqual(['Chapter.id', 'Paragraph.chunk_id', 'Textbook.id']);
  });

  it('counts and hashes each chapter as Neo4j holds it', async () => {
    const kept = await cypher<{ id: string; texts: string[] }>(
      `MATCH (c:Chapter)-[:HAS_SECTION|HAS_SUBSECTION|HAS_SUBSUBSECTION|HAS_PARAGRAPH*]->(p:Paragraph)
       WITH c, p, [part IN split(split(p.chunk_id, ':')[2], '.') | toInteger(part)] AS number ORDER BY c.id, p.page
       RETURN c.id AS id, collect(p.text) AS texts`,
    );
    const rows = sql<{ id: string; chunks: number; hash: string }>(
      `SELECT textbook_id || ':ch' || chapter_number AS id, chunk_count AS chunks, content_hash AS hash FROM chapter_metadata`,
    );
    expect(rows.map(({ id, chunks }) => [id, chunks]).sort()).toEqual(
      kept.map(({ id, texts }) => [id, texts.length]).sort(),
    );
    for (const chapter of chapters(planCorpus(PARAGRAPHS, SEED))) {
      const text = chapter.paragraphs.map((paragraph) => paragraph.text).join('\n');
      const hash = createHash('sha256').update(text).digest('hex');
      expect(rows.find(({ id }) => id === chapter.id)?.hash).toBe(hash);
      expect(new Set(kept.find(({ id }) => id === chapter.id)?.texts)).toEqual(new Set(text.split('\n')));
    }
  });

  it('makes a collection that can be searched and filtered by chapter', async () => {
    const info = await qdrant<{ config: { params: { vectors: object } }; payload_schema: object }>('GET', collection());
    expect(info.config.params.vectors).toMatchObject({ size: 768, distance: 'Cosine' });
    expect(Object.keys(info.payload_schema).sort()).toEqual(['chapter_id', 'textbook_id']);
    const { points: found } = await qdrant<{ points: { payload: { text: string } }[] }>(
      'POST',
      `${collection()}/points/query`,
      { query: embedText('infection'), limit: 5, with_payload: true },
    );
    expect(found).toHaveLength(5);
    for (const { payload } of found) expect(payload.text).toMatch(/infection/i);
  });
});

describe('seeding again', () => {
  it('finds the same corpus complete and writes nothing', async () => {
    const before = readFileSync(settings.metadataDb);
    const onProgress = jest.fn();
    expect(await seedIt({ onProgress })).toMatchObject({ alreadySeeded: true, movedOn: [], paragraphs: PARAGRAPHS });
    expect(onProgress).not.toHaveBeenCalled();
    expect(readFileSync(settings.metadataDb)).toEqual(before);
  });

  it('still finds it complete where versions were registered and labelled on it', async () => {
    sql('CREATE TABLE version_registry (version_id TEXT)');
    sql('CREATE TABLE operation_log (version_id TEXT)');
    sql(`INSERT INTO version_registry VALUES ('v1')`);
    await cypher('MATCH (p:Paragraph) SET p:v1_baseline');
    await cypher('CREATE (:__HybridFlowFence {token: 1})');
    expect(await seedIt()).toMatchObject({ alreadySeeded: true, movedOn: [] });
    await cypher('MATCH (c:Chapter) WITH c LIMIT 1 CREATE (:Chapter {id: "bailey:ch999"})');
    const moved = await seedIt();
    expect(moved.alreadySeeded).toBe(true);
    expect(moved.movedOn).toEqual([expect.stringMatching(/nodes in Neo4j/)]);
    await cypher('MATCH (c:Chapter {id: "bailey:ch999"}) DELETE c');
    sql('DROP TABLE operation_log');
    sql('DROP TABLE version_registry');
  });

  it.each([{ seed: SEED + 1 }, { scale: 50 }])('refuses another corpus (%j) and names the one there', async (other) => {
    const before = [await points(), await nodes()];
    await expect(seedIt(other)).rejects.toMatchObject({
      code: 'SEED_REFUSED',
      message: expect.stringMatching(new RegExp(`corpus of ${PARAGRAPHS} paragraphs, seed ${SEED}.*--fresh`)) as string,
    });
    expect([await points(), await nodes()]).toEqual(before);
  });

  it('refuses stores that lost part of what was seeded, as long as no version explains it', async () => {
    await cypher('CREATE (:Figure {id: "stray"})');
    await expect(seedIt()).rejects.toMatchObject({
      code: 'SEED_REFUSED',
      message: expect.stringMatching(/nodes in Neo4j/) as string,
    });
    await cypher('MATCH (f:Figure {id: "stray"}) DELETE f');
  });
});

describe('after a crash in the middle', () => {
  beforeEach(async () => {
    editMarker((marker) => {
      marker.state = 'seeding';
      // No process has this pid: the writer is gone.
      marker.writer = { ...(marker.writer as object), pid: 2 ** 22 + 1 };
    });
    await cypher(
      'MATCH (c:Chapter) WITH c ORDER BY c.id LIMIT 1 MATCH (n) WHERE n.chunk_id STARTS WITH c.id DETACH DELETE n',
    );
    await qdrant('POST', `${collection()}/points/delete?wait=true`, {
      filter: { must: [{ key: 'textbook_id', match: { value: 'schwartz' } }] },
    });
  });

  it('touches nothing where something of another origin is there too', async () => {
    await cypher('CREATE (:Paragraph {chunk_id: "bailey:ch1:1.1.1.1.1", text: "Not ours."})');
    const before = [await points(), await nodes()];
    await expect(seedIt()).rejects.toMatchObject({
      code: 'SEED_REFUSED',
      message: expect.stringMatching(
        /1 node in Neo4j of another origin, e\.g\. Paragraph\/bailey:ch1:1\.1\.1\.1\.1/,
      ) as string,
    });
    expect([await points(), await nodes()]).toEqual(before);
    await cypher('MATCH (p:Paragraph {chunk_id: "bailey:ch1:1.1.1.1.1"}) DELETE p');
  });

  it('does not take a text of the same id for its own', async () => {
    const id = (await cypher<{ id: string }>('MATCH (p:Paragraph) RETURN p.chunk_id AS id LIMIT 1'))[0]?.id;
    const was = await cypher(
      'MATCH (p:Paragraph {chunk_id: $id}) WITH p, p.text AS t SET p.text = "Edited." RETURN t',
      { id },
    );
    await expect(seedIt()).rejects.toMatchObject({ code: 'SEED_REFUSED' });
    await cypher('MATCH (p:Paragraph {chunk_id: $id}) SET p.text = $t', { id, t: was[0]?.t });
  });

  it('leaves a seeder alone that is still at work', async () => {
    editMarker((marker) => (marker.writer = { ...(marker.writer as object), pid: process.ppid }));
    await expect(seedIt()).rejects.toMatchObject({ code: 'BASE_BUSY' });
    await expect(clearSeed(settings)).rejects.toMatchObject({ code: 'BASE_BUSY' });
  });

  it('removes the half that is there and starts over', async () => {
    const result = await seedIt();
    expect(result).toMatchObject({ alreadySeeded: false, startedOver: true });
    expect([await points(), await nodes()]).toEqual([PARAGRAPHS, result.counts.neo4j.nodes + 1]);
    expect(await seedIt()).toMatchObject({ alreadySeeded: true, digest: result.digest });
  });
});

describe('stores that hold something else', () => {
  it('are emptied of the seed only: everything else stays, and is named', async () => {
    await cypher('CREATE (:Person {id: "ada"})');
    sql('CREATE TABLE notes (text TEXT)');
    const { cleared, left } = await clearSeed(settings);
    expect(cleared).toBe(true);
    expect(left).toEqual(['1 node in Neo4j of another origin, e.g. Person/ada', 'table notes in metadata.db']);
    expect(await cypher('MATCH (n) WHERE NOT n:__HybridFlowFence RETURN n.id AS id')).toEqual([{ id: 'ada' }]);
    expect(existsSync(markerFile(settings.metadataDb))).toBe(false);
  });

  it('are refused, store by store, and left as they are', async () => {
    await qdrant('PUT', collection(), { vectors: { size: 4, distance: 'Dot' } });
    const refusal = expect(seedIt()).rejects;
    await refusal.toMatchObject({
      code: 'SEED_REFUSED',
      message: expect.stringMatching(/notes \(0 rows\).*textbook_chunks \(0 points\).*1 nodes/) as string,
    });
    await expect(clearSeed(settings)).rejects.toMatchObject({ code: 'SEED_REFUSED' });
    expect(sql('SELECT count(*) AS n FROM notes')).toEqual([{ n: 0 }]);
    expect(await points()).toBe(0);
    expect(await nodes()).toBe(2);
    await qdrant('DELETE', collection());
    await cypher('MATCH (n) DELETE n');
    rmSync(settings.metadataDb);
  });

  it('are refused where only the alias that readers look for first is there', async () => {
    await qdrant('PUT', '/collections/somebodys', { vectors: { size: 4, distance: 'Dot' } });
    const alias_name = `${settings.qdrant.collection}_latest`;
    const create_alias = { collection_name: 'somebodys', alias_name };
    await qdrant('POST', '/collections/aliases', { actions: [{ create_alias }] });
    await expect(seedIt()).rejects.toMatchObject({
      code: 'SEED_REFUSED',
      message: expect.stringContaining(alias_name) as string,
    });
    expect(existsSync(settings.metadataDb)).toBe(false);
    await qdrant('DELETE', '/collections/somebodys');
  });
});
