import { openVectorStore } from '../../stores/qdrant';
import { failureOf } from '../support/errors';
import { chapter, chunk, NAMES, StagedCollection } from './support/staged-collection';

jest.setTimeout(60_000);

const { collection: PRODUCTION, latest: LATEST, physical: PHYSICAL, staging: STAGING } = NAMES;
const POINTS = [...chapter('bailey:ch1', 30), ...chapter('bailey:ch2', 20)];

let base: StagedCollection;

beforeAll(async () => {
  base = await StagedCollection.open();
});
beforeEach(async () => {
  await base.clear();
  await base.make(PRODUCTION, POINTS);
});
afterAll(() => base.close());

describe.each([
  ['in place', STAGING],
  ['alias', PHYSICAL],
])('staging where production is read %s', (mode, expected) => {
  beforeEach(async () => {
    if (mode === 'alias') await base.alias(LATEST, PRODUCTION);
  });
  const aliases = (staged: boolean) =>
    mode === 'alias' ? { [LATEST]: PRODUCTION, ...(staged && { [STAGING]: PHYSICAL }) } : {};

  it('is made of a snapshot, as often as asked, and production stays as it is', async () => {
    const file = await base.snapshotOf();
    const whole = await base.contents(PRODUCTION);
    for (let time = 0; time < 2; time++) {
      const made = await base.store.prepareStaging({ file, points: POINTS.length }, PHYSICAL);
      expect(made).toEqual({ collection: expected, points: POINTS.length });
      expect(await base.contents(STAGING)).toEqual(whole);
      expect(await base.aliases()).toEqual(aliases(true));
      await base.remove(STAGING, POINTS.slice(0, 3));
    }
    expect(await base.contents(PRODUCTION)).toEqual(whole);
    expect(await base.names()).toEqual([PRODUCTION, expected].sort());
    expect(await base.settings(STAGING)).toEqual(await base.settings(PRODUCTION));
  });

  it('is made empty, with settings and indexes of production', async () => {
    expect(await base.store.prepareStaging('empty', PHYSICAL)).toEqual({ collection: expected, points: 0 });
    expect(await base.settings(STAGING)).toEqual(await base.settings(PRODUCTION));
    expect(await base.aliases()).toEqual(aliases(true));
  });

  it('takes the place of whatever was staged before, in the one way or the other', async () => {
    await base.make(mode === 'alias' ? STAGING : PHYSICAL, chapter('old:ch1', 2));
    if (mode !== 'alias') await base.alias(STAGING, PHYSICAL);
    expect(await base.store.prepareStaging('empty', PHYSICAL)).toEqual({ collection: expected, points: 0 });
    expect(await base.names()).toEqual([PRODUCTION, expected].sort());
    expect(await base.aliases()).toEqual(aliases(true));
  });

  it('is made anew where a killed one left the collection without its alias', async () => {
    await base.make(expected, chapter('half:ch1', 2));
    expect(await base.store.prepareStaging('empty', PHYSICAL)).toEqual({ collection: expected, points: 0 });
    expect(await base.aliases()).toEqual(aliases(true));
  });

  it('is not made of a snapshot with another number of points, and nothing is left', async () => {
    const file = await base.snapshotOf();
    const error = await failureOf(base.store.prepareStaging({ file, points: POINTS.length + 1 }, PHYSICAL));
    expect(error.code).toBe('ARTIFACT_DAMAGED');
    expect(await base.names()).toEqual([PRODUCTION]);
    expect(await base.aliases()).toEqual(aliases(false));
  });

  it('is dropped with its snapshots and its alias, once', async () => {
    await base.store.prepareStaging('empty', PHYSICAL);
    await base.admin.createSnapshot(STAGING);
    expect(await base.store.dropStaging()).toBe(true);
    expect(await base.store.dropStaging()).toBe(false);
    expect(await base.names()).toEqual([PRODUCTION]);
    expect(await base.aliases()).toEqual(aliases(false));
    await base.make(expected, []);
    expect(await base.admin.listSnapshots(expected)).toEqual([]);
  });

  it('is searched and checked by its own name', async () => {
    const { collection } = await base.store.prepareStaging('empty', PHYSICAL);
    await base.put(STAGING, chapter('bailey:ch9', 3));
    const found = await base.store.nearestIn(collection, chunk('bailey:ch9', 2).vector, 2);
    expect(found.map(({ chunkId }) => chunkId)).toEqual(['bailey:ch9:1.2', 'bailey:ch9:1.1']);
    const checks = base.store.checksOf(collection);
    expect(await checks.status()).toEqual({ points: 3, status: 'green' });
    const chunkIds: string[] = [];
    for await (const page of checks.chunks()) chunkIds.push(...page.chunkIds);
    expect(chunkIds.sort()).toEqual(['bailey:ch9:1.0', 'bailey:ch9:1.1', 'bailey:ch9:1.2']);
    expect((await base.store.status()).points).toBe(POINTS.length);
  });
});

describe('production is never staging', () => {
  it('neither by its name, nor by an alias, nor by the name that readers look for first', async () => {
    await base.alias(LATEST, PRODUCTION);
    const whole = await base.contents(PRODUCTION);
    for (const name of [PRODUCTION, LATEST]) {
      expect((await failureOf(base.store.prepareStaging('empty', name))).code).toBe('CONFIG_INVALID');
    }
    await base.alias(STAGING, PRODUCTION);
    expect((await failureOf(base.store.dropStaging())).code).toBe('CONFIG_INVALID');
    expect((await failureOf(base.store.prepareStaging('empty', PHYSICAL))).code).toBe('CONFIG_INVALID');
    expect(await base.contents(PRODUCTION)).toEqual(whole);
    const plain = openVectorStore({ ...base.target, collection: STAGING });
    expect((await failureOf(plain.dropStaging())).code).toBe('CONFIG_INVALID');
  });

  it('nor is a collection that somebody else reads by another alias', async () => {
    await base.make(STAGING, []);
    await base.alias(`${NAMES.prefix}_other`, STAGING);
    expect((await failureOf(base.store.dropStaging())).code).toBe('CONFIG_INVALID');
    expect(await base.names()).toEqual([PRODUCTION, STAGING].sort());
  });
});

describe('staging fits', () => {
  const fails = async () => failureOf(base.store.assertStagingFits());

  it('where vectors and places are right, whatever else differs', async () => {
    await base.store.prepareStaging('empty', PHYSICAL);
    await base.put(STAGING, chapter('new:ch1', 5, 2));
    await expect(base.store.assertStagingFits()).resolves.toBeUndefined();
  });

  it('not where there is none', async () => {
    expect((await fails()).code).toBe('NOT_STAGING');
  });

  it.each([
    ['dimension', { size: 8, distance: 'Cosine' as const }, '"size":8'],
    ['distance', { size: 4, distance: 'Dot' as const }, '"distance":"Dot"'],
    ['kind of number', { size: 4, distance: 'Cosine' as const, datatype: 'float16' as const }, '"datatype":"float16"'],
    ['name', { dense: { size: 4, distance: 'Cosine' as const } }, '"dense"'],
  ])('not where the vectors are of another %s', async (_, vectors, said) => {
    await base.admin.createCollection(STAGING, { vectors });
    const error = await fails();
    expect(error.code).toBe('STAGING_UNFIT');
    expect(error.facts.found).toContain(said);
    expect(error.facts.expected).toContain('"distance":"Cosine"');
  });

  it('not where a point is not where its chunk_id says, with samples', async () => {
    await base.make(STAGING, chapter('bailey:ch1', 3));
    const misplaced = Array.from({ length: 25 }, (_, n) => ({ ...chunk('bailey:ch2', n), id: chunk('x:ch1', n).id }));
    await base.put(STAGING, misplaced);
    await base.put(STAGING, [{ ...chunk('bailey:ch3', 1), payload: { chapter_id: 'bailey:ch3' } }]);
    const error = await fails();
    expect(error).toMatchObject({ code: 'STAGING_UNFIT', facts: { details: { total: 26 } } });
    const { samples } = error.facts.details as { samples: string[] };
    expect(samples).toHaveLength(20);
    expect(error.facts.found).toMatch(/^26 points/);
    await base.remove(STAGING, misplaced);
    expect((await fails()).facts.details).toEqual({
      total: 1,
      samples: [`point ${chunk('bailey:ch3', 1).id} has no chunk_id`],
    });
  });
});
