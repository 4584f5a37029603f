import { setTimeout as pause } from 'node:timers/promises';
import { Transaction } from 'neo4j-driver';
import type { ActivityDeps } from '../../activities';
import { readOneVersion } from '../../client/reader';
import type { RestoreOutcome } from '../../domain/restore';
import { createWorkers } from '../../worker/create';
import { TestBase } from '../support/base';
import { connectLive, ownQueue, type Live } from '../support/live';
import { withMeddling, type Meddling } from '../support/meddle';
import { chapterOf, Publishing, registerBaseline } from '../support/publishing';
import { until } from '../support/until';
import { workflowBundle } from '../support/workflow-env';

jest.setTimeout(300_000);

const PARAGRAPHS = 60;
const CHAPTER = 'bailey:ch900';
/** Published one after the other, and gone back to the first at the end. */
const EDITIONS = ['r1', 'r2', 'r3'];
const READERS = 2;
const PACE_MS = 50;
/** From edition to edition paragraphs come and go. */
const sizeOf = (edition: string) => 30 + 7 * EDITIONS.indexOf(edition);

const taskQueue = ownQueue();
let live: Live;
let base: TestBase;
let deps: ActivityDeps;
let stopWorkers: () => Promise<void> = () => Promise.resolve();
/** Looks so far: of plain readers, and of the others into the journal. */
let plainReads = 0;
let lookups = 0;
/** How often the stores were held apart for the readers to look. */
let heldApart = 0;
/** Neo4j's commits in a switch: how many are over, and whether one lands. Each is held until the readers have looked. */
const commits = { over: 0, landing: false };

/** Between two stores of a switch: nothing goes on before every reader has looked again. */
const whileReadersLook = async () => {
  heldApart++;
  await looksOf(
    () => plainReads,
    () => lookups,
  );
};

async function looksOf(...counts: (() => number)[]): Promise<void> {
  const before = counts.map((count) => count());
  await until(
    'looks',
    () => Math.min(...counts.map((count, nth) => count() - (before[nth] ?? 0))),
    (looks) => looks > 2 * READERS,
  );
}

/** Not by the journal: a plain reader has no excuse but a commit that lands while its statement runs. */
function watchCommits(): void {
  const commit = Transaction.prototype.commit;
  jest.spyOn(Transaction.prototype, 'commit').mockImplementation(async function (this: Transaction) {
    if (!moment().switching) return commit.call(this);
    await looksOf(() => plainReads);
    commits.landing = true;
    try {
      await commit.call(this);
    } finally {
      commits.over++;
      commits.landing = false;
    }
  });
}

beforeAll(async () => {
  live = await connectLive();
  base = await TestBase.make({ paragraphs: PARAGRAPHS });
  deps = live.open(base.settings);
  // The first edition is there before anybody reads.
  const meddlings: Meddling[] = [
    ...['graph.switchStaged', 'vectors.applyDelta'].flatMap((before) =>
      [2, 3].map((nth) => ({ before, nth, effect: whileReadersLook })),
    ),
    { before: 'vectors.restoreFrom', effect: whileReadersLook },
  ];
  const workers = await createWorkers({
    ...{ connection: live.nativeConnection, namespace: live.namespace, taskQueue, bundle: await workflowBundle() },
    deps: withMeddling(deps, meddlings),
  });
  const running = Promise.all(workers.map((worker) => worker.run()));
  stopWorkers = async () => {
    workers.forEach((worker) => worker.shutdown());
    await running;
  };
  await registerBaseline(live, taskQueue);
});
afterEach(() => jest.restoreAllMocks());
afterEach(() => Publishing.closeLast());
afterAll(async () => {
  await stopWorkers();
  await live?.close().finally(() => base?.close());
});

async function publish(edition: string): Promise<string> {
  const publishing = await Publishing.open(live, base, taskQueue);
  await publishing.write([chapterOf('bailey', '900', edition, sizeOf(edition))]);
  const { outcome, versionId } = await publishing.promoted();
  expect(outcome).toBe('committed');
  return versionId;
}

/** What was read of the chapter: the editions that its title and its texts are of, and how many texts there were. */
interface Seen {
  editions: string[];
  texts: number;
}

const editionOf = (text: string) => /edition (\w+)/i.exec(text)?.[1] ?? 'none';

function seen(title: string | undefined, texts: readonly string[]): Seen {
  return { editions: [...new Set([title ?? '', ...texts].map(editionOf))].sort(), texts: texts.length };
}

const isWhole = ({ editions: [first = '', ...others], texts }: Seen) => others.length === 0 && texts === sizeOf(first);

/** Chapter and all its paragraphs, by one statement. */
async function readGraph(): Promise<Seen> {
  const [row] = await base.cypher<{ title: string; texts: string[] }>(
    `MATCH (c:Chapter {id: $id}) OPTIONAL MATCH (c)-[:HAS_SECTION]->()-[:HAS_PARAGRAPH]->(p:Paragraph)
     RETURN c.title AS title, collect(p.text) AS texts`,
    { id: CHAPTER },
  );
  return seen(row?.title, row?.texts ?? []);
}

async function readPoints(): Promise<Seen> {
  const { points } = await base.qdrant<{ points: { payload: { text: string; chapter_title: string } }[] }>(
    'POST',
    '/collections/textbook_chunks/points/scroll',
    { limit: 200, with_payload: true, filter: { must: [{ key: 'chapter_id', match: { value: CHAPTER } }] } },
  );
  const texts = points.map(({ payload }) => payload.text);
  const titles = [...new Set(points.map(({ payload }) => payload.chapter_title))];
  return { ...seen(titles[0], [...titles, ...texts]), texts: texts.length };
}

const titleOf = () =>
  base.sql<{ title: string }>(`SELECT title FROM chapter_metadata WHERE chapter_number = '900'`)[0]?.title;

interface Read {
  versionId: string;
  editions: string[];
  whole: boolean;
}

async function readAll(versionId: string): Promise<Read> {
  const [title, points, graph] = [editionOf(titleOf() ?? ''), await readPoints(), await readGraph()];
  const editions = [...new Set([title, ...points.editions, ...graph.editions])].sort();
  return { versionId, editions, whole: isWhole(points) && isWhole(graph) };
}

/** The journal's own, counting who looks. */
const journal: Pick<typeof deps.metadata.journal, 'list' | 'current'> = {
  list: () => (lookups++, deps.metadata.journal.list()),
  current: () => deps.metadata.journal.current(),
};

interface PlainRead extends Seen {
  /** A switch was under way before or after it, or began and ended meanwhile. */
  besideSwitch: boolean;
  /** One of its commits landed while it was asked. */
  overlapsCommit: boolean;
}

function moment(): { id: number; switching: boolean } {
  const newest = deps.metadata.journal.list()[0];
  return { id: newest?.id ?? 0, switching: newest?.state === 'switching' };
}

async function plainRead(): Promise<PlainRead> {
  const before = { ...moment(), ...commits };
  const found = await readGraph();
  plainReads++;
  const after = { ...moment(), ...commits };
  return {
    ...found,
    besideSwitch: before.switching || after.switching || before.id !== after.id,
    overlapsCommit: before.landing || after.landing || before.over !== after.over,
  };
}

/** Readers that read on until the work is done, whatever becomes of it. */
async function whileReading(work: (reads: Read[]) => Promise<void>): Promise<{ plain: PlainRead[]; reads: Read[] }> {
  const plain: PlainRead[] = [];
  const reads: Read[] = [];
  let over = false;
  const repeat = async (once: () => Promise<unknown>) => {
    while (!over) {
      await once();
      // Away from a switch there is nothing to be met: the stores have other work to do.
      if (!moment().switching) await pause(PACE_MS);
    }
  };
  const readers = Array.from({ length: READERS }, () => [
    repeat(async () => plain.push(await plainRead())),
    repeat(async () =>
      reads.push(await readOneVersion(journal, ({ versionId }) => readAll(versionId), { pauseMs: 5 })),
    ),
  ]).flat();
  const all = Promise.all(readers);
  try {
    // A reader that fails ends the test, and not only what it has not read.
    await Promise.race([work(reads), all]);
  } finally {
    over = true;
    await all;
  }
  return { plain, reads };
}

test('readers beside promotes and a restore: who looks the version up never meets a mixture', async () => {
  const [first = '', ...later] = EDITIONS;
  const versions: Record<string, string> = { [first]: await publish(first) };
  watchCommits();
  const { plain, reads } = await whileReading(async (reads) => {
    const meets = (versionId: string) =>
      until(
        'a read',
        () => reads.at(-1)?.versionId,
        (found) => found === versionId,
      );
    await meets(versions[first] ?? '');
    for (const edition of later) await meets((versions[edition] = await publish(edition)));
    const back = versions[first] ?? '';
    const args = [{ version: back }];
    const restored = await live.client.workflow.execute<() => Promise<RestoreOutcome>>('restoreVersion', {
      ...{ taskQueue, workflowId: `${taskQueue}-restore`, args: args as unknown as [] },
    });
    expect(restored).toMatchObject({ versionId: back, proven: true });
    await meets(back);
  });

  // Who looks the version up: what was read is of the version that was named, in all three stores.
  expect(reads.filter(({ whole, editions, versionId }) => !whole || versions[editions.join()] !== versionId)).toEqual(
    [],
  );
  const inTurn = reads.map(({ editions }) => editions.join()).filter((edition, at, all) => edition !== all[at - 1]);
  // Two readers hand in what they read in the order in which they end, which beside a commit may be any.
  expect([...new Set(inTurn)]).toEqual(EDITIONS);
  expect(inTurn.at(-1)).toBe(first);
  expect(heldApart).toBe(2 * later.length + 1);

  // Who asks Neo4j alone gets the chapter whole, beside a switch as well as apart from one; only while a commit lands it
  // may be a mixture, and of no more than the two editions that follow each other.
  const mixed = plain.filter((read) => !isWhole(read));
  const beside = plain.filter(({ besideSwitch }) => besideSwitch);
  const landing = plain.filter(({ overlapsCommit }) => overlapsCommit);
  const times = (edition: string) => plain.filter((read) => isWhole(read) && read.editions[0] === edition).length;
  process.stderr.write(
    `${plain.length} plain reads, ${beside.length} beside a switch, ${landing.length} while a commit landed, ` +
      `${mixed.length} mixtures; whole: ` +
      `${EDITIONS.map((edition) => `${edition} ${times(edition)}`).join(', ')}; ${reads.length} reads of one version\n`,
  );
  expect(mixed.filter(({ overlapsCommit }) => !overlapsCommit)).toEqual([]);
  expect(mixed.filter(({ editions }) => editions.length > 2)).toEqual([]);
  expect(EDITIONS.filter((edition) => times(edition) === 0)).toEqual([]);
  expect(beside.length - landing.length).toBeGreaterThan(0);
  // One commit a promote, and that of the restore.
  expect(commits.over).toBe(later.length + 1);
});
