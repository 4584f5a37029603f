import { randomUUID } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { QdrantClient } from '@qdrant/js-client-rest';
import type { Manifest } from '../../domain/manifest';
import { STORE_NAMES } from '../../domain/names';
import { judgeFitness } from '../../inspection/restore/fitness';
import type { Stores, VectorStore } from '../../stores/ports';
import { openVectorStore, type VectorTarget } from '../../stores/qdrant';
import { failureOf } from '../support/errors';
import { HttpRelay } from '../support/http-relay';
import { qdrantTarget } from '../support/store-targets';
import { recordedExchanges } from './support/replay';
import { UploadServer } from './support/upload-server';

jest.setTimeout(60_000);

// Names of this run only: another run, or real data, may share the server.
const PREFIX = `hfv_restore_${randomUUID().slice(0, 8)}`;
const COLLECTION = `${PREFIX}_production`;
const ALIAS = `${PREFIX}_live`;
const SIDE = `${PREFIX}_side`;
const POINTS = 300;

let target: VectorTarget;
let store: VectorStore;
let admin: QdrantClient;
let folder: string;

beforeAll(async () => {
  target = { ...(await qdrantTarget()), collection: COLLECTION };
  store = openVectorStore(target);
  const headers: Record<string, string> = target.apiKey ? { 'api-key': target.apiKey } : {};
  admin = new QdrantClient({ url: target.url, headers, checkCompatibility: false });
});
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'restore-qdrant-'));
  await admin.createCollection(COLLECTION, { vectors: { size: 4, distance: 'Cosine' } });
  const points = Array.from({ length: POINTS }, (_, i) => ({
    id: i + 1,
    vector: [i, 1, 0, 0.5],
    payload: { n: i, text: `paragraph ${i}` },
  }));
  await admin.upsert(COLLECTION, { wait: true, points });
  await admin.createPayloadIndex(COLLECTION, { wait: true, field_name: 'n', field_schema: 'integer' });
});
afterEach(async () => {
  for (const name of await store.collectionsNamed(PREFIX)) {
    for (const { name: snapshot } of await admin.listSnapshots(name)) {
      await admin.deleteSnapshot(name, snapshot, { wait: true });
    }
    await admin.deleteCollection(name);
  }
  await rm(folder, { recursive: true });
});

const at = (name: string) => path.join(folder, name);

/** The snapshot of production as it is now, as a file. */
async function captured(): Promise<string> {
  const made = await store.createSnapshot([], { retry: false });
  await store.downloadSnapshot(made, at('whole.snapshot'));
  await store.deleteSnapshot(made.name);
  return at('whole.snapshot');
}

/** Everything that a reader can get out of a collection. */
async function contents(collection: string): Promise<unknown> {
  const { points } = await admin.scroll(collection, { limit: 1_000, with_payload: true, with_vector: true });
  const { config, payload_schema } = await admin.getCollection(collection);
  return { points, config, payload_schema };
}

/** Deletes some points, changes some, adds some. */
async function contaminate(collection = COLLECTION): Promise<void> {
  await admin.delete(collection, { wait: true, points: [1, 2, 3] });
  await admin.setPayload(collection, { wait: true, payload: { text: 'overwritten' }, points: [10, 11] });
  await admin.upsert(collection, { wait: true, points: [{ id: 9_999, vector: [9, 9, 9, 9], payload: { n: -1 } }] });
}

const halfOf = async (file: string) => {
  const bytes = await readFile(file);
  await writeFile(at('half.snapshot'), bytes.subarray(0, Math.floor(bytes.length / 2)));
  return at('half.snapshot');
};

describe('a collection beside production', () => {
  it('holds what the snapshot holds, as often as it is restored, and production stays as it is', async () => {
    const file = await captured();
    const whole = await contents(COLLECTION);
    await contaminate();
    const changed = await contents(COLLECTION);
    const progress: number[] = [];
    await store.restoreAside(file, SIDE, { points: POINTS, onProgress: (bytes) => progress.push(bytes) });
    expect(await contents(SIDE)).toEqual(whole);
    expect(progress.at(-1)).toBe((await readFile(file)).length);
    await contaminate(SIDE);
    await store.restoreAside(file, SIDE);
    expect(await contents(SIDE)).toEqual(whole);
    expect(await contents(COLLECTION)).toEqual(changed);
    await store.dropAside(SIDE);
    await store.dropAside(SIDE);
    expect(await store.collectionsNamed(PREFIX)).toEqual([COLLECTION]);
  });

  it('is not made of a damaged file, and nothing is left', async () => {
    const file = await captured();
    await writeFile(at('garbage'), 'not a snapshot');
    await writeFile(at('empty'), '');
    for (const damaged of [await halfOf(file), at('garbage'), at('empty'), at('missing')]) {
      expect([damaged, (await failureOf(store.restoreAside(damaged, SIDE))).code]).toEqual([
        damaged,
        'ARTIFACT_DAMAGED',
      ]);
      expect(await store.collectionsNamed(SIDE)).toEqual([]);
    }
  });

  it('is not kept where it holds another number of points than recorded', async () => {
    const error = await failureOf(store.restoreAside(await captured(), SIDE, { points: POINTS + 1 }));
    expect(error).toMatchObject({ code: 'ARTIFACT_DAMAGED', facts: { details: { count: POINTS } } });
    expect(await store.collectionsNamed(SIDE)).toEqual([]);
  });

  it('is not kept where it is empty and no number was given', async () => {
    const ids = Array.from({ length: POINTS }, (_, i) => i + 1);
    await admin.delete(COLLECTION, { wait: true, points: ids });
    const file = await captured();
    expect((await failureOf(store.restoreAside(file, SIDE))).code).toBe('ARTIFACT_DAMAGED');
    await store.restoreAside(file, SIDE, { points: 0 });
    expect(await store.collectionsNamed(SIDE)).toEqual([SIDE]);
  });

  it('takes its snapshots with it', async () => {
    const file = await captured();
    await store.restoreAside(file, SIDE);
    await admin.createSnapshot(SIDE);
    await store.dropAside(SIDE);
    await store.restoreAside(file, SIDE);
    expect(await admin.listSnapshots(SIDE)).toEqual([]);
  });

  it('never has a name that readers go by', async () => {
    const file = await captured();
    const whole = await contents(COLLECTION);
    expect((await failureOf(store.dropAside(COLLECTION))).code).toBe('CONFIG_INVALID');
    await admin.updateCollectionAliases({
      actions: [{ create_alias: { collection_name: COLLECTION, alias_name: ALIAS } }],
    });
    const behind = openVectorStore({ ...target, collection: ALIAS });
    for (const name of [COLLECTION, ALIAS]) {
      for (const each of [store, behind]) {
        expect((await failureOf(each.dropAside(name))).code).toBe('CONFIG_INVALID');
        expect((await failureOf(each.restoreAside(file, name))).code).toBe('CONFIG_INVALID');
      }
    }
    expect(await contents(COLLECTION)).toEqual(whole);
  });
});

describe('a restore in place', () => {
  it('brings back what was deleted and changed, and takes away what was added', async () => {
    const file = await captured();
    const whole = await contents(COLLECTION);
    await contaminate();
    expect(await contents(COLLECTION)).not.toEqual(whole);
    await store.restoreFrom(file, { points: POINTS });
    expect(await contents(COLLECTION)).toEqual(whole);
    await store.restoreFrom(file, { points: POINTS });
    expect(await contents(COLLECTION)).toEqual(whole);
  });

  it('goes to the collection behind the alias, and the alias stays', async () => {
    await admin.updateCollectionAliases({
      actions: [{ create_alias: { collection_name: COLLECTION, alias_name: ALIAS } }],
    });
    const behind = openVectorStore({ ...target, collection: ALIAS });
    const file = await captured();
    const whole = await contents(COLLECTION);
    await contaminate();
    await behind.restoreFrom(file);
    expect(await contents(COLLECTION)).toEqual(whole);
    expect(await behind.inventory()).toMatchObject({ name: ALIAS, collection: COLLECTION, points: POINTS });
    expect(await store.collectionsNamed(PREFIX)).toEqual([COLLECTION]);
  });

  it('makes production anew where it is gone', async () => {
    const file = await captured();
    const whole = await contents(COLLECTION);
    await admin.deleteCollection(COLLECTION);
    await store.restoreFrom(file, { points: POINTS });
    expect(await contents(COLLECTION)).toEqual(whole);
  });

  it('of a damaged file is refused and leaves production as it was', async () => {
    const file = await captured();
    await contaminate();
    const before = await contents(COLLECTION);
    expect((await failureOf(store.restoreFrom(await halfOf(file)))).code).toBe('ARTIFACT_DAMAGED');
    expect(await contents(COLLECTION)).toEqual(before);
  });

  it('into a collection of another make is refused beforehand too, and goes as it says', async () => {
    const file = await captured();
    const whole = await contents(COLLECTION);
    const manifest = { qdrant: { collection: COLLECTION, ...(await store.describe()) } } as unknown as Manifest;
    const judged = () => judgeFitness({ vectors: store } as unknown as Stores, 'v', manifest, [...STORE_NAMES]);
    expect(await judged()).toEqual([]);
    await admin.deleteCollection(COLLECTION);
    await admin.createCollection(COLLECTION, { vectors: { size: 8, distance: 'Dot' } });
    const error = await failureOf(store.restoreFrom(file));
    expect(error).toMatchObject({ code: 'QDRANT_REFUSED', retryable: false });
    expect(error.message).toMatch(/not compatible.*Next: save the collection, delete it, and make it anew/);
    const [refusal] = await judged();
    expect(refusal).toMatchObject({
      code: 'QDRANT_UNFIT',
      facts: { found: expect.stringContaining('"size":8') as string },
    });
    expect(refusal?.facts.expected).toContain('{"distance":"Cosine","size":4}');
    await admin.deleteCollection(COLLECTION);
    await admin.createCollection(COLLECTION, { vectors: { size: 4, distance: 'Cosine' } });
    expect(await judged()).toEqual([]);
    await store.restoreFrom(file, { points: POINTS });
    expect((await contents(COLLECTION)) as object).toMatchObject({ points: (whole as { points: unknown[] }).points });
  });
});

describe('an upload', () => {
  const isUpload = (url: string) => url.includes('/snapshots/upload');

  it('stops when told to, and nothing is left', async () => {
    const file = await captured();
    const reason = new Error('told to stop');
    const early = store.restoreAside(file, SIDE, { signal: AbortSignal.abort(reason) });
    await expect(early).rejects.toBe(reason);
    const stop = new AbortController();
    const late = store.restoreAside(file, SIDE, { signal: stop.signal, onProgress: () => stop.abort(reason) });
    await expect(late).rejects.toBe(reason);
    expect(await store.collectionsNamed(SIDE)).toEqual([]);
  });

  it.each([
    ['that breaks off', { kind: 'lose-answer' } as const, 'QDRANT_UNREACHABLE'],
    [
      'answered 503',
      { kind: 'answer', status: 503, body: { status: { error: 'busy' } } } as const,
      'QDRANT_UNREACHABLE',
    ],
    [
      'answered 500 for want of space',
      { kind: 'answer', status: 500, body: { status: { error: 'Service internal error: No space left' } } } as const,
      'QDRANT_UNREACHABLE',
    ],
    ['answered 403', { kind: 'answer', status: 403, body: 'Forbidden' } as const, 'QDRANT_AUTH'],
  ])('%s is named by what it means', async (_, interference, code) => {
    const file = await captured();
    const relay = new HttpRelay(target.url, (_method, url) => (isUpload(url) ? interference : { kind: 'pass' }));
    try {
      const relayed = openVectorStore({ ...target, url: await relay.start() });
      expect((await failureOf(relayed.restoreAside(file, SIDE))).code).toBe(code);
      expect(await store.collectionsNamed(SIDE)).toEqual([]);
    } finally {
      await relay.stop();
    }
  });

  it.each([
    ['recover by upload into a new collection', undefined],
    ['recover by upload, wrong checksum', 'ARTIFACT_DAMAGED'],
    ['recover by upload, not a snapshot', 'ARTIFACT_DAMAGED'],
  ])('asks as recorded and understands the recorded answer: %s', async (name, code) => {
    const file = await captured();
    const exchange = recordedExchanges().find((each) => each.name === name);
    if (!exchange) throw new Error(`no exchange "${name}"`);
    const server = new UploadServer(exchange.response);
    try {
      const recorded = openVectorStore({ ...target, url: await server.start() });
      const call = recorded.restoreFrom(file, { points: 5 });
      expect(
        await call.then(
          () => undefined,
          (error: { code: string }) => error.code,
        ),
      ).toBe(code);
      const { method, path: recordedPath } = exchange.request;
      const [wanted = ''] = recordedPath.replace(/\{c\d\}/, COLLECTION).split('&checksum=');
      expect(server.upload).toMatchObject({ method, field: 'snapshot' });
      expect(server.upload?.path).toBe(`${wanted}&checksum=${server.upload?.sha256}`);
      expect(server.upload?.bytes.equals(await readFile(file))).toBe(true);
    } finally {
      await server.stop();
    }
  });
});
