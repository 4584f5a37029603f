import { createHash } from 'node:crypto';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Gateway } from './support/gateway';
import { Wire } from './support/wire';

/** What only a server that the test may kill can show. The wire contract itself is in qdrant-rest.test.ts. */
jest.setTimeout(60_000);

let folder: string;
let storage: string;
const running = new Set<Gateway>();

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'qdrant-gateway-'));
  storage = join(folder, 'storage');
});
afterEach(async () => {
  await Promise.all([...running].map((gateway) => gateway.kill()));
  running.clear();
  await rm(folder, { recursive: true });
});

async function start(apiKey?: string): Promise<{ gateway: Gateway; wire: Wire }> {
  const gateway = await Gateway.start(storage, { apiKey });
  running.add(gateway);
  return { gateway, wire: new Wire(gateway.url, apiKey) };
}

async function kill(gateway: Gateway): Promise<void> {
  running.delete(gateway);
  await gateway.kill();
}

const C = '/collections/c';
const vector = (n: number, size = 16): number[] => Array.from({ length: size }, (_, i) => n + i);
const rows = (from: number, count: number): unknown[] =>
  Array.from({ length: count }, (_, i) => ({ id: from + i, vector: vector(from + i), payload: { n: from + i } }));
const put = (json: unknown): { method: string; json: unknown } => ({ method: 'PUT', json });
const create = (wire: Wire): Promise<unknown> => wire.result(C, put({ vectors: { size: 16, distance: 'Dot' } }));
const upsert = (wire: Wire, points: unknown[]): Promise<unknown> =>
  wire.result(`${C}/points?wait=true`, put({ points }));
const everything = { json: { limit: 100_000, with_payload: true, with_vector: true } };

describe('the edge gateway as a process', () => {
  test('SIGKILL right after the answers: collection, points, index, alias and config are there again', async () => {
    const first = await start();
    await create(first.wire);
    await first.wire.result(`${C}/index?wait=true`, put({ field_name: 'n', field_schema: 'integer' }));
    await upsert(first.wire, rows(0, 300));
    await first.wire.result(`${C}/points/delete?wait=true`, { json: { points: [5, 6] } });
    await first.wire.result(`${C}/points/payload?wait=true`, { json: { payload: { late: true }, points: [7] } });
    const actions = [{ create_alias: { collection_name: 'c', alias_name: 'live' } }];
    await first.wire.result('/collections/aliases', { json: { actions } });
    const before = await first.wire.result(`${C}/points/scroll`, everything);
    const info = await first.wire.result(C);
    await kill(first.gateway);

    const { wire } = await start();
    expect(await wire.result('/collections/live/points/scroll', everything)).toEqual(before);
    expect(await wire.result(C)).toEqual(info);
    // The log goes on where it ended: what exists already can still be changed.
    await upsert(wire, [{ id: 7, vector: vector(70), payload: { n: 70 } }]);
    expect(await wire.result(`${C}/points/7`)).toEqual({ id: 7, vector: vector(70), payload: { n: 70 } });
  });

  test('SIGKILL in the middle of a stream of upserts, three times: every acknowledged point is there', async () => {
    const acknowledged = new Set<number>();
    let next = 0;
    for (let round = 0; round < 3; round++) {
      const { gateway, wire } = await start();
      if (round === 0) await create(wire);
      let enough = (): void => undefined;
      const seen = new Promise<void>((resolve) => (enough = resolve));
      const target = acknowledged.size + 300;
      const writer = async (): Promise<void> => {
        for (;;) {
          const from = (next += 10) - 10;
          await upsert(wire, rows(from, 10));
          for (let id = from; id < from + 10; id++) acknowledged.add(id);
          if (acknowledged.size >= target) enough();
        }
      };
      const writers = [writer(), writer(), writer()].map((one) => expect(one).rejects.toThrow());
      await seen;
      await kill(gateway);
      await Promise.all(writers);
    }
    const { wire } = await start();
    const { points } = await wire.result<{ points: { id: number; vector: number[] }[] }>(
      `${C}/points/scroll`,
      everything,
    );
    const found = new Map(points.map((point) => [point.id, point.vector]));
    expect([...acknowledged].filter((id) => !found.has(id))).toEqual([]);
    for (const id of acknowledged) expect(found.get(id)).toEqual(vector(id));
    expect((await wire.result<{ count: number }>(`${C}/points/count`, { json: { exact: true } })).count).toBe(
      found.size,
    );
  });

  test('SIGKILL while snapshots are made: only whole ones are listed, and each can be recovered', async () => {
    const first = await start();
    await create(first.wire);
    await upsert(first.wire, rows(0, 2000));
    const made = await first.wire.result(`${C}/snapshots`, { method: 'POST' });
    const cut = Promise.allSettled([1, 2, 3].map(() => first.wire.ask(`${C}/snapshots`, { method: 'POST' })));
    await partialFile(join(storage, 'snapshots', 'c'));
    await kill(first.gateway);
    await cut;

    const { wire } = await start();
    const listed = await wire.result<{ name: string; checksum: string }[]>(`${C}/snapshots`);
    expect(listed).toContainEqual(made);
    expect((await readdir(join(storage, 'snapshots', 'c'))).sort()).toEqual(
      listed.flatMap(({ name }) => [name, `${name}.checksum`]).sort(),
    );
    for (const { name, checksum } of listed) {
      const { bytes } = await wire.ask(`${C}/snapshots/${name}`);
      expect(createHash('sha256').update(bytes).digest('hex')).toBe(checksum);
      await wire.result(`/collections/again/snapshots/upload?priority=snapshot&wait=true`, { upload: bytes });
      expect(await wire.result('/collections/again/points/count', { json: {} })).toEqual({ count: 2000 });
    }
  });

  test('SIGKILL while a recovery goes on: the collection is the old one or the new one', async () => {
    const first = await start();
    await create(first.wire);
    await upsert(first.wire, rows(0, 500));
    const { name } = await first.wire.result<{ name: string }>(`${C}/snapshots`, { method: 'POST' });
    await upsert(first.wire, rows(500, 250));
    const location = `file://${join(storage, 'snapshots', 'c', name)}`;
    const cut = first.wire.ask(`${C}/snapshots/recover?wait=true`, put({ location })).catch(() => undefined);
    await moreThan(join(storage, 'collections', 'c'), 2);
    await kill(first.gateway);
    await cut;

    const { wire } = await start();
    const { count } = await wire.result<{ count: number }>(`${C}/points/count`, { json: { exact: true } });
    expect([500, 750]).toContain(count);
    expect(await readdir(join(storage, 'collections', 'c'))).toHaveLength(2);
  });

  test('two snapshots within a second have two names, and the list outlives a restart', async () => {
    const first = await start();
    await create(first.wire);
    await upsert(first.wire, rows(0, 10));
    const made = await Promise.all([1, 2, 3].map(() => first.wire.result(`${C}/snapshots`, { method: 'POST' })));
    expect(new Set(made.map((one) => (one as { name: string }).name)).size).toBe(3);
    running.delete(first.gateway);
    expect((await first.gateway.stop()).code).toBe(0);

    const { wire } = await start();
    expect(await wire.result(`${C}/snapshots`)).toEqual(expect.arrayContaining(made));
  });

  test('the API key guards all but the health checks', async () => {
    const { gateway, wire } = await start('secret');
    const stranger = new Wire(gateway.url);
    for (const path of ['/healthz', '/readyz', '/livez', '/']) expect((await stranger.ask(path)).status).toBe(200);
    expect(await stranger.ask('/collections')).toMatchObject({
      status: 401,
      contentType: 'text/plain; charset=utf-8',
      body: 'Must provide an API key or an Authorization bearer token',
    });
    expect(await new Wire(gateway.url, 'wrong').ask('/collections')).toMatchObject({
      status: 401,
      body: 'Invalid API key or JWT',
    });
    expect((await wire.ask('/collections')).status).toBe(200);
    const bearer = { authorization: 'Bearer secret' };
    expect((await stranger.ask('/collections', { headers: bearer })).status).toBe(200);
    expect(gateway.banner).toMatch(/development.*API key required/);
    expect(gateway.banner).not.toContain('secret');
  });

  test('a folder in use and a port in use are told apart, and end with 1', async () => {
    const { gateway } = await start();
    const folderTaken = await Gateway.refused(storage);
    expect(folderTaken.code).toBe(1);
    expect(folderTaken.output).toContain(`${storage} is in use by another gateway`);
    const portTaken = await Gateway.refused(join(folder, 'other'), { port: gateway.port });
    expect(portTaken.code).toBe(1);
    expect(portTaken.output).toContain(`Cannot listen on 127.0.0.1:${gateway.port}`);
  });
});

/** Waits until a folder holds a file that is still being written. */
async function partialFile(path: string): Promise<void> {
  while (!(await readdir(path)).some((name) => name.endsWith('.part'))) await new Promise(setImmediate);
}

/** Waits until a folder holds more than so many entries. */
async function moreThan(path: string, count: number): Promise<void> {
  while ((await readdir(path)).length <= count) await new Promise(setImmediate);
}
