import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { GraphConnection } from '../../stores/neo4j/driver';
import { exportGraph, fingerprintGraph } from '../../stores/neo4j/export';
import { restoreGraph } from '../../stores/neo4j/restore';
import type { GraphRestored } from '../../stores/ports';
import { neo4jTarget } from '../support/store-targets';
import { TEST_LABEL, TestGraph } from '../support/test-graph';

jest.setTimeout(300_000);

const CHAPTERS = 4;
const PARAGRAPHS = 12;
/** A chapter's changes are more than this, so that each is a transaction of its own. */
const MOST = 20;

let graph: TestGraph;
let folder: string;

beforeAll(async () => {
  graph = new TestGraph(await neo4jTarget());
});
beforeEach(async () => {
  await graph.clear();
  folder = await mkdtemp(path.join(tmpdir(), 'restore-by-chapter-'));
});
afterEach(() => rm(folder, { recursive: true }));
afterAll(() => graph.clear().finally(() => graph.close()));

const file = () => path.join(folder, 'export.gz');
const fingerprint = () => fingerprintGraph(graph.connection);

/** Chapters whose nodes lie in the file one beside the other, with a nameless section, a table, and a chain through all. */
async function makeBook(): Promise<void> {
  await graph.rows('CREATE CONSTRAINT hfv_test_chunk_id FOR (p:Paragraph) REQUIRE p.chunk_id IS UNIQUE');
  await graph.rows(`CREATE (:${TEST_LABEL}:Textbook {id: 'bailey'})`);
  await graph.rows(`UNWIND range(1, ${CHAPTERS}) AS c MATCH (t:Textbook)
    CREATE (t)-[:CONTAINS]->(h:${TEST_LABEL}:Chapter {id: 'bailey:ch' + c, state: 'new'})
    CREATE (h)-[:HAS_SECTION]->(:${TEST_LABEL}:Section {title: 'of ' + c, state: 'new', of: h.id})`);
  await graph.rows(`UNWIND range(1, ${PARAGRAPHS}) AS i UNWIND range(1, ${CHAPTERS}) AS c
    MATCH (s:Section {of: 'bailey:ch' + c})
    CREATE (s)-[:HAS_PARAGRAPH]->(p:${TEST_LABEL}:Paragraph {chunk_id: s.of + ':' + i, state: 'new', number: c * 100 + i})
    CREATE (p)-[:CONTAINS_TABLE]->(:${TEST_LABEL}:Table {chunk_id: p.chunk_id, state: 'new'})`);
  await graph.rows(`MATCH (p:Paragraph) WITH p ORDER BY p.number WITH collect(p) AS chain
    UNWIND range(0, size(chain) - 2) AS i WITH chain[i] AS a, chain[i + 1] AS b CREATE (a)-[:NEXT]->(b)`);
}

/** What a plain reader sees of each chapter: which states its nodes are in, and how many nodes and relationships it has. */
async function seen(): Promise<string[]> {
  const rows = await graph.rows(`UNWIND range(1, ${CHAPTERS}) AS c
    OPTIONAL MATCH (n) WHERE n.id = 'bailey:ch' + c OR n.of = 'bailey:ch' + c OR n.chunk_id STARTS WITH 'bailey:ch' + c + ':'
    WITH c, collect(n) AS nodes
    OPTIONAL MATCH (a)-[r]->(b) WHERE a IN nodes AND b IN nodes
    WITH c, nodes, count(r) AS links
    OPTIONAL MATCH (:Textbook)-[r:CONTAINS]->(h:Chapter {id: 'bailey:ch' + c})
    WITH c, nodes, links, count(r) AS held UNWIND CASE nodes WHEN [] THEN [null] ELSE nodes END AS n
    WITH c, links, held, count(n) AS nodes, collect(DISTINCT n.state) AS states
    RETURN c, nodes, links, held, states ORDER BY c`);
  return rows.map(({ states, nodes, links, held }) =>
    JSON.stringify([(states as string[]).sort(), nodes, links, held]),
  );
}

interface Watched {
  /** What was seen before the first commit and after each. */
  states: string[][];
  commits: number;
}

/** The same connection: somebody looks after each commit, and the process is killed after so many. */
function watching(watched: Watched, killedAfter = Infinity): GraphConnection {
  return {
    ...graph.connection,
    run: (query, parameters, options) => {
      if (options?.mode === 'write') throw new Error('written outside a transaction');
      return graph.connection.run(query, parameters, options);
    },
    transact: async (work, timeoutMs) => {
      if (watched.commits >= killedAfter) throw new Error('killed');
      const result = await graph.connection.transact(work, timeoutMs);
      watched.commits += 1;
      watched.states.push(await seen());
      return result;
    },
  };
}

async function restore(killedAfter?: number): Promise<Watched & { done?: GraphRestored }> {
  const watched: Watched = { states: [await seen()], commits: 0 };
  const done = await restoreGraph(watching(watched, killedAfter), file(), {}, MOST).catch((error: Error) => {
    if (error.message !== 'killed') throw error;
  });
  return { ...watched, ...(done && { done }) };
}

/** Every chapter is at every moment what it was before or what it is at last, and turns from the one to the other once. */
function expectWhole(states: readonly string[][], before: readonly string[], after: readonly string[]): void {
  for (const [c, old] of before.entries()) {
    const course = states.map((chapters) => chapters[c]);
    const turned = course.indexOf(after[c]);
    expect(course.map((one, i) => (i < turned ? one === old : one === after[c]))).not.toContain(false);
  }
}

const CHANGES: Record<string, string[]> = {
  emptied: ['MATCH (n) DETACH DELETE n'],
  'changed in every paragraph': [
    `MATCH (p:Paragraph) SET p.state = 'old'`,
    `MATCH (t:Table) SET t.state = 'old'`,
    `MATCH (s:Section) SET s.state = 'old'`,
    `MATCH (c:Chapter) SET c.state = 'old'`,
  ],
  'with other paragraphs under other names': [
    `MATCH (n) WHERE n:Paragraph OR n:Table SET n.chunk_id = n.chunk_id + 'x', n.state = 'old'`,
    `MATCH (s:Section) SET s.state = 'old'`,
    `MATCH (c:Chapter) SET c.state = 'old'`,
    `MATCH ()-[r:NEXT]->() DELETE r`,
    `CREATE (:${TEST_LABEL}:Textbook {id: 'another'})`,
  ],
};

describe.each(Object.keys(CHANGES))('a large restore of a graph that was %s', (name) => {
  const change = async () => {
    for (const query of CHANGES[name] ?? []) await graph.rows(query);
  };

  it('shows every chapter whole, at every commit', async () => {
    await makeBook();
    await exportGraph(graph.connection, file());
    const [wanted, after] = [await fingerprint(), await seen()];
    await change();
    const before = await seen();
    const { states, commits } = await restore();
    expect(commits).toBeGreaterThanOrEqual(CHAPTERS);
    expectWhole(states, before, after);
    expect(await fingerprint()).toEqual(wanted);
  });

  it('goes on after it was killed, behind whichever commit', async () => {
    await makeBook();
    await exportGraph(graph.connection, file());
    const [wanted, after] = [await fingerprint(), await seen()];
    for (let killedAfter = 1, over = false; !over; killedAfter++) {
      await change();
      const before = await seen();
      const first = await restore(killedAfter);
      over = first.done !== undefined;
      const second = await restore();
      expectWhole([...first.states, ...second.states], before, after);
      expect(second.done).toMatchObject(over ? { nodesCreated: 0, nodesUpdated: 0, nodesDeleted: 0 } : {});
      expect(await fingerprint()).toEqual(wanted);
    }
  });
});

it('takes as many chapters in one transaction as fit', async () => {
  await makeBook();
  await exportGraph(graph.connection, file());
  await graph.rows(`MATCH (p:Paragraph) SET p.state = 'old'`);
  const watched: Watched = { states: [], commits: 0 };
  await restoreGraph(watching(watched), file(), {}, 2 * PARAGRAPHS);
  expect(watched.commits).toBe(CHAPTERS / 2);
});

it('moves a unique value from one chapter to another, though not chapter by chapter', async () => {
  await makeBook();
  await graph.rows('CREATE CONSTRAINT hfv_test_number FOR (p:Paragraph) REQUIRE p.number IS UNIQUE');
  await exportGraph(graph.connection, file());
  const wanted = await fingerprint();
  await graph.rows('MATCH (p:Paragraph) SET p.number = -p.number');
  await graph.rows(`MATCH (p:Paragraph) SET p.number = (-p.number + 200) % 400`);
  await restore();
  expect(await fingerprint()).toEqual(wanted);
});

describe('the last look of a large restore', () => {
  it('comes before the first write and before the first commit: nothing is written where it says no', async () => {
    await makeBook();
    await exportGraph(graph.connection, file());
    await graph.rows(`MATCH (p:Paragraph) SET p.state = 'old'`);
    const mark = await graph.connection.bookmark();
    for (const refused of [1, 2]) {
      let looks = 0;
      const lastLook = async ({ atOnce }: { atOnce: boolean }) => {
        expect(atOnce).toBe(false);
        if (++looks === refused) throw new Error('somebody wrote');
        return Promise.resolve();
      };
      await expect(restoreGraph(graph.connection, file(), { lastLook }, MOST)).rejects.toThrow('somebody wrote');
      expect([looks, await graph.connection.bookmark()]).toEqual([refused, mark]);
    }
  });
});
