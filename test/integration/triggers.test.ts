import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ActivityDeps } from '../../activities';
import type { BaselineOutcome, RegisterBaselineInput } from '../../domain/baseline';
import type { CommandProbe } from '../../domain/probes';
import type { RunReport } from '../../domain/report';
import { HybridFlowError } from '../../domain/errors';
import type { LabelBatch } from '../../stores/ports';
import { TestBase } from '../support/base';
import { fingerprint, type Fingerprint } from '../support/fingerprint';
import { connectLive, type Live } from '../support/live';
import { withMeddling, type Meddling } from '../support/meddle';
import { failureOf, startWorkers, type SharedWorkers } from '../support/workflow-env';

jest.setTimeout(300_000);

/** Each of the plan's triggers, provoked for real in a store; afterwards the three stores are as they were. */

let live: Live;
let base: TestBase;
let deps: ActivityDeps;
let workers: SharedWorkers;

beforeAll(async () => {
  live = await connectLive();
  base = await TestBase.make({ paragraphs: 120, migration: { batchSize: 20, batchesPerSpan: 2 } });
  deps = live.open(base.settings);
  workers = await startWorkers(live, deps);
});
afterAll(async () => {
  await workers?.stop();
  await live?.close().finally(() => base?.close());
});

let runs = 0;
let before: Fingerprint;
beforeEach(async () => {
  before = await fingerprint(base);
});
afterEach(async () => {
  await base.cypher('DROP CONSTRAINT one_a_page IF EXISTS');
  await base.unregister();
});

interface Provoked {
  meddlings?: Meddling[];
  input?: RegisterBaselineInput;
  commands?: CommandProbe[];
}

async function provoke({ meddlings = [], input = {}, commands = [] }: Provoked) {
  const workflowId = `${workers.taskQueue}-trigger-${++runs}`;
  const given = { ...withMeddling(deps, meddlings), probes: { ...deps.probes, commands } };
  workers.assign(workflowId, given);
  const start = { taskQueue: workers.taskQueue, workflowId, args: [{ maxAttempts: 2, ...input }] };
  const handle = await live.client.workflow.start('registerBaseline', start);
  const failure = await failureOf(handle.result());
  const outcome = failure.details[1] as BaselineOutcome;
  const text = await deps.artifacts.readReport(outcome.versionId, 'report.json');
  const report = JSON.parse(text ?? 'null') as RunReport;
  return { failure, outcome, report };
}

const tooLarge = () =>
  new HybridFlowError('NEO4J_REFUSED', { found: 'the transaction takes more memory than allowed' });

/** The rollback is proven, written down, and true. */
async function expectProven({ failure, outcome, report }: Awaited<ReturnType<typeof provoke>>, trigger: number) {
  expect([failure.code, failure.message]).toEqual(['ROLLED_BACK', expect.stringContaining(`Trigger ${trigger}`)]);
  expect(outcome.trigger?.trigger).toBe(trigger);
  expect(outcome.rollback).toMatchObject({ proven: true, left: [], next: null });
  expect(outcome.rollback?.steps.map(({ number }) => number)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
  expect(report).toMatchObject({ outcome: 'rolled_back', trigger: { trigger }, rollback: { proven: true } });
  expect(await fingerprint(base)).toEqual(before);
}

describe('trigger 1, table creation', () => {
  test('an index of another table that has the name of one of ours', async () => {
    base.sql('CREATE INDEX idx_version_registry_status ON ingestion_log (status)');
    before = await fingerprint(base);
    await expectProven(await provoke({}), 1);
    base.sql('DROP INDEX idx_version_registry_status');
  });
});

describe('trigger 2, baseline registration', () => {
  test('a database trigger that forbids the row', async () => {
    deps.metadata.createTables({ notAfter: Date.now() + 60_000 });
    base.sql(
      `CREATE TRIGGER no_versions BEFORE INSERT ON version_registry BEGIN SELECT RAISE(ABORT, 'not today'); END`,
    );
    before = await fingerprint(base);
    await expectProven(await provoke({}), 2);
  });
});

describe('trigger 3, validation', () => {
  test('a paragraph that hangs from nothing', async () => {
    await base.cypher(`CREATE (:Paragraph {chunk_id: 'bailey:ch999:1', text: 'lost'})`);
    const [point] = (
      await base.qdrant<{ points: { id: string }[] }>('POST', '/collections/textbook_chunks/points/scroll', {
        limit: 1,
      })
    ).points;
    const { dimension } = await deps.vectors.inventory();
    const extra = { id: '00000000-0000-4000-8000-000000000001', vector: Array<number>(dimension ?? 0).fill(0.1) };
    await base.qdrant('PUT', '/collections/textbook_chunks/points?wait=true', {
      points: [{ ...extra, payload: { chunk_id: 'bailey:ch999:1' } }],
    });
    expect(point).toBeDefined();
    before = await fingerprint(base);
    const end = await provoke({});
    await expectProven(end, 3);
    expect(end.failure.message).toContain('orphan');
    await base.cypher(`MATCH (p:Paragraph {chunk_id: 'bailey:ch999:1'}) DETACH DELETE p`);
    await base.qdrant('POST', '/collections/textbook_chunks/points/delete?wait=true', { points: [extra.id] });
  });

  test('a text that somebody changes while the labels are given: it is put back, and what was there is kept', async () => {
    const effect = () =>
      base.cypher(`MATCH (p:Paragraph) WITH p ORDER BY p.chunk_id LIMIT 1 SET p.text = 'overwritten'`);
    const end = await provoke({ meddlings: [{ before: 'graph.labelBatch', effect }] });
    await expectProven(end, 3);
    expect(end.outcome.rollback).toMatchObject({ restored: ['neo4j'] });
    expect(base.backups()).toContain(join(String(end.outcome.rollback?.savedTo), 'neo4j.jsonl.gz'));
  });
});

describe('trigger 4, labelling', () => {
  test('a constraint that the label breaks: smaller batches are tried, then all is undone', async () => {
    await base.cypher('CREATE CONSTRAINT one_a_page FOR (p:v1_baseline) REQUIRE p.page IS UNIQUE');
    before = await fingerprint(base);
    const end = await provoke({});
    await expectProven(end, 4);
    expect(end.report.labels.retries.map(({ batchSize }) => batchSize)).toEqual([20, 5, 1]);
    await base.cypher('DROP CONSTRAINT one_a_page');
  });

  test('batches that are too large for the server: the run goes on with smaller ones and commits', async () => {
    const graph = new Proxy(deps.graph, {
      get: (target, key) => {
        if (key !== 'labelBatch') return Reflect.get(target, key) as unknown;
        return (batch: LabelBatch) => (batch.batchSize > 5 ? Promise.reject(tooLarge()) : deps.graph.labelBatch(batch));
      },
    });
    const workflowId = `${workers.taskQueue}-trigger-${++runs}`;
    workers.assign(workflowId, { ...deps, graph });
    const start = { taskQueue: workers.taskQueue, workflowId, args: [{}] };
    const outcome = (await live.client.workflow.execute('registerBaseline', start)) as BaselineOutcome;
    expect(outcome).toMatchObject({ outcome: 'committed', counts: { labelled: 120 } });
    expect(outcome.labelLatencyMs?.batches).toBe(24);
    expect(outcome.warnings).toEqual([expect.stringContaining('tried again with 5')]);
  });
});

describe('trigger 5, queries', () => {
  test('a command of the user that answers otherwise after the migration', async () => {
    const script = join(base.settings.backups, '..', 'tables.mjs');
    const driver = require.resolve('better-sqlite3');
    writeFileSync(
      script,
      `import { createRequire } from 'node:module';
       const Database = createRequire(import.meta.url)(${JSON.stringify(driver)});
       const db = new Database(${JSON.stringify(base.settings.metadataDb)}, { readonly: true });
       console.log(db.prepare('SELECT count(*) AS n FROM sqlite_master').get().n);`,
    );
    const commands = [{ name: 'tables', argv: [process.execPath, script], timeoutSeconds: 20, maxBytes: 1_000 }];
    const end = await provoke({ commands });
    await expectProven(end, 5);
    expect(end.failure.message).toContain('command tables');
  });
});

describe('trigger 6, counts', () => {
  const points = '/collections/textbook_chunks/points';

  test('a point that somebody deletes from Qdrant meanwhile: the collection is restored', async () => {
    const [point] = (await base.qdrant<{ points: { id: string }[] }>('POST', `${points}/scroll`, { limit: 1 })).points;
    const effect = () => base.qdrant('POST', `${points}/delete?wait=true`, { points: [point?.id] });
    const end = await provoke({ meddlings: [{ before: 'graph.labelBatch', effect }] });
    await expectProven(end, 6);
    expect(end.outcome.rollback?.restored).toEqual(['qdrant']);
  });

  test('a paragraph that somebody deletes from Neo4j meanwhile', async () => {
    const effect = () => base.cypher('MATCH (p:Paragraph) WITH p ORDER BY p.chunk_id DESC LIMIT 1 DETACH DELETE p');
    const end = await provoke({ meddlings: [{ before: 'graph.revokeFence', effect }] });
    await expectProven(end, 6);
    expect(end.outcome.rollback?.restored).toEqual(['neo4j']);
  });

  test('a chapter that a database trigger deletes from SQLite meanwhile', async () => {
    deps.metadata.createTables({ notAfter: Date.now() + 60_000 });
    base.sql(`CREATE TRIGGER loses_a_chapter AFTER INSERT ON version_registry
      BEGIN DELETE FROM chapter_metadata WHERE id = (SELECT min(id) FROM chapter_metadata); END`);
    before = await fingerprint(base);
    const end = await provoke({});
    await expectProven(end, 6);
    expect(end.outcome.rollback?.restored).toEqual(['sqlite']);
  });
});
