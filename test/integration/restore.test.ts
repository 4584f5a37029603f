import { mkdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';
import Database from 'better-sqlite3';
import type { ActivityDeps } from '../../activities';
import { createRehearsalActivities } from '../../activities/rehearsal';
import { createRestoreActivities, createStagingActivities } from '../../activities/restore';
import { openStores } from '../../client/stores';
import { HybridFlowError } from '../../domain/errors';
import { ARTIFACT_FILES, REHEARSAL_PREFIX, STAGING_NAMES, STORE_NAMES, type StoreName } from '../../domain/names';
import type { ConfirmForm } from '../../domain/rehearsal';
import { rescueRecordFile, type RescueRecord } from '../../domain/rescue';
import { LATEST_COPY } from '../../domain/version-id';
import { compareWithRecorded, liveFingerprint } from '../../inspection/fingerprints';
import type { Stores } from '../../stores/ports';
import { openVectorStore } from '../../stores/qdrant';
import { TestBase } from '../support/base';
import { failureOf } from '../support/errors';
import { sealVersion, Tampered } from '../support/sealed';
import { timelyAttempt } from '../support/attempt';

jest.setTimeout(120_000);

const VERSION = 'v1_baseline_20260102_030405';
const TAMPERED = 'v1_baseline_20260102_030406';
const RESCUE = 'rescue-of-a-run';
const POINTS = 120;

let base: TestBase;
let stores: Stores;

beforeAll(async () => {
  base = await TestBase.make({ paragraphs: POINTS });
  stores = openStores(base.settings);
  stores.metadata.createTables({ notAfter: Date.now() + 60_000 });
  await sealVersion(stores, VERSION);
});
afterAll(async () => {
  await stores?.graph.close();
  await base?.close();
});
afterEach(() => {
  for (const folder of [TAMPERED, RESCUE]) rmSync(base.backup(folder), { recursive: true, force: true });
});

/** An attempt of the activities of one run. */
function activities(runId = 'run-1', attempt = 1, given: Stores = stores) {
  const deps = { ...given, settings: base.settings, secrets: [] as string[] } as unknown as ActivityDeps;
  const environment = new MockActivityEnvironment(
    { workflowExecution: { workflowId: 'w', runId }, attempt, ...timelyAttempt() },
    // Failures are what many of these tests are about.
    { logger: new DefaultLogger('ERROR') },
  );
  const as = <A extends unknown[], T>(work: (...args: A) => Promise<T>) => {
    return (...args: A) => environment.run<A, T, (...given: A) => Promise<T>>(work, ...args);
  };
  const { rehearse, removeRehearsal } = createRehearsalActivities(deps);
  const restore = createRestoreActivities(deps);
  return {
    rehearse: as(rehearse),
    removeRehearsal: as(removeRehearsal),
    saveProduction: as(restore.saveProduction),
    restoreProduction: as(restore.restoreProduction),
    verifyCopy: as(restore.verifyCopy),
    dropStagingTable: as(restore.dropStagingTable),
    dropStagingCollection: as(restore.dropStagingCollection),
    removeStagingNodes: as(createStagingActivities(deps).removeStagingNodes),
  };
}

const tampered = () => new Tampered(base.settings.backups, TAMPERED, base.backup(VERSION));
/** Changes a title and a paragraph; database and export are whole, and say something else. */
function meddleWith(copy: Tampered): void {
  const db = new Database(copy.at(ARTIFACT_FILES.metadata));
  db.exec("UPDATE chapter_metadata SET title = 'another' WHERE rowid = 1");
  db.close();
  copy.export((text) => text.replace('"text":"', '"text":"other '));
}
/** Copies and collections beside production, of whoever. */
const leftovers = async () => [
  ...(await base.collections()).filter((name) => name !== base.settings.qdrant.collection),
  ...base.backups().filter((name) => name.startsWith('.copy')),
];
const same = async (store: StoreName) => (await compareWithRecorded(stores, VERSION, store)).same;

/** Somebody else writes to all three stores. */
async function contaminate(): Promise<void> {
  base.sql("UPDATE chapter_metadata SET title = 'overwritten' WHERE rowid <= 2");
  const { points } = await base.qdrant<{ points: { id: string }[] }>(
    'POST',
    `/collections/${base.settings.qdrant.collection}/points/scroll`,
    { limit: 5 },
  );
  const ids = points.map(({ id }) => id);
  await base.qdrant('POST', `/collections/${base.settings.qdrant.collection}/points/delete?wait=true`, { points: ids });
  await base.cypher(`MATCH (p:Paragraph) WITH p ORDER BY p.chunk_id LIMIT 4 SET p.text = 'overwritten'`);
  await base.cypher('MATCH (p:Paragraph) WITH p ORDER BY p.chunk_id DESC LIMIT 2 DETACH DELETE p');
}

describe('the rehearsal', () => {
  test.each(STORE_NAMES)('%s: restored beside production, the same as recorded, and nothing is left', async (store) => {
    const found = await activities().rehearse(store, VERSION, 'restore');
    expect(found).toMatchObject({ store, form: 'restore', passed: true, comparison: { same: true, differing: 0 } });
    expect(found.evidence).toMatch(/identical$/);
    expect(await leftovers()).toEqual([]);
    expect(await same(store)).toBe(true);
  });

  test('by hashes alone asks no service', async () => {
    const nobody = { ...base.settings.qdrant, url: 'http://127.0.0.1:9' };
    const deps = { ...stores, vectors: openVectorStore(nobody) };
    for (const store of STORE_NAMES) {
      const found = await activities('run-1', 1, deps).rehearse(store, VERSION, 'hash');
      expect(found).toMatchObject({ store, form: 'hash', passed: true, comparison: null });
    }
    // Where one is needed, its absence is no verdict on the artifact.
    const error = await failureOf(activities('run-1', 1, deps).rehearse('qdrant', VERSION, 'restore'));
    expect(error).toMatchObject({ code: 'QDRANT_UNREACHABLE', retryable: true });
  });

  test.each<[StoreName, string]>([
    ['sqlite', ARTIFACT_FILES.metadata],
    ['qdrant', ARTIFACT_FILES.qdrant],
    ['neo4j', ARTIFACT_FILES.neo4j],
  ])('%s: a file with other bytes does not pass, in either form', async (store, file) => {
    const copy = tampered();
    const bytes = readFileSync(copy.at(file));
    bytes.writeUInt8(bytes.readUInt8(bytes.length - 100) ^ 1, bytes.length - 100);
    writeFileSync(copy.at(file), bytes);
    for (const form of ['hash', 'restore'] satisfies ConfirmForm[]) {
      const found = await activities().rehearse(store, TAMPERED, form);
      expect(found).toMatchObject({ passed: false, comparison: null });
      expect(found.evidence).toMatch(/the manifest states/);
    }
    rmSync(copy.at(file));
    expect(await activities().rehearse(store, TAMPERED, 'restore')).toMatchObject({ passed: false });
    expect(await leftovers()).toEqual([]);
  });

  test('finds what hashes cannot: artifacts that are whole, but hold something else than was recorded', async () => {
    const copy = tampered();
    meddleWith(copy);
    copy.reseal();
    for (const store of ['sqlite', 'neo4j'] as const) {
      expect(await activities().rehearse(store, TAMPERED, 'hash')).toMatchObject({ passed: true });
      const found = await activities().rehearse(store, TAMPERED, 'restore');
      expect(found).toMatchObject({
        passed: false,
        comparison: { same: false, differing: store === 'sqlite' ? 1 : 2 },
      });
      expect(found.evidence).toMatch(/\d differ: /);
    }
    expect(await leftovers()).toEqual([]);
  });

  test('finds a database and a snapshot that are damaged though their hashes fit', async () => {
    const copy = tampered();
    for (const file of [ARTIFACT_FILES.metadata, ARTIFACT_FILES.qdrant]) {
      truncateSync(copy.at(file), readFileSync(copy.at(file)).length - 8_192);
    }
    copy.reseal();
    for (const store of ['sqlite', 'qdrant'] as const) {
      expect(await activities().rehearse(store, TAMPERED, 'restore')).toMatchObject({
        passed: false,
        comparison: null,
      });
    }
    expect(await leftovers()).toEqual([]);
  });

  test('of a version that is none is refused', async () => {
    expect((await failureOf(activities().rehearse('neo4j', TAMPERED, 'hash'))).code).toBe('VERSION_UNKNOWN');
  });

  test('clears what an earlier attempt could not, and does not end as if nothing were left', async () => {
    let drops = 0;
    const dropAside = async (collection: string) => {
      if (++drops === 1) throw new HybridFlowError('QDRANT_UNREACHABLE', { found: 'an outage' });
      await stores.vectors.dropAside(collection);
    };
    const deps = { ...stores, vectors: { ...stores.vectors, dropAside } };
    const error = await failureOf(activities('run-1', 1, deps).rehearse('qdrant', VERSION, 'restore'));
    expect(error.code).toBe('QDRANT_UNREACHABLE');
    expect(await leftovers()).toEqual([`${REHEARSAL_PREFIX}run-1_qdrant_1`]);
    expect(await activities('run-1', 2, deps).rehearse('qdrant', VERSION, 'restore')).toMatchObject({ passed: true });
    expect(await leftovers()).toEqual([]);
  });

  test('of a killed worker is cleared by its run, and no other', async () => {
    const snapshot = base.backup(VERSION, ARTIFACT_FILES.qdrant);
    for (const side of ['run-1_1', 'run-1_2', 'run-10_1']) {
      await stores.vectors.restoreAside(snapshot, `${REHEARSAL_PREFIX}${side}`);
      mkdirSync(base.backup(`.copy.${REHEARSAL_PREFIX}${side}`));
    }
    await activities().removeRehearsal('run-1');
    await activities().removeRehearsal('run-1');
    expect(await leftovers()).toEqual([`${REHEARSAL_PREFIX}run-10_1`, `.copy.${REHEARSAL_PREFIX}run-10_1`]);
    await activities().removeRehearsal('run-10');
    expect(await leftovers()).toEqual([]);
  });
});

describe('production', () => {
  test('is saved, then put back as the version has it, store by store', async () => {
    await contaminate();
    const { restoreProduction, saveProduction } = activities();
    const [collection] = await base.collections();
    for (const store of STORE_NAMES) {
      expect([store, await same(store)]).toEqual([store, false]);
      const before = await liveFingerprint(stores, store);
      const saved = await saveProduction(store, RESCUE);
      expect(await restoreProduction(store, VERSION)).toMatchObject({ store, detail: expect.any(String) as string });
      expect([store, await same(store)]).toEqual([store, true]);
      // Saved once, it stays what it was, whatever production is by now.
      expect(await activities('run-1', 2).saveProduction(store, RESCUE)).toEqual(saved);
      await putBack(store, saved.path);
      expect((await liveFingerprint(stores, store)).summary).toEqual(before.summary);
      await restoreProduction(store, LATEST_COPY);
      expect([store, await same(store)]).toEqual([store, true]);
    }
    expect(await base.collections()).toEqual([collection]);
    expect(await base.snapshots(String(collection))).toEqual([]);
    expect(await failureOf(activities('run-2').saveProduction('neo4j', RESCUE))).toMatchObject({
      code: 'VERSION_IN_USE',
    });
  });

  test('its record says what was saved, also where another attempt has saved it', async () => {
    for (const store of STORE_NAMES) await activities().saveProduction(store, RESCUE);
    const recordOf = (store: StoreName) =>
      JSON.parse(readFileSync(base.backup(RESCUE, rescueRecordFile(store)), 'utf8')) as RescueRecord;
    const countsOf = () => STORE_NAMES.map((store) => recordOf(store).artifact.counts);
    const told = countsOf();
    for (const store of STORE_NAMES) rmSync(base.backup(RESCUE, rescueRecordFile(store)));
    for (const store of STORE_NAMES) await activities('run-1', 2).saveProduction(store, RESCUE);
    expect(countsOf()).toEqual(told);
    expect(told).toMatchObject([
      { chapters: expect.any(Number) as number },
      { points: POINTS },
      { nodes: expect.any(Number) as number },
    ]);
  });

  test('an undo does without the record that cannot be written, where waiting would not help', async () => {
    const failing = (error: HybridFlowError) => {
      return { ...stores, graph: { ...stores.graph, fingerprintExport: () => Promise.reject(error) } };
    };
    const lasting = failing(new HybridFlowError('NEO4J_REFUSED', { found: 'no' }));
    const passing = failing(new HybridFlowError('NEO4J_UNREACHABLE', { found: 'an outage' }));
    const saved = base.backup(RESCUE, ARTIFACT_FILES.neo4j);
    const save = (attempt: number, given: Stores, undoing: boolean) =>
      activities('run-1', attempt, given).saveProduction('neo4j', RESCUE, undefined, undefined, undoing);
    expect((await failureOf(save(1, lasting, false))).code).toBe('NEO4J_REFUSED');
    expect((await failureOf(save(1, passing, true))).code).toBe('NEO4J_UNREACHABLE');
    expect(await save(1, lasting, true)).toMatchObject({ path: saved });
    expect(await save(4, passing, true)).toMatchObject({ path: saved });
  });

  test('tells what was put back', async () => {
    await contaminate();
    const told = [];
    for (const store of STORE_NAMES) told.push((await activities().restoreProduction(store, VERSION)).detail);
    expect(told[1]).toBe(`collection of ${POINTS} points put back`);
    expect(told[2]).toMatch(/^nodes: 2 created, 0 deleted, 4 changed back; relationships: \d+ created, 0 deleted$/);
    expect((await activities().restoreProduction('neo4j', VERSION)).detail).toBe(
      'nodes: 0 created, 0 deleted, 0 changed back; relationships: 0 created, 0 deleted',
    );
  });

  test('stays as it is where the artifact has other bytes than the manifest states, be it whole', async () => {
    const copy = tampered();
    meddleWith(copy);
    truncateSync(copy.at(ARTIFACT_FILES.qdrant), 5_000);
    for (const store of STORE_NAMES) {
      const before = await liveFingerprint(stores, store);
      expect((await failureOf(activities().restoreProduction(store, TAMPERED))).code).toBe('ARTIFACT_DAMAGED');
      expect(await liveFingerprint(stores, store)).toEqual(before);
    }
  });

  /** Puts what was saved back, to see that it is what was there. */
  async function putBack(store: StoreName, file: string): Promise<void> {
    if (store === 'sqlite') stores.metadata.restoreFrom(file, { notAfter: Date.now() + 60_000 });
    if (store === 'qdrant') await stores.vectors.restoreFrom(file);
    if (store === 'neo4j') await stores.graph.restoreFrom(file);
  }
});

describe('a copy', () => {
  test('is intact, with what it holds', async () => {
    for (const folder of [VERSION, LATEST_COPY]) {
      const { intact, problems, counts } = await activities().verifyCopy(folder);
      expect([intact, problems]).toEqual([true, []]);
      expect(Object.keys(counts).sort()).toEqual(['chapters', 'nodes', 'paragraphs', 'points', 'relationships']);
    }
  });

  test('is not intact where an artifact or a list differs, or there is none at all', async () => {
    const copy = tampered();
    copy.manifest((manifest) => (manifest.versionId = TAMPERED));
    expect(await activities().verifyCopy(TAMPERED)).toMatchObject({ intact: true });
    truncateSync(copy.at(ARTIFACT_FILES.neo4j), 10);
    copy.edit('metadata.fingerprint.txt', (text) => text.replace('(schema)', '(scheme)'));
    const found = await activities().verifyCopy(TAMPERED);
    expect(found.intact).toBe(false);
    expect(found.problems.join()).toMatch(/neo4j.jsonl.gz.*metadata.fingerprint.txt|metadata.fingerprint.txt.*neo4j/);
    expect(await activities().verifyCopy('v9_minor_20260102_030405')).toMatchObject({ intact: false, counts: {} });
  });
});

test('staging targets are removed, and a second time there are none', async () => {
  const { dropStagingTable, dropStagingCollection, removeStagingNodes } = activities();
  base.sql(`CREATE TABLE ${STAGING_NAMES.table} AS SELECT * FROM chapter_metadata`);
  await base.qdrant('PUT', `/collections/${STAGING_NAMES.collection}`, { vectors: { size: 4, distance: 'Cosine' } });
  await base.cypher(`UNWIND range(1, 30) AS i CREATE (:${STAGING_NAMES.label} {i: i})`);
  expect([await dropStagingTable(), await dropStagingCollection(), await removeStagingNodes(20)]).toEqual([
    true,
    true,
    30,
  ]);
  expect([await dropStagingTable(), await dropStagingCollection(), await removeStagingNodes(20)]).toEqual([
    false,
    false,
    0,
  ]);
  for (const store of STORE_NAMES) expect(await same(store)).toBe(true);
});
