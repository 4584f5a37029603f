import { createHash, randomUUID } from 'node:crypto';
import { QdrantClient } from '@qdrant/js-client-rest';
import type { GroupFingerprint } from '../../domain/fingerprint';
import { openVectorStore } from '../../stores/qdrant';
import type { VectorStore } from '../../stores/ports';
import { failureOf } from '../support/errors';
import { qdrantTarget } from '../support/store-targets';

jest.setTimeout(60_000);

const PREFIX = `hfv_test_${randomUUID().slice(0, 8)}`;
const COLLECTION = `${PREFIX}_live`;
const OTHER = `${PREFIX}_other`;
/** More than one page. */
const POINTS = 2_300;

let store: VectorStore;
let admin: QdrantClient;

const uuid = (i: number) => `00000000-0000-4000-8000-${String(i).padStart(12, '0')}`;
const point = (i: number) => ({
  id: i % 2 ? i : uuid(i),
  vector: [i, 1, 0, 0.5],
  payload: { chapter_id: `bailey:ch${i % 3}`, n: i, tags: ['a', { z: 1, b: null }], score: 0.1 },
});

beforeAll(async () => {
  const target = await qdrantTarget();
  store = openVectorStore({ ...target, collection: COLLECTION });
  const headers: Record<string, string> = target.apiKey ? { 'api-key': target.apiKey } : {};
  admin = new QdrantClient({ url: target.url, headers, checkCompatibility: false });
});
beforeEach(async () => {
  await fill(
    COLLECTION,
    Array.from({ length: POINTS }, (_, i) => point(i)),
  );
});
afterEach(async () => {
  for (const name of [COLLECTION, OTHER]) await admin.deleteCollection(name);
});

async function fill(name: string, points: ReturnType<typeof point>[]): Promise<void> {
  await admin.createCollection(name, { vectors: { size: 4, distance: 'Dot' } });
  for (let i = 0; i < points.length; i += 500)
    await admin.upsert(name, { wait: true, points: points.slice(i, i + 500) });
}

/** The groups that a change makes differ. */
async function changed(work: () => Promise<unknown>, deep = false): Promise<string[]> {
  const text = (groups: GroupFingerprint[]) => new Map(groups.map((g) => [g.group, JSON.stringify(g)]));
  const before = text(await store.fingerprint({ deep }));
  await work();
  const after = text(await store.fingerprint({ deep }));
  return [...new Set([...before.keys(), ...after.keys()])]
    .filter((name) => before.get(name) !== after.get(name))
    .sort();
}

describe('the fingerprint of a collection', () => {
  it('covers every point, by chapter, page by page', async () => {
    const seen: number[] = [];
    const groups = await store.fingerprint({}, { onProgress: (done) => seen.push(done) });
    expect(groups.map(({ group, items }) => [group, items])).toEqual([
      ['bailey:ch0', 767],
      ['bailey:ch1', 767],
      ['bailey:ch2', 766],
    ]);
    expect(seen.at(-1)).toBe(POINTS);
    expect(seen.length).toBeGreaterThan(1);
  });

  it('is the same of equal points in another collection, whatever order they came in', async () => {
    const points = Array.from({ length: POINTS }, (_, i) => point(i)).reverse();
    await fill(
      OTHER,
      points.map((one) => ({ ...one, payload: Object.fromEntries(Object.entries(one.payload).reverse()) as never })),
    );
    for (const deep of [false, true]) {
      expect(await store.fingerprint({ deep, collection: OTHER })).toEqual(await store.fingerprint({ deep }));
    }
  });

  it('tells a payload, a point and a chapter', async () => {
    const put = (i: number, payload: object) =>
      admin.overwritePayload(COLLECTION, {
        wait: true,
        points: [point(i).id],
        payload: payload as Record<string, unknown>,
      });
    expect(await changed(() => put(3, { ...point(3).payload, score: 0.2 }))).toEqual(['bailey:ch0']);
    expect(await changed(() => admin.delete(COLLECTION, { wait: true, points: [point(4).id] }))).toEqual([
      'bailey:ch1',
    ]);
    expect(await changed(() => put(5, { ...point(5).payload, chapter_id: 'x' }))).toEqual(['bailey:ch2', 'x']);
    expect(await changed(() => admin.clearPayload(COLLECTION, { wait: true, points: [point(6).id] }))).toEqual([
      '(no chapter)',
      'bailey:ch0',
    ]);
    expect(await changed(() => put(7, { ...point(7).payload, chapter_id: 7 }))).toEqual(['(no chapter)', 'bailey:ch1']);
  });

  it('sees a vector only where it is told to look', async () => {
    const move = (vector: number[]) =>
      admin.updateVectors(COLLECTION, { wait: true, points: [{ id: point(3).id, vector }] });
    expect(await changed(() => move([1, 1, 1, 1]))).toEqual([]);
    expect(await changed(() => move([1, 1, 1, 1.0000001]), true)).toEqual(['bailey:ch0']);
  });

  it('is made of items as the documentation has them, byte for byte', async () => {
    await fill(OTHER, [{ ...point(0), id: 7, vector: [1, 0, -2, 0.5] }]);
    const net = (...fields: string[]) => fields.map((text) => `${Buffer.byteLength(text)}:${text},`).join('');
    const hash = (bytes: string | Buffer) => createHash('sha256').update(bytes).digest();
    const payload = '{"chapter_id":"bailey:ch0","n":0,"score":0.1,"tags":["a",{"b":null,"z":1}]}';
    const group = (item: string) => [{ group: 'bailey:ch0', items: 1, sha256: hash(hash(item)).toString('hex') }];
    expect(await store.fingerprint({ collection: OTHER })).toEqual(group(net('7', payload)));
    const vector = 'd0000803f00000000000000c00000003f';
    expect(await store.fingerprint({ collection: OTHER, deep: true })).toEqual(group(net('7', payload, '', vector)));
  });

  it('stops where it is told to, and says where there is no such collection', async () => {
    const stop = new AbortController();
    const reason = new Error('told to stop');
    const control = { signal: stop.signal, onProgress: () => stop.abort(reason) };
    await expect(store.fingerprint({}, control)).rejects.toBe(reason);
    expect((await failureOf(store.fingerprint({ collection: OTHER }))).code).toBe('COLLECTION_MISSING');
  });
});
