import { NO_DELTA } from '../../domain/chapter-delta';
import { failureOf } from '../support/errors';
import type { Interference } from '../support/http-relay';
import { chapter, chunk, NAMES, PASS, StagedCollection, type ChunkPoint } from './support/staged-collection';

jest.setTimeout(120_000);

const { collection: PRODUCTION, staging: STAGING } = NAMES;

let base: StagedCollection;

beforeAll(async () => {
  base = await StagedCollection.open();
});
beforeEach(() => base.clear());
afterAll(() => base.close());

/** Production and staging, equal but for what is told. */
async function both(points: readonly ChunkPoint[], staged: readonly ChunkPoint[] = points): Promise<void> {
  await base.make(PRODUCTION, points);
  await base.make(STAGING, staged);
}
const without = (point: ChunkPoint, ...keys: string[]): ChunkPoint => ({
  ...point,
  payload: Object.fromEntries(Object.entries(point.payload).filter(([key]) => !keys.includes(key))),
});
const others = [...chapter('bailey:ch2', 9), ...chapter('sabiston:ch1', 9)];
const three = [...chapter('bailey:ch1', 9), ...others];
const isBatch = (url: string) => url.includes('/points/batch');

describe('the delta of staging', () => {
  it('is none of equal collections, whatever order their points came in', async () => {
    await both(three, [...three].reverse());
    expect(await base.store.stagedDelta()).toEqual(NO_DELTA);
  });

  it('names chapters that are added, changed and removed', async () => {
    await both(three);
    await base.remove(STAGING, chapter('bailey:ch1', 9));
    await base.put(STAGING, [chunk('bailey:ch2', 3, 2), ...chapter('zenker:ch1', 2)]);
    expect(await base.store.stagedDelta()).toEqual({
      ...{ added: ['zenker:ch1'], changed: ['bailey:ch2'], removed: ['bailey:ch1'] },
    });
  });

  it.each([
    [
      'a payload',
      async () => base.put(STAGING, [{ ...chunk('bailey:ch1', 1), payload: chunk('bailey:ch1', 1, 2).payload }]),
    ],
    ['a vector', async () => base.put(STAGING, [{ ...chunk('bailey:ch1', 1), vector: [9, 1, 1, 1] }])],
    ['a point more', async () => base.put(STAGING, [chunk('bailey:ch1', 99)])],
    ['a point less', async () => base.remove(STAGING, [chunk('bailey:ch1', 8)])],
  ])('sees %s', async (_, change) => {
    await both(three);
    await change();
    expect(await base.store.stagedDelta()).toEqual({ ...NO_DELTA, changed: ['bailey:ch1'] });
  });

  it('tells the chapter by the chunk_id where the payload names none', async () => {
    const bare = chapter('bailey:ch7', 3).map((one) => without(one, 'chapter_id'));
    const nameless = without(chunk('bailey:ch8', 1), 'chapter_id', 'chunk_id');
    await both([...three, nameless], [...three, ...bare]);
    expect(await base.store.stagedDelta()).toEqual({ added: ['bailey:ch7'], changed: [], removed: ['(no chapter)'] });
  });

  it('is asked of a staging that is there, and stops where it is told to', async () => {
    await base.make(PRODUCTION, three);
    expect((await failureOf(base.store.stagedDelta())).code).toBe('NOT_STAGING');
    await base.make(STAGING, three);
    const reason = new Error('told to stop');
    await expect(base.store.stagedDelta({ signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    const progress: number[] = [];
    await base.store.stagedDelta({ onProgress: (done) => progress.push(done) });
    expect(progress.at(-1)).toBe(2 * three.length);
  });
});

describe('bringing a delta over', () => {
  /** Chapters added, changed and removed; another one differs, but is not named. */
  async function changes(): Promise<string[]> {
    await both(three);
    await base.remove(STAGING, chapter('bailey:ch1', 9));
    await base.put(STAGING, [chunk('bailey:ch2', 3, 2), chunk('bailey:ch2', 44), ...chapter('zenker:ch1', 2)]);
    await base.remove(STAGING, [chunk('bailey:ch2', 5)]);
    return ['bailey:ch1', 'bailey:ch2', 'zenker:ch1'];
  }

  it('writes what differs in one call a chapter, and nothing when it is repeated', async () => {
    const chapters = await changes();
    await base.through(
      () => PASS,
      async (relayed, relay) => {
        expect(await relayed.applyDelta(chapters)).toEqual({ upserted: 4, deleted: 10 });
        expect(relay.seen.filter(isBatch)).toHaveLength(3);
        expect(relay.seen.filter(isBatch).every((line) => line.includes('wait=true'))).toBe(true);
        expect(await relayed.applyDelta(chapters)).toEqual({ upserted: 0, deleted: 0 });
        expect(relay.seen.filter(isBatch)).toHaveLength(3);
      },
    );
    expect(await base.contents(PRODUCTION)).toEqual(await base.contents(STAGING));
    expect(await base.store.stagedDelta()).toEqual(NO_DELTA);
  });

  it('leaves chapters alone that are not named', async () => {
    await changes();
    expect(await base.store.applyDelta(['zenker:ch1', 'zenker:ch1', 'no:ch0'])).toEqual({ upserted: 2, deleted: 0 });
    expect(await base.store.stagedDelta()).toEqual({ added: [], changed: ['bailey:ch2'], removed: ['bailey:ch1'] });
    expect(await base.store.applyDelta([])).toEqual({ upserted: 0, deleted: 0 });
  });

  it('finds points without a chapter_id by their chunk_id, on both sides', async () => {
    const bare = (id: string, size: number, edition = 1) =>
      chapter(id, size, edition).map((one) => without(one, 'chapter_id'));
    const empty = { ...chunk('bailey:ch1', 50), payload: { ...chunk('bailey:ch1', 50).payload, chapter_id: '' } };
    await both(
      [...three, ...bare('bailey:ch5', 3), empty],
      [...three, ...bare('bailey:ch6', 2), chunk('bailey:ch1', 51)],
    );
    const { added, changed, removed } = await base.store.stagedDelta();
    expect([added, changed, removed]).toEqual([['bailey:ch6'], ['bailey:ch1'], ['bailey:ch5']]);
    expect(await base.store.applyDelta([...added, ...changed, ...removed])).toEqual({ upserted: 3, deleted: 4 });
    expect(await base.store.stagedDelta()).toEqual(NO_DELTA);
  });

  it('follows a chunk from one chapter into another, in either order', async () => {
    const moved = {
      ...chunk('bailey:ch1', 1),
      payload: { ...chunk('bailey:ch1', 1).payload, chapter_id: 'bailey:ch2' },
    };
    await both(three, [...three.filter(({ id }) => id !== moved.id), moved]);
    for (const chapters of [
      ['bailey:ch1', 'bailey:ch2'],
      ['bailey:ch2', 'bailey:ch1'],
    ]) {
      await base.put(PRODUCTION, [chunk('bailey:ch1', 1)]);
      await base.store.applyDelta(chapters);
      expect(await base.store.stagedDelta()).toEqual(NO_DELTA);
    }
  });

  it('of a large chapter takes several calls, what is new before what is old goes', async () => {
    await both([...chapter('bailey:ch1', 700), ...others], [...chapter('bailey:ch1', 1_200, 2).slice(600), ...others]);
    await base.through(
      () => PASS,
      async (relayed, relay) => {
        const counts: number[] = [];
        const control = { onProgress: (done: number) => counts.push(done) };
        expect(await relayed.applyDelta(['bailey:ch1'], control)).toEqual({ upserted: 600, deleted: 600 });
        expect(counts).toEqual([500, 1_000, 1_200]);
        expect(relay.seen.filter(isBatch)).toHaveLength(3);
      },
    );
    expect(await base.contents(PRODUCTION)).toEqual(await base.contents(STAGING));
  });

  it.each([1, 2, 3])('goes on where it was cut off at call %d', async (nth) => {
    await both([...chapter('bailey:ch1', 700), ...others], [...chapter('bailey:ch1', 1_200, 2).slice(600), ...others]);
    let calls = 0;
    const cut = (_: string, url: string): Interference => {
      if (!isBatch(url) || ++calls !== nth) return PASS;
      // The first is lost on the way there, the others on the way back.
      return nth === 1 ? { kind: 'answer', status: 503, body: { status: { error: 'busy' } } } : { kind: 'lose-answer' };
    };
    await base.through(cut, async (relayed) => {
      const error = await failureOf(relayed.applyDelta(['bailey:ch1']));
      expect(error).toMatchObject({ code: 'QDRANT_UNREACHABLE', retryable: true });
      const { upserted, deleted } = await relayed.applyDelta(['bailey:ch1']);
      expect([upserted + deleted < 1_200, nth === 1]).toContain(true);
    });
    expect(await base.contents(PRODUCTION)).toEqual(await base.contents(STAGING));
  });

  it('stops between calls where it is told to: what is new has come by then, what is old has not gone', async () => {
    await both([...chapter('bailey:ch1', 100), ...others], chapter('bailey:ch1', 1_100).slice(100));
    const stop = new AbortController();
    const reason = new Error('told to stop');
    const control = { signal: stop.signal, onProgress: () => stop.abort(reason) };
    await expect(base.store.applyDelta(['bailey:ch1'], control)).rejects.toBe(reason);
    expect((await base.store.status()).points).toBe(100 + others.length + 500);
    expect(await base.store.applyDelta(['bailey:ch1'])).toEqual({ upserted: 500, deleted: 100 });
  });

  it('fails where the chapter is not as it should be after all', async () => {
    const chapters = await changes();
    const swallowed = { kind: 'answer', status: 200, body: { result: [], status: 'ok', time: 0 } } as const;
    await base.through(
      (_, url) => (isBatch(url) ? swallowed : PASS),
      async (relayed) => {
        const error = await failureOf(relayed.applyDelta(chapters));
        expect(error.code).toBe('CHECK_FAILED');
        expect(error.facts.found).toContain('bailey:ch1 has 9 points instead of 0');
      },
    );
  });

  it('keeps every digit of a vector, and so is at its end when it is done', async () => {
    const wide = (n: number) => ({
      ...chunk('bailey:ch1', n),
      vector: [Math.sin(n) / 3, Math.SQRT2, n / 7, -1e-3 / (n + 1)],
    });
    await both(
      three,
      Array.from({ length: 200 }, (_, n) => wide(n)),
    );
    await base.store.applyDelta(['bailey:ch1']);
    expect(await base.store.stagedDelta()).toEqual({ ...NO_DELTA, removed: ['bailey:ch2', 'sabiston:ch1'] });
  });
});

describe('a reader of a chapter that is brought over', () => {
  const SIZE = 120;
  const old = chapter('bailey:ch1', SIZE);
  // 20 points go, 20 come, half of the rest change.
  const next = Array.from({ length: SIZE }, (_, i) => chunk('bailey:ch1', i + 20, i % 2 === 0 ? 2 : 1));

  /** Reads the chapter over and over while `work` runs. */
  async function readDuring(work: () => Promise<unknown>): Promise<{ id: string; text: string; vector: number[] }[][]> {
    const filter = { must: [{ key: 'chapter_id', match: { value: 'bailey:ch1' } }] };
    const seen: { id: string; text: string; vector: number[] }[][] = [];
    let over = false;
    const reader = async () => {
      while (!over) {
        const page = await base.admin.scroll(PRODUCTION, { filter, limit: 500, with_payload: true, with_vector: true });
        seen.push(
          page.points.map(({ id, payload, vector }) => {
            return { id: String(id), text: String(payload?.text), vector: vector as number[] };
          }),
        );
      }
    };
    const readers = [reader(), reader()];
    try {
      await work();
    } finally {
      over = true;
      await Promise.all(readers);
    }
    return seen;
  }

  it('never misses a point that stays, and never meets half of one', async () => {
    await both(old, next);
    const states = [
      [next, old],
      [old, next],
    ] as const;
    const seen = await readDuring(async () => {
      for (let round = 0; round < 6; round++) {
        const [gone, now] = states[round % 2 === 0 ? 1 : 0];
        await base.put(STAGING, now);
        await base.remove(
          STAGING,
          gone.filter(({ id }) => !now.some((one) => one.id === id)),
        );
        await base.store.applyDelta(['bailey:ch1']);
      }
    });
    expect(seen.length).toBeGreaterThan(6);
    const staying = old.filter(({ id }) => next.some((one) => one.id === id)).map(({ id }) => id);
    const editionBy = (vector: number[]) => `edition ${Math.round((vector[1] ?? 0) / ((vector[3] ?? 1) * 2))}`;
    for (const points of seen) {
      const ids = new Set(points.map(({ id }) => id));
      expect(staying.filter((id) => !ids.has(id))).toEqual([]);
      expect(points.filter(({ text, vector }) => text !== editionBy(vector))).toEqual([]);
    }
    expect(await base.contents(PRODUCTION)).toEqual(await base.contents(STAGING));
  });
});
