import type { GraphStore, LabelBatchResult } from '../../../stores/ports';
import { FENCE_LABEL } from '../../../domain/names';
import { openGraphStore, type GraphTarget } from '../../../stores/neo4j';
import { failureOf } from '../../support/errors';
import { neo4jTarget } from '../../support/store-targets';
import { chunkId, TEST_LABEL, TestGraph } from '../../support/test-graph';

const LABEL = 'v1_baseline';
const PARAGRAPHS = 25;
const lease = () => ({ notAfter: Date.now() + 60_000 });
const TAKE_LOCK = `MATCH (f:${FENCE_LABEL}) SET f.token = f.token`;

/** Everything of the graph store but the export, against a real server. */
export function graphLabellingCases(): void {
  // A server that has just started, on a machine that does other things, is slow to plan its first statements.
  jest.setTimeout(60_000);

  let target: GraphTarget;
  let store: GraphStore;
  let graph: TestGraph;

  beforeAll(async () => {
    target = await neo4jTarget();
    store = openGraphStore(target);
    graph = new TestGraph(target);
    await graph.clear();
  });
  beforeEach(async () => {
    await graph.clearNodes();
    await graph.makeChapter(PARAGRAPHS);
  });
  afterAll(async () => {
    // Open connections would keep the run alive where clear() refuses.
    await graph.clear().finally(() => Promise.all([graph.close(), store.close()]));
  });

  const batch = (token: string, after: string, batchSize = 10) =>
    store.labelBatch({ label: LABEL, token, after, batchSize });
  const labelled = () => graph.count(`MATCH (n:${LABEL}) RETURN count(n)`);

  /** Labels page by page until the end or the gate; `between` runs after each page. */
  async function labelAll(token: string, batchSize: number, between?: () => Promise<void>): Promise<LabelBatchResult> {
    for (let after = ''; ;) {
      const result = await batch(token, after, batchSize);
      if (result.state === 'paused' || result.labelled < batchSize) return result;
      after = result.cursor;
      await between?.();
    }
  }

  describe('reaching the server', () => {
    it('tells a wrong password from the rest, and never prints one', async () => {
      const wrong = openGraphStore({ ...target, password: 'certainly-not-this-one' });
      const error = await failureOf(wrong.inventory(LABEL));
      await wrong.close();
      expect(error.code).toBe('NEO4J_AUTH');
      expect(JSON.stringify([error.message, error.facts])).not.toContain('certainly-not');
    });

    it('says that nothing listens, as something worth a retry', async () => {
      const nobody = openGraphStore({ ...target, uri: 'bolt://127.0.0.1:1' });
      const error = await failureOf(nobody.readFence());
      await nobody.close();
      expect(error).toMatchObject({ code: 'NEO4J_UNREACHABLE', retryable: true });
    });

    it('names a database that does not exist', async () => {
      const elsewhere = openGraphStore({ ...target, database: 'nowhere' });
      const error = await failureOf(elsewhere.inventory(LABEL));
      await elsewhere.close();
      expect(error).toMatchObject({ code: 'NEO4J_REFUSED', retryable: false });
      expect(error.message).toContain('nowhere');
    });

    it('refuses an address that is none', () => {
      expect(() => openGraphStore({ ...target, uri: 'http//x' })).toThrow(/is no Neo4j address/);
    });

    it.each(['', 'v1-baseline', '1v', 'a`:b', 'ä'])('refuses %p as a label', async (label) => {
      expect((await failureOf(store.inventory(label))).code).toBe('CONFIG_INVALID');
      expect((await failureOf(store.removeLabel(label, 10))).code).toBe('CONFIG_INVALID');
    });
  });

  describe('inventory and counts', () => {
    it('counts exactly, without the fence, as often as asked', async () => {
      await store.acquireFence('a', lease());
      const expected = { nodes: 26, relationships: 49, paragraphs: 25, alreadyLabelled: 0, withoutChunkId: 0 };
      expect(await store.inventory(LABEL)).toMatchObject({ ...expected, edition: 'community' });
      expect(await store.inventory(LABEL)).toMatchObject(expected);
      expect((await store.inventory(LABEL)).serverVersion).toMatch(/^\d+\.\d+/);
    });

    it('counts the label on nodes of any kind, and paragraphs that no page would reach', async () => {
      await graph.rows(`MATCH (c:Chapter) SET c:${LABEL}`);
      await graph.addParagraphs([null, '', 7.5]);
      expect(await store.inventory(LABEL)).toMatchObject({ paragraphs: 28, alreadyLabelled: 1, withoutChunkId: 3 });
      expect((await store.counts(LABEL)).labels).toEqual({ paragraphs: 28, labelled: 0, unlabelled: 28 });
    });
  });

  describe('labelling', () => {
    it('labels every paragraph, and nothing else, page by page', async () => {
      await store.acquireFence('a', lease());
      expect(await batch('a', '')).toMatchObject({ state: 'done', labelled: 10, cursor: chunkId(9) });
      expect(await batch('a', chunkId(9))).toMatchObject({ labelled: 10, cursor: chunkId(19) });
      expect(await batch('a', chunkId(19))).toMatchObject({ labelled: 5, cursor: chunkId(24) });
      expect(await batch('a', chunkId(24))).toMatchObject({ state: 'done', labelled: 0, cursor: chunkId(24) });
      expect(await store.readFence()).toEqual({
        token: 'a',
        cursor: chunkId(24),
        batches: 3,
        labelled: 25,
        paused: false,
      });
      expect(await store.counts(LABEL)).toEqual({
        nodes: 26,
        relationships: 49,
        labels: { paragraphs: 25, labelled: 25, unlabelled: 0 },
      });
      expect(await labelled()).toBe(25);
    });

    it('counts a page once whose answer was lost, and of an overlapping page only the rest', async () => {
      await store.acquireFence('a', lease());
      const first = await batch('a', '');
      expect(await batch('a', '')).toMatchObject({ labelled: 10, cursor: (first as { cursor: string }).cursor });
      expect(await store.readFence()).toMatchObject({ batches: 1, labelled: 10, cursor: chunkId(9) });
      expect(await batch('a', chunkId(4))).toMatchObject({ labelled: 10, cursor: chunkId(14) });
      expect(await store.readFence()).toMatchObject({ batches: 2, labelled: 15, cursor: chunkId(14) });
      expect(await labelled()).toBe(15);
    });

    it('takes paragraphs that a writer adds ahead, and shows those added behind', async () => {
      await store.acquireFence('a', lease());
      let round = 0;
      await labelAll('a', 5, async () => {
        round += 1;
        if (round <= 4) await graph.addParagraphs([`${chunkId(24)}+${round}`, `bailey:ch0:${round}`]);
      });
      expect((await store.counts(LABEL)).labels).toEqual({ paragraphs: 33, labelled: 29, unlabelled: 4 });
      expect(await store.readFence()).toMatchObject({ labelled: 29, cursor: `${chunkId(24)}+4` });
    });
  });

  describe('the fence', () => {
    it('is kept by its own token and replaced by another', async () => {
      const fresh = { token: 'a', cursor: '', batches: 0, labelled: 0, paused: false };
      expect(await store.readFence()).toBeUndefined();
      expect(await store.acquireFence('a', lease())).toEqual(fresh);
      await batch('a', '');
      const used = { ...fresh, cursor: chunkId(9), batches: 1, labelled: 10 };
      expect(await store.acquireFence('a', lease())).toEqual(used);
      expect(await store.acquireFence('b', lease())).toEqual({ ...fresh, token: 'b' });
      expect(await graph.count(`MATCH (f:${FENCE_LABEL}) RETURN count(f)`)).toBe(1);
      expect(await graph.count('SHOW CONSTRAINTS YIELD name RETURN count(*)')).toBe(1);
    });

    it('changes nothing once the lease is over, by the clock of the server', async () => {
      await store.acquireFence('a', lease());
      expect((await failureOf(store.acquireFence('b', { notAfter: Date.now() - 1_000 }))).code).toBe('FENCED');
      expect(await store.readFence()).toMatchObject({ token: 'a' });
      await store.revokeFence('a');
      expect((await failureOf(store.acquireFence('b', { notAfter: 0 }))).code).toBe('FENCED');
      expect(await store.readFence()).toBeUndefined();
    });

    it('has one holder, whoever asked at the same moment', async () => {
      // Several rounds: whether two of them really meet is up to the server.
      for (let round = 0; round < 6; round++) {
        const tokens = Array.from({ length: 8 }, (_, i) => `${round}:${i}`);
        const answers = await Promise.allSettled(tokens.map((token) => store.acquireFence(token, lease())));
        for (const answer of answers) {
          if (answer.status === 'rejected') expect(answer.reason).toMatchObject({ code: 'FENCED' });
        }
        expect(await graph.count(`MATCH (f:${FENCE_LABEL}) RETURN count(f)`)).toBe(1);
        const holders = tokens.filter((_, i) => answers[i]?.status === 'fulfilled');
        const holder = (await store.readFence())?.token ?? '';
        expect(holders).toContain(holder);
        await store.revokeFence(holder);
      }
    });

    it('writes nothing while two fences stand', async () => {
      await store.acquireFence('a', lease());
      await graph.rows(`CREATE (:${FENCE_LABEL} {token: 'b', cursor: '', batches: 0, labelled: 0, paused: false})`);
      expect((await failureOf(batch('a', ''))).code).toBe('FENCED');
      expect((await failureOf(batch('b', ''))).code).toBe('FENCED');
      expect(await labelled()).toBe(0);
      expect(await store.acquireFence('a', lease())).toMatchObject({ token: 'a' });
      expect(await batch('a', '')).toMatchObject({ state: 'done', labelled: 10 });
    });

    it('lets a revoked token write nothing, and takes a second revoke', async () => {
      await store.acquireFence('a', lease());
      await store.revokeFence('b');
      expect(await store.readFence()).toMatchObject({ token: 'a' });
      await store.revokeFence('a');
      await store.revokeFence('a');
      expect((await failureOf(batch('a', ''))).code).toBe('FENCED');
      expect((await failureOf(store.setGate('a', true))).code).toBe('FENCED');
      expect(await labelled()).toBe(0);
    });

    it('stops a batch of an old token that was under way when a new one took over', async () => {
      await store.acquireFence('old', lease());
      let zombie: Promise<unknown> = Promise.resolve();
      const takeOver = `MATCH (f:${FENCE_LABEL}) DETACH DELETE f
      CREATE (:${FENCE_LABEL} {token: 'new', cursor: '', batches: 0, labelled: 0, paused: false})`;
      await graph.holding(takeOver, {}, async () => {
        zombie = failureOf(batch('old', ''));
        await graph.untilOneIsBlocked();
      });
      expect(await zombie).toMatchObject({ code: 'FENCED' });
      expect(await labelled()).toBe(0);
      expect(await store.readFence()).toMatchObject({ token: 'new', batches: 0 });
    });
  });

  describe('the write gate', () => {
    it('holds batches back while closed, and lets them on after', async () => {
      await store.acquireFence('a', lease());
      await batch('a', '');
      const closed = { token: 'a', cursor: chunkId(9), batches: 1, labelled: 10, paused: true };
      expect(await store.setGate('a', true)).toEqual(closed);
      expect(await store.setGate('a', true)).toEqual(closed);
      expect(await batch('a', chunkId(9))).toEqual({ state: 'paused' });
      expect(await labelled()).toBe(10);
      expect(await store.acquireFence('a', lease())).toEqual(closed);
      expect(await store.setGate('a', false)).toEqual({ ...closed, paused: false });
      expect(await batch('a', chunkId(9))).toMatchObject({ state: 'done', labelled: 10 });
    });

    it('answers only once the batch in flight is over', async () => {
      await store.acquireFence('a', lease());
      let answered = false;
      let gate: Promise<unknown> = Promise.resolve();
      await graph.holding(`${TAKE_LOCK} WITH f MATCH (p:Paragraph) SET p:${LABEL} SET f.batches = 1`, {}, async () => {
        gate = store.setGate('a', true).then((state) => {
          answered = true;
          expect(state).toMatchObject({ batches: 1, paused: true });
        });
        await graph.untilOneIsBlocked();
        expect(answered).toBe(false);
      });
      await gate;
      expect(answered).toBe(true);
    });

    it('is seen by a batch that was waiting while it closed', async () => {
      await store.acquireFence('a', lease());
      let waiting: Promise<unknown> = Promise.resolve();
      await graph.holding(`${TAKE_LOCK} SET f.paused = true`, {}, async () => {
        waiting = batch('a', '');
        await graph.untilOneIsBlocked();
      });
      expect(await waiting).toEqual({ state: 'paused' });
      expect(await labelled()).toBe(0);
    });

    it('lets no batch commit after it has closed on a running loop', async () => {
      await store.acquireFence('a', lease());
      let pages = 0;
      let third: () => void = () => undefined;
      const underWay = new Promise<void>((resolve) => (third = resolve));
      const loop = labelAll('a', 1, () => {
        pages += 1;
        if (pages === 3) third();
        return Promise.resolve();
      });
      await underWay;
      const closed = await store.setGate('a', true);
      const atClosing = await labelled();
      expect(await loop).toEqual({ state: 'paused' });
      expect(closed.labelled).toBe(atClosing);
      expect(await store.readFence()).toEqual(closed);
      expect(await labelled()).toBe(atClosing);
      expect(atClosing).toBeLessThan(PARAGRAPHS);
    });
  });

  describe('rehearsing', () => {
    it('leaves no label, and a fence that has not moved', async () => {
      await store.acquireFence('a', lease());
      const before = await store.readFence();
      await store.rehearseLabels(LABEL, 'a');
      expect(await labelled()).toBe(0);
      expect(await store.readFence()).toEqual(before);
    });
  });

  describe('removing the label', () => {
    it('takes it from every node, in batches, and leaves all other labels', async () => {
      await graph.rows(`MATCH (n:${TEST_LABEL}) SET n:${LABEL}:v2_minor`);
      const progress: number[] = [];
      const removed = await store.removeLabel(LABEL, 10, { onProgress: (done) => progress.push(done) });
      expect(removed).toBe(26);
      expect(progress.slice(0, 3)).toEqual([10, 20, 26]);
      expect(await labelled()).toBe(0);
      expect(await graph.count(`MATCH (n:v2_minor:${TEST_LABEL}) RETURN count(n)`)).toBe(26);
      expect(await store.removeLabel(LABEL, 10)).toBe(0);
    });

    it('removes nothing once an attempt was frozen for longer than a page may take', async () => {
      await graph.rows(`MATCH (p:Paragraph) SET p:${LABEL}`);
      const now = Date.now();
      const clock = jest.spyOn(Date, 'now').mockReturnValueOnce(now - 60_000);
      expect((await failureOf(store.removeLabel(LABEL, 10))).code).toBe('NEO4J_UNREACHABLE');
      clock.mockRestore();
      expect(await graph.count(`MATCH (n:${LABEL}) RETURN count(n)`)).toBe(25);
    });

    it('stops between two batches when told to, and goes on later', async () => {
      await graph.rows(`MATCH (p:Paragraph) SET p:${LABEL}`);
      const stop = new AbortController();
      const reason = new Error('told to stop');
      const control = { signal: stop.signal, onProgress: () => stop.abort(reason) };
      await expect(store.removeLabel(LABEL, 10, control)).rejects.toBe(reason);
      expect(await labelled()).toBe(15);
      expect(await store.removeLabel(LABEL, 10)).toBe(15);
    });
  });
}
