import type { VectorStore } from '../../stores/ports';
import { openVectorStore } from '../../stores/qdrant';
import { failureOf } from '../support/errors';
import type { Interference } from '../support/http-relay';
import { chapter, chunk, NAMES, PASS, StagedCollection } from './support/staged-collection';

jest.setTimeout(60_000);

const { collection: PLAIN, latest: LATEST, physical: PHYSICAL, staging: STAGING, prefix } = NAMES;
const OTHER = `${prefix}_other`;
const OLD = chapter('bailey:ch1', 12);
const NEW = chapter('bailey:ch1', 15, 2);

let base: StagedCollection;

beforeAll(async () => {
  base = await StagedCollection.open();
});
beforeEach(async () => {
  await base.clear();
  await base.make(PLAIN, OLD);
});
afterAll(() => base.close());

/** A version staged beside production, which is read through the alias. */
async function staged(): Promise<void> {
  await base.alias(LATEST, PLAIN);
  await base.make(PHYSICAL, NEW);
  await base.alias(STAGING, PHYSICAL);
}

const isAliases = (method: string, url: string) => method === 'POST' && url === '/collections/aliases';

describe('production is found as readers find it', () => {
  /** How many points each call sees. */
  async function sizesSeenBy(store: VectorStore): Promise<number[]> {
    const { points, collection } = await store.inventory();
    const chunks: string[] = [];
    for await (const page of store.chunks()) chunks.push(...page.chunkIds);
    const [group] = await store.fingerprint();
    const made = await store.createSnapshot([], { retry: false });
    expect(await store.listSnapshots()).toEqual([made]);
    expect((await base.admin.listSnapshots(collection)).map(({ name }) => name)).toEqual([made.name]);
    await store.deleteSnapshot(made.name);
    const mark = await store.mark();
    expect(mark.value?.split(' ')[0]).toBe(collection);
    expect((await store.readMode()).collection).toBe(collection);
    const nearest = await store.nearest(chunk('bailey:ch1', 0).vector, 100);
    const { bailey } = await store.pointsPerTextbook(['bailey']);
    return [points, (await store.status()).points, chunks.length, group?.items ?? 0, nearest.length, bailey ?? 0];
  }
  const everywhere = (size: number) => Array.from({ length: 6 }, () => size);

  it('by the alias that they look for first, then by an alias of the name, then as the collection', async () => {
    await base.make(PHYSICAL, NEW);
    expect(await sizesSeenBy(base.store)).toEqual(everywhere(OLD.length));
    expect(await base.store.readMode()).toEqual({ mode: 'in place', collection: PLAIN, aliases: [] });

    await base.alias(LATEST, PHYSICAL);
    expect(await sizesSeenBy(base.store)).toEqual(everywhere(NEW.length));
    expect(await base.store.inventory()).toMatchObject({ name: PLAIN, collection: PHYSICAL });
    expect(await base.store.readMode()).toEqual({ mode: 'alias', collection: PHYSICAL, aliases: [LATEST] });

    await base.alias(OTHER, PHYSICAL);
    const byAlias = openVectorStore({ ...base.target, collection: OTHER });
    expect(await sizesSeenBy(byAlias)).toEqual(everywhere(NEW.length));
    await base.alias(`${OTHER}_latest`, PLAIN);
    expect(await sizesSeenBy(byAlias)).toEqual(everywhere(OLD.length));
  });

  it('by a configured name that ends in _latest as it stands', async () => {
    await base.make(PHYSICAL, NEW);
    await base.alias(LATEST, PHYSICAL);
    await base.alias(`${LATEST}_latest`, PLAIN);
    const configured = openVectorStore({ ...base.target, collection: LATEST });
    expect(await sizesSeenBy(configured)).toEqual(everywhere(NEW.length));
    expect(await configured.adoptAlias()).toEqual({ alias: LATEST, collection: PHYSICAL, made: false });
    expect(await configured.switchAlias(PLAIN)).toEqual({ previous: PHYSICAL });
    expect(await sizesSeenBy(configured)).toEqual(everywhere(OLD.length));
  });

  it('and is restored there', async () => {
    await staged();
    await base.store.switchAlias(PHYSICAL);
    const file = await base.snapshotOf();
    await base.remove(PHYSICAL, NEW.slice(0, 5));
    await base.store.restoreFrom(file, { points: NEW.length });
    expect((await base.store.status()).points).toBe(NEW.length);
    expect(await base.contents(PLAIN)).toHaveLength(OLD.length);
  });
});

describe('adopting an alias', () => {
  it('leaves readers the same data, by every name, and is done once', async () => {
    const before = await base.contents(PLAIN);
    expect(await base.store.adoptAlias()).toEqual({ alias: LATEST, collection: PLAIN, made: true });
    expect(await base.store.adoptAlias()).toEqual({ alias: LATEST, collection: PLAIN, made: false });
    expect(await base.contents(LATEST)).toEqual(before);
    expect(await base.contents(PLAIN)).toEqual(before);
    expect(await base.store.readMode()).toEqual({ mode: 'alias', collection: PLAIN, aliases: [LATEST] });
  });

  it('is not needed where the configured name is an alias, and refused where a collection has the name', async () => {
    await base.alias(OTHER, PLAIN);
    const byAlias = openVectorStore({ ...base.target, collection: OTHER });
    expect(await byAlias.adoptAlias()).toEqual({ alias: OTHER, collection: PLAIN, made: false });
    await base.make(LATEST, []);
    expect((await failureOf(base.store.adoptAlias())).code).toBe('QDRANT_UNFIT');
    await base.admin.deleteCollection(PLAIN);
    expect((await failureOf(base.store.adoptAlias())).code).toBe('COLLECTION_MISSING');
  });
});

describe('switching the alias', () => {
  it('moves every alias of production in one call, takes that of staging away, and can be repeated and taken back', async () => {
    await staged();
    await base.alias(OTHER, PLAIN);
    await base.through(
      () => PASS,
      async (relayed, relay) => {
        const calls = () => relay.seen.filter((line) => line.startsWith('POST /collections/aliases')).length;
        expect(await relayed.switchAlias(PHYSICAL)).toEqual({ previous: PLAIN });
        expect(calls()).toBe(1);
        expect(await base.aliases()).toEqual({ [LATEST]: PHYSICAL, [OTHER]: PHYSICAL });
        expect(await relayed.switchAlias(PHYSICAL)).toEqual({ previous: null });
        expect(calls()).toBe(1);
        expect(await relayed.switchAlias(PLAIN)).toEqual({ previous: PHYSICAL });
        expect(await base.aliases()).toEqual({ [LATEST]: PLAIN, [OTHER]: PLAIN });
      },
    );
    expect(await base.names()).toEqual([PLAIN, PHYSICAL].sort());
  });

  it('moves the alias that readers fall back to, too, and one that a half-done switch has left behind', async () => {
    await base.make(PHYSICAL, NEW);
    const live = `${prefix}_live`;
    const store = openVectorStore({ ...base.target, collection: live });
    await base.alias(live, PLAIN);
    await base.alias(`${live}_latest`, PLAIN);
    expect(await store.switchAlias(PHYSICAL)).toEqual({ previous: PLAIN });
    expect(await base.aliases()).toEqual({ [live]: PHYSICAL, [`${live}_latest`]: PHYSICAL });
    await base.alias(live, PLAIN);
    await base.alias(STAGING, PHYSICAL);
    expect(await store.switchAlias(PHYSICAL)).toEqual({ previous: null });
    expect(await base.aliases()).toEqual({ [live]: PHYSICAL, [`${live}_latest`]: PHYSICAL });
  });

  it('is seen all at once: a reader by the alias has the old content or the new, and never none', async () => {
    await staged();
    const whole = [JSON.stringify(await base.contents(PLAIN)), JSON.stringify(await base.contents(PHYSICAL))];
    const seen: number[] = [];
    let over = false;
    const read = async () => {
      while (!over) seen.push(whole.indexOf(JSON.stringify(await base.contents(LATEST))));
    };
    const readers = [read(), read()];
    try {
      for (let round = 0; round < 10; round++) await base.store.switchAlias(round % 2 === 0 ? PHYSICAL : PLAIN);
    } finally {
      over = true;
      await Promise.all(readers);
    }
    expect(new Set(seen)).toEqual(new Set([0, 1]));
  });

  it('is refused where there is no such collection, or no alias, and nothing is changed', async () => {
    await base.alias(STAGING, PLAIN);
    expect((await failureOf(base.store.switchAlias(PLAIN))).code).toBe('QDRANT_UNFIT');
    await base.make(PHYSICAL, NEW);
    await base.alias(STAGING, PHYSICAL);
    await base.alias(LATEST, PLAIN);
    for (const missing of [`${prefix}_none`, STAGING]) {
      expect((await failureOf(base.store.switchAlias(missing))).code).toBe('COLLECTION_MISSING');
    }
    expect(await base.aliases()).toEqual({ [LATEST]: PLAIN, [STAGING]: PHYSICAL });
  });

  it('is done where only the answer was lost', async () => {
    await staged();
    const lose = (method: string, url: string): Interference =>
      isAliases(method, url) ? { kind: 'lose-answer' } : PASS;
    await base.through(lose, async (relayed) => {
      expect(await relayed.switchAlias(PHYSICAL)).toEqual({ previous: PLAIN });
    });
    expect(await base.aliases()).toEqual({ [LATEST]: PHYSICAL });
  });

  it.each([
    [503, 'QDRANT_UNREACHABLE'],
    [200, 'QDRANT_REFUSED'],
  ])(
    'that the server answers with %d and does not do is an error, and aliases astray are put back',
    async (status, code) => {
      await staged();
      let posts = 0;
      let lists = 0;
      // The first call to move is swallowed; the list after it lacks the alias, as after a switch that broke in the middle.
      const decide = (method: string, url: string): Interference => {
        if (isAliases(method, url)) {
          const body = { result: true, status: status === 200 ? 'ok' : { error: 'busy' }, time: 0 };
          return ++posts === 1 ? { kind: 'answer', status, body } : PASS;
        }
        if (url !== '/aliases' || posts === 0) return PASS;
        lists += 1;
        return { kind: 'answer', status: 200, body: { result: { aliases: [] }, status: 'ok', time: 0 } };
      };
      await base.through(decide, async (relayed) => {
        expect((await failureOf(relayed.switchAlias(PHYSICAL))).code).toBe(code);
      });
      expect([posts, lists]).toEqual([2, 2]);
      expect(await base.aliases()).toEqual({ [LATEST]: PLAIN, [STAGING]: PHYSICAL });
    },
  );
});

describe('retiring a collection', () => {
  beforeEach(async () => {
    await staged();
    await base.store.switchAlias(PHYSICAL);
  });

  it('of the name that readers fall back to makes way for an alias, so that they see the same as the others', async () => {
    await base.admin.createSnapshot(PLAIN);
    for (let time = 0; time < 2; time++) expect(await base.store.retire(PLAIN)).toEqual({ aliased: true });
    expect(await base.aliases()).toEqual({ [LATEST]: PHYSICAL, [PLAIN]: PHYSICAL });
    expect(await base.names()).toEqual([PHYSICAL]);
    expect(await base.contents(PLAIN)).toEqual(await base.contents(PHYSICAL));
    // The next switch takes both along.
    await base.make(OTHER, OLD);
    expect(await base.store.switchAlias(OTHER)).toEqual({ previous: PHYSICAL });
    expect(await base.store.retire(PHYSICAL)).toEqual({ aliased: false });
    expect(await base.aliases()).toEqual({ [LATEST]: OTHER, [PLAIN]: OTHER });
    expect(await base.names()).toEqual([OTHER]);
  });

  it('goes on where a killed one had deleted the collection', async () => {
    await base.admin.deleteCollection(PLAIN);
    expect(await base.store.retire(PLAIN)).toEqual({ aliased: true });
    expect(await base.aliases()).toEqual({ [LATEST]: PHYSICAL, [PLAIN]: PHYSICAL });
  });

  it('is noticed by no reader who looks for the alias first', async () => {
    let over = false;
    let reads = 0;
    const read = async () => {
      while (!over) {
        expect((await base.store.status()).points).toBe(NEW.length);
        reads += 1;
      }
    };
    const reader = read();
    try {
      await base.store.retire(PLAIN);
    } finally {
      over = true;
      await reader;
    }
    expect(reads).toBeGreaterThan(0);
  });

  it('of another name takes its snapshots along, and is refused where anybody reads it', async () => {
    await base.make(OTHER, OLD);
    await base.admin.createSnapshot(OTHER);
    await base.alias(`${prefix}_reader`, OTHER);
    expect((await failureOf(base.store.retire(OTHER))).code).toBe('CONFIG_INVALID');
    await base.alias(`${prefix}_reader`, PHYSICAL);
    for (let time = 0; time < 2; time++) expect(await base.store.retire(OTHER)).toEqual({ aliased: false });
    expect(await base.names()).toEqual([PLAIN, PHYSICAL].sort());
    await base.make(OTHER, []);
    expect(await base.admin.listSnapshots(OTHER)).toEqual([]);
    await base.alias(`${prefix}_reader`, PLAIN);
    expect((await failureOf(base.store.retire(PLAIN))).code).toBe('CONFIG_INVALID');
    expect((await failureOf(base.store.retire(PHYSICAL))).code).toBe('CONFIG_INVALID');
    expect(await base.contents(PLAIN)).toHaveLength(OLD.length);
  });
});

test('production that is read as a plain collection is never retired', async () => {
  expect((await failureOf(base.store.retire(PLAIN))).code).toBe('CONFIG_INVALID');
  expect(await base.contents(PLAIN)).toHaveLength(OLD.length);
});
