import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { HybridFlowError } from '../../domain/errors';
import type { LabelBatch } from '../../stores/ports';
import { Provoking } from '../support/provoking';

jest.setTimeout(300_000);

/** Each of the plan's triggers, provoked for real in a store; afterwards the three stores are as they were. */

let on: Provoking;
beforeAll(async () => {
  on = await Provoking.open();
});
beforeEach(() => on.remember());
afterEach(async () => {
  await on.base.cypher('DROP CONSTRAINT one_a_page IF EXISTS');
  await on.base.unregister();
});
afterAll(() => on?.close());

const tooLarge = () =>
  new HybridFlowError('NEO4J_REFUSED', { found: 'the transaction takes more memory than allowed' });

describe('trigger 1, table creation', () => {
  test('an index of another table that has the name of one of ours', async () => {
    on.base.sql('CREATE INDEX idx_version_registry_status ON ingestion_log (status)');
    await on.remember();
    await on.expectProven(await on.provoke({}), 1, { row: false });
    on.base.sql('DROP INDEX idx_version_registry_status');
  });
});

describe('trigger 2, baseline registration', () => {
  test('a database trigger that forbids the row', async () => {
    on.deps.metadata.createTables({ notAfter: Date.now() + 60_000 });
    on.base.sql(
      `CREATE TRIGGER no_versions BEFORE INSERT ON version_registry BEGIN SELECT RAISE(ABORT, 'not today'); END`,
    );
    await on.remember();
    await on.expectProven(await on.provoke({}), 2, { row: false });
  });
});

describe('trigger 3, validation', () => {
  test('a paragraph that hangs from nothing', async () => {
    await on.base.cypher(`CREATE (:Paragraph {chunk_id: 'bailey:ch999:1', text: 'lost'})`);
    const [point] = (
      await on.base.qdrant<{ points: { id: string }[] }>('POST', '/collections/textbook_chunks/points/scroll', {
        limit: 1,
      })
    ).points;
    const { dimension } = await on.deps.vectors.inventory();
    const extra = { id: '00000000-0000-4000-8000-000000000001', vector: Array<number>(dimension ?? 0).fill(0.1) };
    await on.base.qdrant('PUT', '/collections/textbook_chunks/points?wait=true', {
      points: [{ ...extra, payload: { chunk_id: 'bailey:ch999:1' } }],
    });
    expect(point).toBeDefined();
    await on.remember();
    const end = await on.provoke({});
    await on.expectProven(end, 3);
    expect(end.failure.message).toContain('orphan');
    await on.base.cypher(`MATCH (p:Paragraph {chunk_id: 'bailey:ch999:1'}) DETACH DELETE p`);
    await on.base.qdrant('POST', '/collections/textbook_chunks/points/delete?wait=true', { points: [extra.id] });
  });

  test('a text that somebody changes while the labels are given: it is put back, and what was there is kept', async () => {
    const effect = () =>
      on.base.cypher(`MATCH (p:Paragraph) WITH p ORDER BY p.chunk_id LIMIT 1 SET p.text = 'overwritten'`);
    const end = await on.provoke({ meddlings: [{ before: 'graph.labelBatch', effect }] });
    await on.expectProven(end, 3);
    expect(end.outcome.rollback).toMatchObject({ restored: ['neo4j'] });
    expect(on.base.backups()).toContain(join(String(end.outcome.rollback?.savedTo), 'neo4j.jsonl.gz'));
  });
});

describe('trigger 4, labelling', () => {
  test('a constraint that the label breaks: smaller batches are tried, then all is undone', async () => {
    await on.base.cypher('CREATE CONSTRAINT one_a_page FOR (p:v1_baseline) REQUIRE p.page IS UNIQUE');
    await on.remember();
    const end = await on.provoke({});
    await on.expectProven(end, 4);
    expect(end.report.labels.retries.map(({ batchSize }) => batchSize)).toEqual([20, 5, 1]);
    await on.base.cypher('DROP CONSTRAINT one_a_page');
  });

  test('batches that are too large for the server: the run goes on with smaller ones and commits', async () => {
    const graph = new Proxy(on.deps.graph, {
      get: (target, key) => {
        if (key !== 'labelBatch') return Reflect.get(target, key) as unknown;
        return (batch: LabelBatch) =>
          batch.batchSize > 5 ? Promise.reject(tooLarge()) : on.deps.graph.labelBatch(batch);
      },
    });
    const outcome = await on.commits({ deps: { graph } });
    expect(outcome).toMatchObject({ outcome: 'committed', counts: { labelled: 120 } });
    expect(outcome.labelLatencyMs?.batches).toBe(24);
    expect(outcome.warnings).toEqual([expect.stringContaining('tried again with 5')]);
  });
});

describe('trigger 5, queries', () => {
  test('a command of the user that answers otherwise after the migration', async () => {
    const script = join(on.base.settings.backups, '..', 'tables.mjs');
    const driver = require.resolve('better-sqlite3');
    writeFileSync(
      script,
      `import { createRequire } from 'node:module';
       const Database = createRequire(import.meta.url)(${JSON.stringify(driver)});
       const db = new Database(${JSON.stringify(on.base.settings.metadataDb)}, { readonly: true });
       console.log(db.prepare('SELECT count(*) AS n FROM sqlite_master').get().n);`,
    );
    const commands = [{ name: 'tables', argv: [process.execPath, script], timeoutSeconds: 20, maxBytes: 1_000 }];
    const end = await on.provoke({ probes: { commands } });
    await on.expectProven(end, 5);
    expect(end.failure.message).toContain('command tables');
  });
});

describe('trigger 6, counts', () => {
  const points = '/collections/textbook_chunks/points';

  test('a point that somebody deletes from Qdrant meanwhile: the collection is restored', async () => {
    const [point] = (await on.base.qdrant<{ points: { id: string }[] }>('POST', `${points}/scroll`, { limit: 1 }))
      .points;
    const effect = () => on.base.qdrant('POST', `${points}/delete?wait=true`, { points: [point?.id] });
    const end = await on.provoke({ meddlings: [{ before: 'graph.labelBatch', effect }] });
    await on.expectProven(end, 6);
    expect(end.outcome.rollback?.restored).toEqual(['qdrant']);
  });

  test('a paragraph that somebody deletes from Neo4j meanwhile', async () => {
    const effect = () => on.base.cypher('MATCH (p:Paragraph) WITH p ORDER BY p.chunk_id DESC LIMIT 1 DETACH DELETE p');
    const end = await on.provoke({ meddlings: [{ before: 'graph.revokeFence', effect }] });
    await on.expectProven(end, 6);
    expect(end.outcome.rollback?.restored).toEqual(['neo4j']);
  });

  test('a chapter that a database trigger deletes from SQLite meanwhile', async () => {
    on.deps.metadata.createTables({ notAfter: Date.now() + 60_000 });
    on.base.sql(`CREATE TRIGGER loses_a_chapter AFTER INSERT ON version_registry
      BEGIN DELETE FROM chapter_metadata WHERE id = (SELECT min(id) FROM chapter_metadata); END`);
    await on.remember();
    const end = await on.provoke({});
    await on.expectProven(end, 6);
    expect(end.outcome.rollback?.restored).toEqual(['sqlite']);
  });
});
