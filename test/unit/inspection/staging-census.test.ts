import { takeCensus } from '../../../inspection/staging/census';
import type { CheckedStores } from '../../../inspection/checks';
import type { ChunkPage } from '../../../stores/ports';

type Store = 'SQLite' | 'Qdrant' | 'Neo4j';

const CHAPTERS = ['bailey:ch1', 'bailey:ch2', 'schwartz:ch1'];
const chunksOf = (chapters: readonly string[]) => chapters.flatMap((chapter) => [`${chapter}:1.1`, `${chapter}:1.2`]);

async function* pages(chunkIds: string[], unnamed: string[] = []): AsyncGenerator<ChunkPage> {
  // More than one page, and one that holds nothing.
  yield { chunkIds: chunkIds.slice(0, 1), unnamed: [] };
  yield { chunkIds: [], unnamed };
  yield { chunkIds: chunkIds.slice(1), unnamed: [] };
}

/** Stores that know these chapters; `given` says of one what it knows instead. */
function viewOf(given: Partial<Record<Store, readonly string[]>> = {}, unnamed: string[] = []): CheckedStores {
  const of = (store: Store) => given[store] ?? CHAPTERS;
  const rows = of('SQLite').map((chapter) => {
    const [textbookId = '', chapterNumber = ''] = chapter.split(':ch');
    return { textbookId, chapterNumber };
  });
  return {
    metadata: { chapters: () => rows },
    vectors: { chunks: () => pages(chunksOf(of('Qdrant')), unnamed) },
    graph: { chunks: () => pages(chunksOf(of('Neo4j'))) },
  } as unknown as CheckedStores;
}

const without = (chapter: string) => CHAPTERS.filter((one) => one !== chapter);

test('passes where every chapter is known to all three, and tells what it counted', async () => {
  const census = await takeCensus(viewOf({}, ['point 7']), {});
  expect(census.check).toMatchObject({
    ...{ passed: true, severity: 'critical', actual: '3 chapters in each' },
    offenders: { total: 0, samples: [] },
  });
  // A point without a chunk id is a point all the same.
  expect(census).toMatchObject({ chapters: 3, points: 7, paragraphs: 6 });
});

test.each<Store>(['SQLite', 'Qdrant', 'Neo4j'])(
  'refuses a chapter that is missing in %s, and names both',
  async (store) => {
    const { check } = await takeCensus(viewOf({ [store]: without('bailey:ch2') }), {});
    expect(check).toMatchObject({
      ...{ passed: false, severity: 'critical', actual: '1 chapters are not' },
      offenders: { total: 1, samples: [`bailey:ch2: not in ${store}`] },
    });
  },
);

test.each<[Store, string]>([
  ['SQLite', 'Qdrant and Neo4j'],
  ['Qdrant', 'SQLite and Neo4j'],
  ['Neo4j', 'SQLite and Qdrant'],
])('refuses a chapter that %s alone knows', async (store, others) => {
  const { check } = await takeCensus(viewOf({ [store]: [...CHAPTERS, 'sabiston:ch9'] }), {});
  expect(check).toMatchObject({ passed: false, offenders: { samples: [`sabiston:ch9: not in ${others}`] } });
});

test('refuses where a store knows as many chapters as the others, but others', async () => {
  const { check } = await takeCensus(viewOf({ Qdrant: [...without('bailey:ch2'), 'bailey:ch02'] }), {});
  expect(check.offenders).toEqual({
    total: 2,
    samples: ['bailey:ch02: not in SQLite and Neo4j', 'bailey:ch2: not in Qdrant'],
  });
});

test('refuses a staging that is empty: nothing equals nothing, and proves nothing', async () => {
  const { check, ...counts } = await takeCensus(viewOf({ SQLite: [], Qdrant: [], Neo4j: [] }), {});
  expect(check).toMatchObject({ passed: false, actual: '0 chapters in each' });
  expect(counts).toMatchObject({ chapters: 0, points: 0, paragraphs: 0 });
});

test('counts every orphan, and samples twenty', async () => {
  const surplus = Array.from({ length: 25 }, (_, nth) => `tome:ch${100 + nth}`);
  const { check } = await takeCensus(viewOf({ Neo4j: [...CHAPTERS, ...surplus] }), {});
  expect(check.actual).toBe('25 chapters are not');
  expect(check.offenders?.total).toBe(25);
  expect(check.offenders?.samples).toEqual(
    surplus.slice(0, 20).map((chapter) => `${chapter}: not in SQLite and Qdrant`),
  );
});

test("measures SQLite's rows by Qdrant's chunks, and not by themselves", async () => {
  const { chapters, measured } = await takeCensus(viewOf({ SQLite: without('bailey:ch2') }), {});
  expect(chapters).toBe(2);
  expect(measured).toMatchObject({ chapters: 3, perTextbook: { bailey: 2, schwartz: 1 } });
});
