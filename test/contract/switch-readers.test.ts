import { plainChapter, type Book, type Chapter } from './support/books';
import { StagedWorld } from './support/staged-world';

jest.setTimeout(300_000);

const NUMBERS = Array.from({ length: 60 }, (_, nth) => String(nth + 1));
const ROUNDS = 12;

/** Every paragraph of an edition says which it is; from edition to edition a third of them comes or goes. */
function edition(nth: number): Chapter {
  const numbers = NUMBERS.filter((_, at) => at % 3 !== nth % 3);
  const chapter = plainChapter('x:ch1', numbers);
  return { ...chapter, paragraphs: chapter.paragraphs.map((p) => ({ ...p, text: `edition ${nth}` })) };
}

const book = (nth: number): Book => ({ chapters: [edition(nth)], links: [] });
/** The chapter by one statement, as a plain reader asks for it. */
const READ = `MATCH (c:Chapter {id: 'x:ch1'})-[:HAS_SECTION|HAS_SUBSECTION*1..2]->()-[:HAS_PARAGRAPH]->(p:Paragraph)
  RETURN collect(p.text) AS texts, collect(labels(p)) AS labels`;

let world: StagedWorld;

beforeAll(async () => {
  world = await StagedWorld.make();
});
afterAll(() => world.close());

interface Seen {
  startedAt: number;
  endedAt: number;
  editions: string[];
  count: number;
  staged: boolean;
}

async function look(): Promise<Seen> {
  const startedAt = performance.now();
  const [row] = await world.graph.connection.run(READ);
  const texts = row?.get('texts') as string[];
  const labels = (row?.get('labels') as string[][]).flat();
  return {
    ...{ startedAt, endedAt: performance.now(), count: texts.length },
    editions: [...new Set(texts)].sort(),
    staged: labels.some((label) => label.startsWith('Staged') || label === 'staging'),
  };
}

it('a plain reader that does not overlap a commit sees one edition, whole; none ever sees what is staged', async () => {
  await world.produce(book(0));
  const seen: Seen[] = [];
  const commits: { from: number; to: number }[] = [];
  let over = false;
  const readers = Array.from({ length: 2 }, async () => {
    while (!over) seen.push(await look());
  });
  try {
    for (let nth = 1; nth <= ROUNDS; nth++) {
      await world.stage(book(nth));
      const from = performance.now();
      await world.switch();
      commits.push({ from, to: performance.now() });
    }
  } finally {
    over = true;
    await Promise.all(readers);
  }
  const overlaps = ({ startedAt, endedAt }: Seen) => commits.some(({ from, to }) => startedAt < to && endedAt > from);
  const quiet = seen.filter((one) => !overlaps(one));
  const mixed = seen.filter(({ editions, count }) => editions.length !== 1 || count !== 40);
  process.stderr.write(
    `${seen.length} reads, ${seen.length - quiet.length} beside a switch, ${mixed.length} of them saw a mixture\n`,
  );
  expect(seen.filter(({ staged }) => staged)).toEqual([]);
  expect(quiet.length).toBeGreaterThan(0);
  expect(quiet.filter((one) => mixed.includes(one))).toEqual([]);
  // A mixture is of two editions that follow each other: never of more.
  expect(mixed.filter(({ editions }) => editions.length > 2)).toEqual([]);
});
