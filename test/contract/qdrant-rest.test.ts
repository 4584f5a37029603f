import { createHash } from 'node:crypto';
import { QdrantClient } from '@qdrant/js-client-rest';
import { recordedExchanges, Replay } from './support/replay';
import { openTarget, TARGET_NAME, type Target } from './support/target';
import { Wire } from './support/wire';

jest.setTimeout(60_000);

const uuid = (n: number): string => `00000000-0000-5000-8000-${n.toString(16).padStart(12, '0')}`;

let target: Target;
let wire: Wire;

beforeAll(async () => {
  target = await openTarget();
  wire = new Wire(target.url, target.apiKey);
});
afterAll(() => target.release());

describe(`Qdrant REST contract: ${TARGET_NAME}`, () => {
  describe('answers as recorded from a server', () => {
    let replay: Replay;
    beforeAll(() => (replay = new Replay(target, wire)));

    test.each(recordedExchanges().map((exchange) => [exchange.name, exchange] as const))('%s', async (_, exchange) => {
      expect(await replay.play(exchange)).toEqual([]);
    });
  });

  describe('points', () => {
    let points: string;
    const count = (filter?: unknown): Promise<{ count: number }> =>
      wire.result(`${points}/count`, { json: { exact: true, filter } });
    const idsOf = async (filter: unknown): Promise<unknown[]> => {
      const page = await wire.result<{ points: { id: unknown }[] }>(`${points}/scroll`, {
        json: { limit: 100, filter, with_payload: false },
      });
      return page.points.map((point) => point.id);
    };

    beforeEach(async () => {
      const name = `${target.prefix}points-${Math.random().toString(36).slice(2)}`;
      points = `/collections/${name}/points`;
      const vectors = { size: 4, distance: 'Dot' };
      await wire.result(`/collections/${name}`, { method: 'PUT', json: { vectors } });
      const rows = [1, 2, 3, 4, 5].map((n) => ({
        id: n,
        vector: [n, 1, 0, 0],
        payload: {
          n,
          odd: n % 2 === 1,
          book: n < 4 ? 'bailey' : 'sabiston',
          tags: Array.from({ length: n }, (_, i) => `t${i}`),
          ...(n === 5 ? { gone: null } : { gone: 'no' }),
          parts: [{ kind: 'a', size: n }],
        },
      }));
      await wire.result(`${points}?wait=true`, { method: 'PUT', json: { points: rows } });
    });
    afterEach(() => wire.ask(points.replace(/\/points$/, ''), { method: 'DELETE' }));

    const must = (...conditions: unknown[]): unknown => ({ must: conditions });
    test.each([
      ['match value, text', must({ key: 'book', match: { value: 'bailey' } }), [1, 2, 3]],
      ['match value, number', must({ key: 'n', match: { value: 3 } }), [3]],
      ['match value, boolean', must({ key: 'odd', match: { value: true } }), [1, 3, 5]],
      ['match any', must({ key: 'n', match: { any: [2, 5, 9] } }), [2, 5]],
      ['match except', must({ key: 'book', match: { except: ['bailey'] } }), [4, 5]],
      ['range', must({ key: 'n', range: { gt: 1, lte: 4 } }), [2, 3, 4]],
      ['is_null', must({ is_null: { key: 'gone' } }), [5]],
      ['is_empty', must({ is_empty: { key: 'gone' } }), [5]],
      ['has_id', must({ has_id: [1, 4, 77] }), [1, 4]],
      ['values_count', must({ key: 'tags', values_count: { gte: 4 } }), [4, 5]],
      ['nested', must({ nested: { key: 'parts', filter: must({ key: 'size', range: { gte: 5 } }) } }), [5]],
      ['should', { should: [{ has_id: [1] }, { key: 'n', match: { value: 2 } }] }, [1, 2]],
      ['must_not, not a list', { must_not: { has_id: [1, 2, 3] } }, [4, 5]],
      [
        'min_should',
        { min_should: { min_count: 2, conditions: [{ has_id: [1, 2] }, { has_id: [2, 3] }, { has_id: [3, 1, 4] }] } },
        [1, 2, 3],
      ],
      ['filter within a filter', must({ should: [{ has_id: [2] }, { must_not: [{ has_id: [1, 2, 3, 4] }] }] }), [2, 5]],
    ])('filter: %s', async (_, filter, expected) => {
      expect(await idsOf(filter)).toEqual(expected);
      expect(await count(filter)).toEqual({ count: expected.length });
    });

    test('batch form of an upsert, with integer and UUID ids', async () => {
      const batch = {
        ids: [5, 6, uuid(7)],
        vectors: [
          [9, 0, 0, 0],
          [0, 0, 0, 1],
          [0, 0, 1, 0],
        ],
        payloads: [{ n: 50 }, null, { n: 7 }],
      };
      await wire.result(`${points}?wait=true`, { method: 'PUT', json: { batch } });
      expect(await count()).toEqual({ count: 7 });
      const found = await wire.result(points, {
        json: { ids: [5, 6, uuid(7)], with_payload: true, with_vector: true },
      });
      expect(found).toEqual(
        expect.arrayContaining([
          { id: 5, payload: { n: 50 }, vector: [9, 0, 0, 0] },
          { id: 6, payload: {}, vector: [0, 0, 0, 1] },
          { id: uuid(7), payload: { n: 7 }, vector: [0, 0, 1, 0] },
        ]),
      );
    });

    test('a vector comes back in the digits it was sent with: 0.1, not 0.10000000149', async () => {
      const point = { id: 9, vector: [0.1, 0.2, 0.7, -1.3e-7], payload: { ratio: 0.1, large: 2 ** 40 } };
      await wire.result(`${points}?wait=true`, { method: 'PUT', json: { points: [point] } });
      expect(await wire.result(`${points}/9`)).toEqual(point);
    });

    test('many operations in one batch call, applied in order', async () => {
      const operations = [
        { upsert: { points: [{ id: 8, vector: [8, 0, 0, 0], payload: { n: 8, book: 'new' } }] } },
        { set_payload: { payload: { mark: 1 }, points: [1, 8] } },
        { overwrite_payload: { payload: { only: true }, points: [2] } },
        { delete_payload: { keys: ['book'], filter: must({ has_id: [8] }) } },
        { clear_payload: { points: [3] } },
        { delete: { points: [4] } },
      ];
      const done = await wire.result<unknown[]>(`${points}/batch?wait=true`, { json: { operations } });
      expect(done).toEqual(operations.map(() => ({ operation_id: expect.any(Number) as number, status: 'completed' })));
      expect(await idsOf(undefined)).toEqual([1, 2, 3, 5, 8]);
      const payloads = await wire.result<{ id: number; payload: Record<string, unknown> }[]>(points, {
        json: { ids: [1, 2, 3, 8] },
      });
      const byId = new Map(payloads.map((point) => [point.id, point.payload]));
      expect(byId.get(1)).toMatchObject({ mark: 1, n: 1 });
      expect(byId.get(2)).toEqual({ only: true });
      expect(byId.get(3)).toEqual({});
      expect(byId.get(8)).toEqual({ n: 8, mark: 1 });
    });

    test('payloads one call at a time', async () => {
      const done = { operation_id: expect.any(Number) as number, status: 'completed' };
      const asked = (json: unknown, method = 'POST'): { method: string; json: unknown } => ({ method, json });
      expect(await wire.result(`${points}/payload?wait=true`, asked({ payload: { a: 1 }, points: [1] }))).toEqual(done);
      await wire.result(`${points}/payload?wait=true`, asked({ payload: { b: 2 }, points: [2] }, 'PUT'));
      await wire.result(`${points}/payload/delete?wait=true`, asked({ keys: ['n', 'book'], points: [1, 3] }));
      const one = await wire.result<{ payload: object }>(`${points}/1`);
      expect(one.payload).toMatchObject({ a: 1 });
      expect(one.payload).not.toHaveProperty('n');
      expect((await wire.result<{ payload: object }>(`${points}/2`)).payload).toEqual({ b: 2 });
    });

    test('delete by filter, and a missing point', async () => {
      await wire.result(`${points}/delete?wait=true`, {
        json: { filter: must({ key: 'odd', match: { value: true } }) },
      });
      expect(await idsOf(undefined)).toEqual([2, 4]);
      expect((await wire.ask(`${points}/1`)).status).toBe(404);
    });

    test('what comes with a point is chosen', async () => {
      const page = async (json: object): Promise<unknown> =>
        (await wire.result<{ points: unknown[] }>(`${points}/scroll`, { json: { limit: 1, ...json } })).points[0];
      expect(await page({ with_payload: false })).toEqual({ id: 1 });
      expect(await page({ with_payload: ['n'] })).toEqual({ id: 1, payload: { n: 1 } });
      expect(await page({ with_payload: { include: ['n', 'odd'] } })).toEqual({ id: 1, payload: { n: 1, odd: true } });
      expect(
        await page({ with_payload: { exclude: ['n', 'odd', 'book', 'tags', 'gone'] }, with_vector: true }),
      ).toEqual({
        id: 1,
        payload: { parts: [{ kind: 'a', size: 1 }] },
        vector: [1, 1, 0, 0],
      });
    });

    test('pages meet without a gap and end with null', async () => {
      const seen: unknown[] = [];
      let offset: unknown = null;
      do {
        const page: { points: { id: unknown }[]; next_page_offset: unknown } = await wire.result(`${points}/scroll`, {
          json: { limit: 2, offset, with_payload: false },
        });
        seen.push(...page.points.map((point) => point.id));
        offset = page.next_page_offset;
      } while (offset !== null);
      expect(seen).toEqual([1, 2, 3, 4, 5]);
    });

    test('query: offset, threshold, several at once', async () => {
      const ranked = async (json: object): Promise<unknown[]> =>
        (await wire.result<{ points: { id: unknown }[] }>(`${points}/query`, { json })).points.map((point) => point.id);
      const query = [1, 0, 0, 0];
      expect(await ranked({ query, limit: 2, offset: 1 })).toEqual([4, 3]);
      expect(await ranked({ query, limit: 9, score_threshold: 3.5 })).toEqual([5, 4]);
      expect(await ranked({ query: { nearest: query }, limit: 1 })).toEqual([5]);
      expect(await ranked({ query: 5, limit: 9, filter: must({ has_id: [4, 5] }) })).toEqual([4]);
      const searches = [
        { query, limit: 1 },
        { query: [-1, 0, 0, 0], limit: 1 },
      ];
      const batch = await wire.result<{ points: { id: unknown }[] }[]>(`${points}/query/batch`, { json: { searches } });
      expect(batch.map((one) => one.points.map((point) => point.id))).toEqual([[5], [1]]);
    });

    test('order by an indexed field; without the index it is refused', async () => {
      const ordered = { json: { limit: 3, order_by: { key: 'n', direction: 'desc' }, with_payload: false } };
      expect((await wire.failure(`${points}/scroll`, ordered))[0]).toBe(400);
      const index = points.replace(/points$/, 'index');
      await wire.result(`${index}?wait=true`, { method: 'PUT', json: { field_name: 'n', field_schema: 'integer' } });
      const { points: found } = await wire.result<{ points: { id: number }[] }>(`${points}/scroll`, ordered);
      expect(found.map((point) => point.id)).toEqual([5, 4, 3]);
      expect(await wire.result(`${index}/n?wait=true`, { method: 'DELETE' })).toMatchObject({ status: 'completed' });
    });

    test('wrong input is refused and changes nothing', async () => {
      const put = (json: unknown): Promise<[number, string]> =>
        wire.failure(`${points}?wait=true`, { method: 'PUT', json });
      const good = { id: 11, vector: [1, 2, 3, 4] };
      expect(await put({ points: [good, { id: 12, vector: [1, 2] }] })).toEqual([
        400,
        'Wrong input: Vector dimension error: expected dim: 4, got 2',
      ]);
      for (const id of ['not-a-uuid', -1, 1.5]) {
        expect(await put({ points: [good, { ...good, id }] })).toEqual([
          400,
          expect.stringContaining('Format error in JSON'),
        ]);
      }
      expect((await put({ points: [good, { id: 13 }] }))[0]).toBe(400);
      expect((await wire.failure(`${points}/count`, { json: { filter: { must: [{ what: 1 }] } } }))[1]).toContain(
        'Format error in JSON body',
      );
      expect((await wire.failure(`${points}/scroll`, { raw: '{"limit":' }))[1]).toContain(
        'Format error in JSON body: EOF',
      );
      expect((await wire.failure(`${points}/scroll`, { json: { limit: 0 } }))[0]).toBe(422);
      expect(await count()).toEqual({ count: 5 });
    });

    test('a body over 32 MB is refused with 413', async () => {
      const raw = Buffer.alloc(33 * 1024 * 1024, 32);
      expect((await wire.ask(`${points}?wait=true`, { method: 'PUT', raw })).status).toBe(413);
    });
  });

  test('an unknown route answers 404 with nothing in it', async () => {
    const answer = await wire.ask('/no/such/route');
    expect([answer.status, answer.bytes.length]).toEqual([404, 0]);
  });

  test("the JavaScript client's own calls", async () => {
    const warned = jest.spyOn(console, 'warn').mockImplementation();
    const client = new QdrantClient({ url: target.url, apiKey: target.apiKey });
    const name = `${target.prefix}client`;
    await client.createCollection(name, { vectors: { size: 4, distance: 'Cosine' } });
    await client.upsert(name, { wait: true, points: [{ id: uuid(1), vector: [1, 2, 3, 4], payload: { n: 1 } }] });
    await client.createPayloadIndex(name, { wait: true, field_name: 'n', field_schema: 'integer' });
    const operations = [{ set_payload: { payload: { m: 2 }, points: [uuid(1)] } }];
    expect(await client.batchUpdate(name, { wait: true, operations })).toHaveLength(1);
    await client.updateCollectionAliases({
      actions: [{ create_alias: { collection_name: name, alias_name: `${name}-live` } }],
    });
    expect(await client.count(`${name}-live`, { exact: true })).toEqual({ count: 1 });
    const { points } = await client.scroll(`${name}-live`, { with_payload: true });
    expect(points).toMatchObject([{ id: uuid(1), payload: { n: 1, m: 2 } }]);
    expect((await client.query(name, { query: [1, 2, 3, 4], limit: 1 })).points[0]?.score).toBeCloseTo(1);
    const made = await client.createSnapshot(name);
    expect(await client.listSnapshots(name)).toEqual([made]);
    expect(await client.deleteSnapshot(name, made?.name ?? '')).toBe(true);
    expect((await client.getCollection(name)).payload_schema).toMatchObject({ n: { data_type: 'integer', points: 1 } });
    await expect(client.getCollection(`${name}-none`)).rejects.toMatchObject({ status: 404 });
    expect(await client.deleteCollection(name)).toBe(true);
    // It warns about a server whose version it does not know, and (rightly) about a key over plain HTTP.
    expect(warned.mock.calls.flat().filter((text) => String(text).includes('version'))).toEqual([]);
    warned.mockRestore();
  });

  test('snapshot: the bytes are those listed; recovery brings back vectors, payloads and indexes', async () => {
    const from = `/collections/${target.prefix}snap-from`;
    const into = `/collections/${target.prefix}snap-into`;
    await wire.result(from, { method: 'PUT', json: { vectors: { size: 4, distance: 'Dot' } } });
    const rows = Array.from({ length: 500 }, (_, n) => ({
      id: n,
      vector: [n, 1, 2, 3],
      payload: { n, text: `p${n}` },
    }));
    await wire.result(`${from}/points?wait=true`, { method: 'PUT', json: { points: rows } });
    await wire.result(`${from}/index?wait=true`, { method: 'PUT', json: { field_name: 'n', field_schema: 'integer' } });
    const made = await wire.result<{ name: string; checksum: string; size: number }>(`${from}/snapshots`, {
      method: 'POST',
    });
    const { bytes } = await wire.ask(`${from}/snapshots/${made.name}`);
    expect(createHash('sha256').update(bytes).digest('hex')).toBe(made.checksum);
    expect(bytes.length).toBe(made.size);

    await wire.result(`${into}/snapshots/upload?priority=snapshot&wait=true`, { upload: bytes });
    const everything = { json: { limit: 1000, with_payload: true, with_vector: true } };
    const before = await wire.result(`${from}/points/scroll`, everything);
    expect(await wire.result(`${into}/points/scroll`, everything)).toEqual(before);
    const info = await wire.result<{ payload_schema: unknown }>(into);
    expect(info.payload_schema).toEqual({ n: { data_type: 'integer', points: 500 } });

    // A recovered collection takes updates of the points it already has, not only of new ones.
    const change = { points: [{ id: 7, vector: [0, 0, 0, 9], payload: { n: -7 } }] };
    await wire.result(`${into}/points?wait=true`, { method: 'PUT', json: change });
    expect(await wire.result(`${into}/points/7`)).toEqual({ id: 7, vector: [0, 0, 0, 9], payload: { n: -7 } });
  });

  test('a refused recovery leaves the collection as it was', async () => {
    const path = `/collections/${target.prefix}refused`;
    await wire.result(path, { method: 'PUT', json: { vectors: { size: 4, distance: 'Dot' } } });
    await wire.result(`${path}/points?wait=true`, {
      method: 'PUT',
      json: { points: [{ id: 1, vector: [1, 2, 3, 4] }] },
    });
    const { name, checksum } = await wire.result<{ name: string; checksum: string }>(`${path}/snapshots`, {
      method: 'POST',
    });
    const { bytes } = await wire.ask(`${path}/snapshots/${name}`);
    const upload = `${path}/snapshots/upload?priority=snapshot&wait=true`;
    const wrong = '0'.repeat(64);
    expect(await wire.failure(`${upload}&checksum=${wrong}`, { upload: bytes })).toEqual([
      400,
      `Checksum mismatch: expected ${checksum}, actual ${wrong}`,
    ]);
    const location = `file:///etc/hostname`;
    const outside = await wire.ask(`${path}/snapshots/recover?wait=true`, { method: 'PUT', json: { location } });
    expect(outside.status).toBe(403);
    expect((await wire.ask(upload, { upload: bytes.subarray(0, bytes.length / 2) })).status).toBe(500);
    expect(await wire.result(`${path}/points/1`)).toEqual({ id: 1, vector: [1, 2, 3, 4], payload: {} });
    await wire.result(`${path}/snapshots/${name}?wait=true`, { method: 'DELETE' });
  });

  test('eight clients write, scroll and query at once', async () => {
    const path = `/collections/${target.prefix}busy`;
    await wire.result(path, { method: 'PUT', json: { vectors: { size: 8, distance: 'Dot' } } });
    const vector = (n: number): number[] => Array.from({ length: 8 }, (_, i) => n + i);
    const client = async (k: number): Promise<void> => {
      for (let round = 0; round < 10; round++) {
        const points = Array.from({ length: 20 }, (_, i) => k * 1000 + round * 20 + i).map((id) => ({
          id,
          vector: vector(id),
          payload: { k },
        }));
        await wire.result(`${path}/points?wait=true`, { method: 'PUT', json: { points } });
        const mine = { must: [{ key: 'k', match: { value: k } }] };
        const { count } = await wire.result<{ count: number }>(`${path}/points/count`, {
          json: { exact: true, filter: mine },
        });
        expect(count).toBe((round + 1) * 20);
        await wire.result(`${path}/points/query`, { json: { query: vector(1), limit: 5 } });
        await wire.result(`${path}/points/scroll`, { json: { limit: 50, with_vector: true } });
      }
    };
    await Promise.all(Array.from({ length: 8 }, (_, k) => client(k)));
    expect(await wire.result(`${path}/points/count`, { json: { exact: true } })).toEqual({ count: 1600 });
    expect((await wire.result<{ points_count: number }>(path)).points_count).toBe(1600);
  });
});
