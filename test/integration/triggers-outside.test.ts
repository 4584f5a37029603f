import { openGraphStore } from '../../stores/neo4j';
import { openVectorStore } from '../../stores/qdrant';
import { HttpRelay, type Interference } from '../support/http-relay';
import type { Meddling } from '../support/meddle';
import { Provoking } from '../support/provoking';
import { neo4jTarget } from '../support/store-targets';
import { TcpRelay } from '../support/tcp-relay';

jest.setTimeout(300_000);

/** The triggers again, by what is wrong outside of the run: a server that fails, lies or is slow, a lock, a writer. */

const PASS: Interference = { kind: 'pass' };
const POINTS = '/collections/textbook_chunks/points';
const SNAPSHOTS = '/collections/textbook_chunks/snapshots';

/** Of what the server says meanwhile; a whole one of the small base takes some times as much. */
const MIDDLE_OF_AN_EXPORT = 20_000;

let on: Provoking;
let relay: HttpRelay;
/** What the relay before Qdrant does; nothing until a test says so. */
let interfere: (method: string, path: string) => Interference;
/** The stores as they are, but Qdrant is reached by the relay. */
let relayed: Pick<Provoking['deps'], 'vectors'>;

beforeAll(async () => {
  on = await Provoking.open();
  const { qdrant } = on.base.settings;
  relay = new HttpRelay(qdrant.url, (method, path) => interfere(method, path));
  relayed = { vectors: openVectorStore({ ...qdrant, url: await relay.start() }) };
});
beforeEach(async () => {
  interfere = () => PASS;
  await on.remember();
});
afterEach(() => on.base.unregister());
afterAll(async () => {
  await relay?.stop();
  await on?.close();
});

const failing: Interference = { kind: 'answer', status: 500, body: { status: { error: 'the disk is gone' } } };
const nothing: Interference = {
  kind: 'answer',
  status: 200,
  body: { result: { points: [], next_page_offset: null }, status: 'ok', time: 0 },
};

/** From when the labels are given, and all that comes before the validation is done. */
function onceLabelled(path: string, what: Interference): Meddling {
  const effect = async () => {
    interfere = (_, asked) => (asked.startsWith(path) ? what : PASS);
  };
  return { before: 'graph.revokeFence', effect };
}

/** Qdrant answers again as it should before anything is undone. */
const untilUndone: Meddling = {
  before: 'graph.removeLabel',
  effect: async () => {
    interfere = () => PASS;
  },
};

describe('Qdrant behind a relay', () => {
  test('trigger 2: a snapshot that the server cannot make', async () => {
    interfere = (method, path) => (method === 'POST' && path.startsWith(SNAPSHOTS) ? failing : PASS);
    const end = await on.provoke({ deps: relayed });
    // The copies are taken before anything is written, so that there is no row yet.
    await on.expectProven(end, 2, { row: false });
    expect(end.outcome.trigger?.evidence).toMatch(/QDRANT_UNREACHABLE.*status 500/);
    expect(relay.seen.filter((one) => one.startsWith(`POST ${SNAPSHOTS}`))).toHaveLength(2);
  });

  test('trigger 3: a collection that has no points when it is read through', async () => {
    const end = await on.provoke({
      deps: relayed,
      meddlings: [onceLabelled(`${POINTS}/scroll`, nothing), untilUndone],
    });
    await on.expectProven(end, 3);
    // A check, or the comparison beside it, whichever is first; the criteria after them are not what must see it.
    expect(end.outcome.trigger?.evidence).toMatch(/CHECK_FAILED: .*(qdrant|Qdrant|points)/);
    expect(end.outcome.trigger?.evidence).not.toContain('Success criteria');
    // The server only said so: what it holds was never touched.
    expect(end.outcome.rollback?.restored).toEqual([]);
  });

  test.each([
    ['fails', failing, /search .*status 500/],
    ['finds nothing', nothing, /search .*zero results/],
    ['takes half a second longer', { kind: 'delay', milliseconds: 500 } as const, /search .*% slower .*20 %/],
  ])('trigger 5: a search that %s', async (_, what, told) => {
    const meddlings = [onceLabelled(`${POINTS}/query`, what), untilUndone];
    // One query will do: that it is slow is measured three times.
    const end = await on.provoke({ deps: relayed, meddlings, probes: { queries: ['lung anatomy'], repeats: 7 } });
    await on.expectProven(end, 5);
    expect(end.outcome.trigger?.evidence).toMatch(told);
    expect(end.outcome.rollback?.restored).toEqual([]);
  });
});

describe('Neo4j', () => {
  test('trigger 2: a connection that breaks in the middle of the export, at every attempt', async () => {
    const target = await neo4jTarget();
    const { hostname, port } = new URL(target.uri);
    const wire = new TcpRelay({ host: hostname, port: Number(port) });
    const graph = openGraphStore({ ...target, uri: `bolt://127.0.0.1:${await wire.start()}` });
    const exportTo: typeof graph.exportTo = async (...given) => {
      wire.cutAfter(MIDDLE_OF_AN_EXPORT);
      return graph.exportTo(...given).finally(() => wire.mend());
    };
    try {
      const end = await on.provoke({ deps: { graph: { ...graph, exportTo } } });
      // The copies are taken before anything is written, so that there is no row yet.
      await on.expectProven(end, 2, { row: false });
      expect(end.outcome.trigger?.evidence).toContain('NEO4J_UNREACHABLE');
      expect(wire.cuts).toBe(2);
      expect(end.outcome.rollback?.restored).toEqual([]);
    } finally {
      await graph.close();
      await wire.stop();
    }
  });

  /** The last page cannot be labelled: somebody else holds a paragraph of it. */
  async function locked(): Promise<{ taken: Meddling; release: () => Promise<void> }> {
    let release = () => Promise.resolve();
    const lock = 'MATCH (p:Paragraph) WITH p ORDER BY p.chunk_id DESC LIMIT 1 SET p.text = p.text';
    const effect = async () => {
      release = await on.base.hold(lock);
    };
    return { taken: { before: 'graph.labelBatch', effect }, release: () => release() };
  }

  test('trigger 4: a lock that is let go once the partial labels are removed: the smaller batches go through', async () => {
    const { taken, release } = await locked();
    const letGo: Meddling = { before: 'graph.removeLabel', effect: release };
    try {
      const outcome = await on.commits({ meddlings: [taken, letGo], input: { maxAttempts: 1 } });
      expect(outcome).toMatchObject({ outcome: 'committed', counts: { labelled: 120 } });
      expect(outcome.labelLatencyMs?.batches).toBe(24);
      expect(outcome.warnings).toEqual([expect.stringMatching(/batches of 20 failed .*busy.*; tried again with 5$/)]);
    } finally {
      await release();
    }
  });

  test('trigger 4: a lock that is never let go: all sizes are tried, then all is undone', async () => {
    const { taken, release } = await locked();
    try {
      const end = await on.provoke({ meddlings: [taken], input: { maxAttempts: 1 } });
      await on.expectProven(end, 4);
      expect(end.report.labels.retries.map(({ batchSize }) => batchSize)).toEqual([20, 5, 1]);
      expect(end.outcome.trigger?.evidence).toMatch(/NEO4J_UNREACHABLE: Neo4j at .* is busy/);
    } finally {
      await release();
    }
  });

  test('trigger 5: a text that somebody changes after production was compared: a search answers otherwise', async () => {
    const effect = () => on.base.cypher(`MATCH (p:Paragraph) SET p.text = p.text + ' (sic)'`);
    const end = await on.provoke({
      meddlings: [{ before: 'vectors.nearest', after: 'graph.revokeFence', effect }],
    });
    await on.expectProven(end, 5);
    expect(end.outcome.trigger?.evidence).toMatch(
      /search "lung anatomy": another answer than before \(5 -> 5 results\)/,
    );
    expect(end.outcome.rollback?.restored).toEqual(['neo4j']);
  });
});

describe('SQLite', () => {
  test('trigger 3: a chapter that somebody writes to while the labels are given', async () => {
    const title = `UPDATE chapter_metadata SET title = 'overwritten' WHERE id = (SELECT min(id) FROM chapter_metadata)`;
    const end = await on.provoke({
      meddlings: [{ before: 'graph.labelBatch', effect: async () => on.base.sql(title) }],
    });
    await on.expectProven(end, 3);
    expect(end.outcome.trigger?.evidence).toContain('Production is not what it was before: sqlite: ');
    expect(end.outcome.rollback?.restored).toEqual(['sqlite']);
    expect(on.base.backups()).toContain(`${end.outcome.rollback?.savedTo}/metadata.db`);
  });
});
