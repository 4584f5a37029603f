import { readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { MockActivityEnvironment } from '@temporalio/testing';
import type { ActivityDeps } from '../../activities';
import { createDrillActivities } from '../../activities/drill';
import { withStores } from '../../client/stores';
import type { DrillOutcome, DrillReport } from '../../domain/drill';
import type { Manifest } from '../../domain/manifest';
import { REHEARSAL_PREFIX, STORE_NAMES, type StoreName } from '../../domain/names';
import { checkSideTargets } from '../../inspection/side-targets';
import type { Stores } from '../../stores/ports';
import { TestBase } from '../support/base';
import { failureOf } from '../support/errors';
import { sealVersion } from '../support/sealed';

jest.setTimeout(120_000);

const VERSION = 'v1_baseline_20260102_030405';
const PARAGRAPHS = 120;
const SIDE = `${REHEARSAL_PREFIX}test`;

let base: TestBase;

beforeAll(async () => {
  base = await TestBase.make({ paragraphs: PARAGRAPHS, name: 'test' });
  await using((stores) => sealVersion(stores, VERSION));
  await using(async ({ metadata }) => {
    const lease = { notAfter: Date.now() + 60_000 };
    metadata.createTables(lease);
    const counts = { chapterCount: 3, paragraphCount: PARAGRAPHS };
    metadata.registry.registerBaseline({ versionId: VERSION, workflowId: 'w', runId: 'r', ...counts }, lease);
  });
  editManifest((manifest) => {
    const perTextbook = { bailey: 1, sabiston: 1, schwartz: 1 };
    Object.assign(manifest.counts, { chapters: 3, chaptersPerTextbook: perTextbook });
  });
});
afterAll(() => base?.close());

// Nothing of a drill stays, and production is as it was, whatever became of it.
let before: unknown;
beforeEach(async () => {
  before = await production();
});
afterEach(async () => {
  expect(await production()).toEqual(before);
  expect((await base.collections()).filter((name) => name.startsWith(REHEARSAL_PREFIX))).toEqual([]);
  expect(base.backups().filter((name) => name.startsWith('.copy.'))).toEqual([]);
});

const using = <T>(work: (stores: Stores) => Promise<T>) => withStores({ settings: () => base.settings }, work);
const check = (wanted: readonly StoreName[], options: { expected?: never } = {}) =>
  using((stores) => checkSideTargets(stores, VERSION, wanted, { sideName: SIDE, ...options }));

const production = () =>
  using(async ({ metadata, vectors, graph }) => [
    metadata.fingerprint(),
    await vectors.fingerprint(),
    await graph.fingerprint(),
  ]);

function editManifest(change: (manifest: Manifest) => void): () => void {
  const file = base.backup(VERSION, 'manifest.json');
  const text = readFileSync(file, 'utf8');
  const manifest = JSON.parse(text) as Manifest;
  change(manifest);
  writeFileSync(file, JSON.stringify(manifest));
  return () => writeFileSync(file, text);
}

const failed = ({ checks }: { checks: DrillReport['checks'] }) =>
  checks.filter(({ passed }) => !passed).map(({ number }) => number);

test('a sound version comes back as it was recorded, and passes the seven checks beside production', async () => {
  const found = await check(STORE_NAMES);
  expect(found.stores.map(({ store, passed, comparison }) => [store, passed, comparison?.same])).toEqual([
    ['sqlite', true, true],
    ['qdrant', true, true],
    ['neo4j', true, true],
  ]);
  expect(found.checks.map(({ number }) => number)).toEqual([1, 2, 3, 4, 5, 6, 7]);
  expect(failed(found)).toEqual([]);
});

test('what is asked is what stands aside, not production', async () => {
  const restore = await removeChapter();
  try {
    expect(failed(await check(STORE_NAMES))).toEqual([]);
    // With SQLite alone from the version, Qdrant and Neo4j are production's: they lack the chapter's chunks.
    expect(failed(await check(['sqlite']))).toEqual([3]);
  } finally {
    await restore();
  }
});

test('a damaged artifact is an answer, the others are looked at all the same, and no check is run of a mixture', async () => {
  const file = base.backup(VERSION, 'textbook_chunks.snapshot');
  const bytes = readFileSync(file);
  truncateSync(file, statSync(file).size - 7);
  try {
    const found = await check(STORE_NAMES);
    expect(found.stores.map(({ store, passed }) => [store, passed])).toEqual([
      ['sqlite', true],
      ['qdrant', false],
      ['neo4j', true],
    ]);
    expect(found.stores[1]?.evidence).toMatch(
      /textbook_chunks\.snapshot has \d+ bytes with SHA-256 .* the manifest states/,
    );
    expect(found.checks).toEqual([]);
  } finally {
    writeFileSync(file, bytes);
  }
});

test('a manifest that states another number of chapters fails check 1 and nothing else', async () => {
  const back = editManifest((manifest) => (manifest.counts.chapters = 4));
  try {
    expect(failed(await check(STORE_NAMES))).toEqual([1]);
  } finally {
    back();
  }
});

test('a drill is kept: a report beside the version, and a row with the time of every store', async () => {
  const outcome = await drilled(VERSION);
  expect(outcome).toMatchObject({ passed: true, versionId: VERSION, base: 'test', startedBy: 'me', notes: [] });
  expect(outcome.recoveryMs).toBe(outcome.stores.reduce((sum, { milliseconds }) => sum + milliseconds, 0));
  expect(outcome.reportPath).toMatch(/reports\/v1_baseline_20260102_030405\/drill-\d{8}T\d{6}Z\.md$/);
  const text = readFileSync(outcome.reportPath ?? '', 'utf8');
  expect(text).toContain(`# Drill of ${VERSION}: passed`);
  expect(text).toContain('Neo4j');
  const json = JSON.parse(readFileSync(outcome.reportPath?.replace(/md$/, 'json') ?? '', 'utf8')) as DrillReport;
  expect(json.stores.map(({ store }) => store)).toEqual(['sqlite', 'qdrant', 'neo4j']);
  const [row, ...more] = await using(async ({ metadata }) => metadata.registry.operations(VERSION));
  expect(more).toEqual([]);
  expect(row).toMatchObject({ operationType: 'drill', status: 'success', details: { failed: [], startedBy: 'me' } });
  expect(Object.keys((row?.details as { milliseconds: object }).milliseconds)).toEqual(['sqlite', 'qdrant', 'neo4j']);
});

test('tells the last real restore that wrote Neo4j, by the journal', async () => {
  const runId = 'a restore';
  const stores = ['neo4j', 'sqlite'] as const;
  expect((await drilled(VERSION)).lastNeo4jRestore).toBeNull();
  await using(async ({ metadata: { journal } }) => {
    const lease = { notAfter: Date.now() + 60_000 };
    const entry = { kind: 'restore', versionId: VERSION, previousVersionId: VERSION, workflowId: 'w', runId } as const;
    journal.begin({ ...entry, stores: [...stores], details: {} }, lease);
    journal.commitRestore(runId, null, lease);
    journal.close(runId, 'done');
  });
  const { lastNeo4jRestore } = await drilled(VERSION);
  expect(lastNeo4jRestore).toMatchObject({ versionId: VERSION, stores });
  expect(lastNeo4jRestore?.tookAtMostMs).toBeGreaterThanOrEqual(1_000);
});

test('another base, and a version that is not there, are refused before anything is restored', async () => {
  const back = editManifest((manifest) => (manifest.base = 'theirs'));
  try {
    expect((await failureOf(drilled(VERSION))).code).toBe('FOREIGN_BASE');
  } finally {
    back();
  }
  expect((await failureOf(drilled('v9_minor_20260102_030405'))).code).toBe('VERSION_UNKNOWN');
  expect((await failureOf(drilled(VERSION, 'theirs'))).code).toBe('CONFIG_INVALID');
});

/** As the workflow does it, without the workflow. */
function drilled(versionId: string, asked = 'test'): Promise<DrillOutcome> {
  return using(async (stores) => {
    const deps = { ...stores, settings: { base: 'test', minimumFreeBytes: 1 }, secrets: [] } as unknown as ActivityDeps;
    const activities = createDrillActivities(deps);
    const environment = new MockActivityEnvironment();
    const within = <T>(work: () => Promise<T>) => environment.run<[], T, () => Promise<T>>(work);
    const report = await within(() => activities.drill({ versionId, base: asked, startedBy: 'me' }));
    return { ...report, ...(await within(() => activities.recordDrill(report))) };
  });
}

/** Takes bailey's chapter away from production's Qdrant and Neo4j; answers how to put all of it back. */
async function removeChapter(): Promise<() => Promise<void>> {
  const ids = await base.cypher<{ id: string }>(
    "MATCH (p:Paragraph) WHERE p.chunk_id STARTS WITH 'bailey:' RETURN p.chunk_id AS id",
  );
  const filter = { must: [{ key: 'chunk_id', match: { any: ids.map(({ id }) => id) } }] };
  await base.qdrant('POST', '/collections/textbook_chunks/points/delete?wait=true', { filter });
  await base.cypher("MATCH (p:Paragraph) WHERE p.chunk_id STARTS WITH 'bailey:' DETACH DELETE p");
  return () =>
    using(async ({ vectors, graph }) => {
      await vectors.restoreFrom(base.backup(VERSION, 'textbook_chunks.snapshot'));
      await graph.restoreFrom(base.backup(VERSION, 'neo4j.jsonl.gz'));
    });
}
