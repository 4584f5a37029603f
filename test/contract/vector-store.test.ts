import { createHash, randomUUID } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { QdrantClient } from '@qdrant/js-client-rest';
import type { VectorStore } from '../../stores/ports';
import { openVectorStore, type VectorTarget } from '../../stores/qdrant';
import { failureOf } from '../support/errors';
import { HttpRelay, type Interference } from '../support/http-relay';
import { qdrantTarget } from '../support/store-targets';

jest.setTimeout(60_000);

// Names of this run only: another run, or real data, may share the server.
const COLLECTION = `hfv_test_${randomUUID().slice(0, 8)}`;
const ALIAS = `${COLLECTION}_live`;
const POINTS = 40;

let target: VectorTarget;
let store: VectorStore;
let admin: QdrantClient;
let folder: string;

beforeAll(async () => {
  target = { ...(await qdrantTarget()), collection: COLLECTION };
  store = openVectorStore(target);
  const headers: Record<string, string> = target.apiKey ? { 'api-key': target.apiKey } : {};
  admin = new QdrantClient({ url: target.url, headers, checkCompatibility: false });
  folder = await mkdtemp(path.join(tmpdir(), 'vector-store-'));
  await admin.createCollection(COLLECTION, { vectors: { size: 4, distance: 'Cosine' } });
  const points = Array.from({ length: POINTS }, (_, i) => ({ id: i + 1, vector: [i, 1, 0, 0.5], payload: { n: i } }));
  await admin.upsert(COLLECTION, { wait: true, points });
  await admin.createPayloadIndex(COLLECTION, { wait: true, field_name: 'n', field_schema: 'integer' });
  await admin.updateCollectionAliases({
    actions: [{ create_alias: { collection_name: COLLECTION, alias_name: ALIAS } }],
  });
});
afterEach(async () => {
  for (const name of await readdir(folder)) await rm(path.join(folder, name));
  for (const { name } of await store.listSnapshots()) await store.deleteSnapshot(name);
});
afterAll(async () => {
  await admin.deleteCollection(COLLECTION);
  await rm(folder, { recursive: true });
});

const at = (name: string) => path.join(folder, name);
const names = async () => (await store.listSnapshots()).map(({ name }) => name);
const take = () => store.createSnapshot([], { retry: false });

/** The store as seen through a relay that interferes as told. */
async function through(
  decide: (method: string, path: string) => Interference,
  use: (relayed: VectorStore, relay: HttpRelay) => Promise<void>,
): Promise<void> {
  const relay = new HttpRelay(target.url, decide);
  try {
    await use(openVectorStore({ ...target, url: await relay.start() }), relay);
  } finally {
    await relay.stop();
  }
}
const pass = { kind: 'pass' } as const;
/** Answers in the server's place where the path is `part`, or ends in what follows a leading `…`. */
const answering = (part: string, status: number, body: unknown) => (_method: string, url: string) =>
  (part.startsWith('…') ? url.endsWith(part.slice(1)) : url === part)
    ? ({ kind: 'answer', status, body } as const)
    : pass;

describe('inventory', () => {
  const facts = { collection: COLLECTION, points: POINTS, dimension: 4, status: 'green' };

  it('states what stands behind a plain name, as often as asked', async () => {
    const found = await store.inventory();
    expect(found).toMatchObject({ ...facts, name: COLLECTION });
    expect(found.aliases).toContainEqual({ alias: ALIAS, collection: COLLECTION });
    expect(found.serverVersion).toMatch(/^\d+\.\d+\.\d+/);
    expect(await store.inventory()).toEqual(found);
  });

  it('follows an alias, in every call', async () => {
    const live = openVectorStore({ ...target, collection: ALIAS });
    expect(await live.inventory()).toMatchObject({ ...facts, name: ALIAS });
    expect(await live.status()).toEqual({ points: POINTS, status: 'green' });
    const made = await live.createSnapshot([], { retry: false });
    expect(await live.listSnapshots()).toEqual([made]);
    expect(await store.listSnapshots()).toEqual([made]);
  });

  it('describes the settings of the collection', async () => {
    const described = await store.describe();
    expect(described.config).toMatchObject({ params: { vectors: { size: 4, distance: 'Cosine' } } });
    expect(described.payloadSchema).toMatchObject({ n: { data_type: 'integer' } });
    expect(await store.describe()).toEqual(described);
    expect(await store.status()).toEqual({ points: POINTS, status: 'green' });
  });

  it('names what there is where the name is missing', async () => {
    const nowhere = openVectorStore({ ...target, collection: 'hfv_test_nowhere' });
    const error = await failureOf(nowhere.inventory());
    expect(error).toMatchObject({ code: 'COLLECTION_MISSING', retryable: false });
    for (const name of ['hfv_test_nowhere', COLLECTION, ALIAS]) expect(error.message).toContain(name);
    expect((await failureOf(nowhere.createSnapshot([], { retry: true }))).code).toBe('COLLECTION_MISSING');
  });

  it('refuses a cluster, of which a snapshot would hold a part', async () => {
    const peers = { '1': { uri: 'http://a' }, '2': { uri: 'http://b' } };
    const cluster = { result: { status: 'enabled', peer_id: 1, peers }, status: 'ok', time: 0 };
    await through(answering('/cluster', 200, cluster), async (relayed) => {
      expect((await failureOf(relayed.inventory())).code).toBe('QDRANT_UNFIT');
    });
    const shards = {
      peer_id: 1,
      shard_count: 2,
      local_shards: [],
      remote_shards: [{ shard_id: 1 }],
      shard_transfers: [],
    };
    const elsewhere = answering(`…/${COLLECTION}/cluster`, 200, { result: shards, status: 'ok', time: 0 });
    await through(elsewhere, async (relayed) => {
      expect((await failureOf(relayed.inventory())).code).toBe('QDRANT_UNFIT');
    });
  });
});

describe('a server that does not answer as it should', () => {
  it('is unreachable where nothing listens, and worth a retry', async () => {
    const gone = new HttpRelay(target.url, () => pass);
    const url = await gone.start();
    await gone.stop();
    const nobody = openVectorStore({ ...target, url });
    expect(await failureOf(nobody.inventory())).toMatchObject({ code: 'QDRANT_UNREACHABLE', retryable: true });
  });

  it.each([
    [503, 'QDRANT_UNREACHABLE'],
    [401, 'QDRANT_AUTH'],
    [403, 'QDRANT_AUTH'],
    [400, 'QDRANT_REFUSED'],
  ])('with status %d is %s', async (status, code) => {
    const body = { status: { error: 'no' }, time: 0 };
    await through(answering('…/points/count', status, body), async (relayed) => {
      expect((await failureOf(relayed.status())).code).toBe(code);
    });
  });

  it('is refused where it is no Qdrant at all', async () => {
    await through(answering('/', 200, { hello: 'world' }), async (relayed) => {
      expect((await failureOf(relayed.inventory())).code).toBe('QDRANT_REFUSED');
    });
  });

  it('refuses a wrong key, which no message repeats', async () => {
    // Only a server with a key can tell a wrong one.
    const wrong = openVectorStore({ ...target, apiKey: 'certainly-not-this-one' });
    if (!target.apiKey) return void (await wrong.status());
    const error = await failureOf(wrong.status());
    expect(error.code).toBe('QDRANT_AUTH');
    expect(JSON.stringify([error.message, error.facts])).not.toContain('certainly-not');
  });

  it('is not even tried where the address is none', () => {
    expect(() => openVectorStore({ ...target, url: 'localhost:6333' })).toThrow(/is no Qdrant address/);
  });
});

describe('snapshots', () => {
  it('are made, listed, fetched and deleted, each as often as asked', async () => {
    expect(await store.listSnapshots()).toEqual([]);
    const made = await take();
    expect(made.checksum).toMatch(/^[0-9a-f]{64}$/);
    expect(await store.listSnapshots()).toEqual([made]);
    const progress: number[] = [];
    const first = await store.downloadSnapshot(made, at('a'), { onProgress: (bytes) => progress.push(bytes) });
    expect(await store.downloadSnapshot(made, at('b'))).toEqual(first);
    const bytes = await readFile(at('a'));
    expect(first).toEqual({ bytes: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex') });
    expect(first).toEqual({ bytes: made.bytes, sha256: made.checksum });
    expect(progress.at(-1)).toBe(bytes.length);
    await store.deleteSnapshot(made.name);
    await store.deleteSnapshot(made.name);
    expect(await store.listSnapshots()).toEqual([]);
  });

  it('are adopted by a retry whose first answer was lost', async () => {
    const before = await names();
    const loseCreate = (method: string, url: string): Interference =>
      method === 'POST' && url.includes('/snapshots') ? { kind: 'lose-answer' } : pass;
    await through(loseCreate, async (relayed) => {
      const error = await failureOf(relayed.createSnapshot(before, { retry: false }));
      expect(error).toMatchObject({ code: 'QDRANT_UNREACHABLE', retryable: true });
    });
    const [left] = await names();
    const adopted = await store.createSnapshot(before, { retry: true });
    expect(adopted.name).toBe(left);
    expect(await names()).toEqual([left]);
  });

  it('of somebody else are not adopted', async () => {
    const other = await take();
    await through(
      () => pass,
      async (relayed, relay) => {
        await relayed.createSnapshot([other.name], { retry: true });
        expect(relay.seen.filter((line) => line.startsWith('POST') && line.includes('/snapshots'))).toHaveLength(1);
      },
    );
  });
});

describe('a download', () => {
  it('of a missing snapshot is refused and leaves no file', async () => {
    const ref = { name: 'none.snapshot', checksum: null, bytes: 1 };
    expect(await failureOf(store.downloadSnapshot(ref, at('none')))).toMatchObject({ code: 'QDRANT_REFUSED' });
    expect(await readdir(folder)).toEqual([]);
  });

  it('with another checksum, or size where there is no checksum, is damaged and leaves no file', async () => {
    const made = await take();
    const refs = [
      { ...made, checksum: '0'.repeat(64) },
      { ...made, checksum: null, bytes: made.bytes + 1 },
    ];
    for (const ref of refs) {
      expect((await failureOf(store.downloadSnapshot(ref, at('bad')))).code).toBe('ARTIFACT_DAMAGED');
      expect(await readdir(folder)).toEqual([]);
    }
  });

  it('that breaks off is worth a retry and leaves no file', async () => {
    const made = await take();
    const cut = (_method: string, url: string): Interference =>
      url.endsWith('.snapshot') ? { kind: 'cut-after', bytes: 100 } : pass;
    await through(cut, async (relayed) => {
      const error = await failureOf(relayed.downloadSnapshot(made, at('cut')));
      expect(error).toMatchObject({ code: 'QDRANT_UNREACHABLE', retryable: true });
    });
    expect(await readdir(folder)).toEqual([]);
  });

  it('never writes over a file, and leaves it as it was', async () => {
    const made = await take();
    await writeFile(at('mine'), 'kept');
    expect((await failureOf(store.downloadSnapshot(made, at('mine')))).code).toBe('ARTIFACT_WRITE_FAILED');
    expect(await readFile(at('mine'), 'utf8')).toBe('kept');
  });

  it('stops when told to, before and while it runs, and leaves no file', async () => {
    const made = await take();
    const reason = new Error('told to stop');
    const early = store.downloadSnapshot(made, at('early'), { signal: AbortSignal.abort(reason) });
    await expect(early).rejects.toBe(reason);
    const stop = new AbortController();
    const control = { signal: stop.signal, onProgress: () => stop.abort(reason) };
    await expect(store.downloadSnapshot(made, at('late'), control)).rejects.toBe(reason);
    expect(await readdir(folder)).toEqual([]);
  });
});
