import { toNumber, type GraphConnection } from '../../stores/neo4j/driver';
import { switchStaged } from '../../stores/neo4j/switch';
import { plainChapter, type Chapter } from './support/books';
import { StagedWorld, TOKEN } from './support/staged-world';

jest.setTimeout(300_000);

const NUMBERS = Array.from({ length: 45 }, (_, nth) => String(nth + 1));
const CHAPTERS = ['x:ch1', 'x:ch2', 'x:ch3'];
/** There at first, and removed. */
const GOING = 'x:ch4';
const IDS = [...CHAPTERS, GOING];
/** Reads that begin and end while a transaction has done its work and is not committed. */
const READS_HELD = 8;

/** All that a chapter says tells which edition it is; from edition to edition a third of its paragraphs comes or goes. */
function chapterOf(id: string, nth: number): Chapter {
  const numbers = NUMBERS.filter((_, at) => at % 3 !== nth % 3);
  const chapter = plainChapter(id, numbers, { title: `edition ${nth}`, sections: ['s1', 's2', `of edition ${nth}`] });
  return { ...chapter, paragraphs: chapter.paragraphs.map((p) => ({ ...p, text: `edition ${nth}` })) };
}

const edition = (nth: number) => CHAPTERS.map((id) => chapterOf(id, nth));

/** A chapter whole, in words: its title, its sections, its paragraphs and the order in which they follow each other. */
function wordsOf({ id, title, sections, paragraphs }: Chapter): string {
  const keys = paragraphs.map(({ number }) => `${id}:${number}`);
  return inWords({
    title,
    sections: sections.map((name) => `section ${name}`),
    texts: paragraphs.map(({ number, text }) => `${id}:${number} ${text}`),
    chain: keys.slice(1).map((key, nth) => `${keys[nth]} ${key}`),
    paragraphs: keys.length,
  });
}

interface Found {
  title: string | null;
  sections: string[];
  texts: string[];
  chain: string[];
  /** That have its name, wherever they hang. */
  paragraphs: number;
}

const ABSENT = 'absent';

function inWords({ title, sections, texts, chain, paragraphs }: Found): string {
  if (title === null && paragraphs === 0) return ABSENT;
  return JSON.stringify([title, paragraphs, ...[sections, texts, chain].map((list) => [...list].sort())]);
}

/** The chapters by one statement, as a plain reader asks for them. */
const BELOW = `(c)-[:HAS_SECTION|HAS_SUBSECTION*1..2]->()-[:HAS_PARAGRAPH]->(p)`;
const READ = `UNWIND $ids AS id OPTIONAL MATCH (c:Chapter {id: id})
  RETURN c.title AS title, [(c)-[:HAS_SECTION|HAS_SUBSECTION*1..2]->(s) | s.title] AS sections,
    [${BELOW} | p.chunk_id + ' ' + p.text] AS texts, [${BELOW}-[:NEXT]->(q) | p.chunk_id + ' ' + q.chunk_id] AS chain,
    COUNT { MATCH (p:Paragraph) WHERE p.chunk_id STARTS WITH id + ':' } AS paragraphs,
    [${BELOW} WHERE any(l IN labels(p) WHERE l = 'staging' OR l STARTS WITH 'Staged') | p.chunk_id] AS staged`;

let world: StagedWorld;

beforeAll(async () => {
  world = await StagedWorld.make();
});
afterAll(() => world.close());

interface Seen {
  /** Commits that were over when it began; undefined where it overlapped one. */
  after?: number;
  chapters: string[];
  titles: (string | null)[];
  staged: string[];
}

/** Reads on, whatever is done beside; knows of every commit when it begins and when it is over. */
class Watch {
  readonly seen: Seen[] = [];
  commits = 0;
  #committing = false;

  async read(): Promise<void> {
    const [began, whileCommitting] = [this.commits, this.#committing];
    const rows = await world.graph.connection.run(READ, { ids: IDS });
    const found = rows.map((row) => {
      const one = row.toObject() as unknown as Found & { staged: string[] };
      return { ...one, paragraphs: toNumber(one.paragraphs) };
    });
    const overlaps = whileCommitting || this.#committing || began !== this.commits;
    this.seen.push({
      after: overlaps ? undefined : began,
      chapters: found.map(inWords),
      titles: found.map(({ title }) => title),
      staged: found.flatMap(({ staged }) => staged),
    });
  }

  /** The same connection; each of its transactions is held right before its commit until it was read some times. */
  holding(connection: GraphConnection): GraphConnection {
    const transact: GraphConnection['transact'] = async (work, timeoutMs) => {
      const held: typeof work = async (send) => {
        const result = await work(send);
        for (let nth = 0; nth < READS_HELD; nth++) await this.read();
        this.#committing = true;
        return result;
      };
      try {
        return await connection.transact(held, timeoutMs);
      } finally {
        this.commits++;
        this.#committing = false;
        await this.read();
      }
    };
    return { ...connection, transact };
  }

  async while(work: () => Promise<void>): Promise<void> {
    let over = false;
    const reader = (async () => {
      while (!over) await this.read();
    })();
    await work().finally(() => (over = true));
    await reader;
  }
}

/** After so many commits production is this, chapter by chapter; whoever overlapped none of them saw it so. */
function expectOnly(watch: Watch, stages: string[][]): void {
  const { seen, commits } = watch;
  const beside = seen.filter(({ after }) => after === undefined);
  process.stderr.write(`${seen.length} reads beside ${commits} commits, ${beside.length} of them overlapped one\n`);
  const told = new Map(stages.flat().map((words) => [words, titleIn(words) ?? words]));
  const tell = (chapters: readonly string[]) => chapters.map((words) => told.get(words) ?? `half: ${words}`);
  const others = seen.flatMap(({ after, chapters }) => {
    const now = after === undefined ? chapters : (stages[after] ?? []);
    return now.join() === chapters.join() ? [] : [[tell(chapters), 'instead of', tell(now)]];
  });
  // There may be hundreds.
  expect(others.slice(0, 2)).toEqual([]);
  expect(seen.flatMap(({ staged }) => staged)).toEqual([]);
  expect(commits).toBe(stages.length - 1);
  // While each commit was held, and after it.
  stages.forEach((_, nth) => {
    const least = nth < commits ? READS_HELD : 1;
    expect(seen.filter(({ after }) => after === nth).length).toBeGreaterThanOrEqual(least);
  });
  // Even who overlaps a commit meets nothing but what was before it and what comes after.
  const known = new Set(stages.flat().map(titleIn));
  expect(beside.flatMap(({ titles }) => titles).filter((title) => !known.has(title))).toEqual([]);
}

const titleIn = (words: string) => (words === ABSENT ? null : String((JSON.parse(words) as unknown[])[0]));
const states = (nth: number, going = true) => [
  ...edition(nth).map(wordsOf),
  going ? wordsOf(chapterOf(GOING, 0)) : ABSENT,
];

it('up to its commit a switch is seen by nobody, from then on whole by everybody', async () => {
  const watch = new Watch();
  const rounds = [1, 2, 3];
  await world.produce({ chapters: [...edition(0), chapterOf(GOING, 0)], links: [] });
  await watch.while(async () => {
    for (const nth of rounds) {
      await world.stage({ chapters: edition(nth), links: [] });
      const removed = nth === rounds.length ? [GOING] : [];
      const done = await switchStaged(watch.holding(world.graph.connection), { token: TOKEN, removed });
      expect(done.transactions).toBe(1);
    }
  });
  expectOnly(watch, [states(0), ...rounds.map((nth) => states(nth, nth < rounds.length))]);
});

it('with a transaction for each chapter, every chapter is wholly old or wholly new between them', async () => {
  const watch = new Watch();
  await world.produce({ chapters: [...edition(0), chapterOf(GOING, 0)], links: [] });
  await world.stage({ chapters: edition(1), links: [] });
  await watch.while(async () => {
    const connection = watch.holding(world.graph.connection);
    const done = await switchStaged(connection, { token: TOKEN, removed: [GOING] }, {}, 1);
    expect(done.transactions).toBe(IDS.length);
  });
  const [before, after] = [states(0), states(1, false)];
  const between = IDS.map((_, done) => [...after.slice(0, done), ...before.slice(done)]);
  expectOnly(watch, [...between, after]);
});
