import type { ActivityDeps } from '../../activities';
import type { BaselineOutcome } from '../../domain/baseline';
import type { ConsistencyStatement } from '../../domain/consistency';
import type { Manifest } from '../../domain/manifest';
import { openVectorStore } from '../../stores/qdrant';
import { AliasedBase } from '../support/aliased';
import type { TestBase } from '../support/base';
import { HttpRelay } from '../support/http-relay';
import type { Meddling } from '../support/meddle';
import { Provoking } from '../support/provoking';
import { chapterOf } from '../support/publishing';

jest.setTimeout(300_000);

/** The statement that a version carries of its three artifacts, where somebody writes while they are taken. */

async function statementOf({ artifacts }: ActivityDeps, versionId: string): Promise<ConsistencyStatement | undefined> {
  const manifest: Manifest | undefined = await artifacts.readManifest(versionId);
  return manifest?.consistency as ConsistencyStatement | undefined;
}

/** A Qdrant that keeps its telemetry, and with it how far its writes have come, to itself. */
async function silentQdrant({ settings: { qdrant } }: TestBase) {
  const refused = { kind: 'answer', status: 403, body: { status: { error: 'forbidden' } } } as const;
  const relay = new HttpRelay(qdrant.url, (_, path) => (path.startsWith('/telemetry') ? refused : { kind: 'pass' }));
  const vectors = openVectorStore({ ...qdrant, url: await relay.start() });
  return { vectors, stop: () => relay.stop() };
}

/** When the graph has been read to its end, and before it is asked once more whether it was written to. */
function whileCaptured(effect: () => Promise<unknown>): Meddling {
  return { before: 'graph.mark', after: 'graph.exportTo', effect };
}

describe('the statement of a baseline', () => {
  let on: Provoking;
  beforeAll(async () => {
    on = await Provoking.open();
  });
  beforeEach(() => on.remember());
  afterEach(() => on.base.unregister());
  afterAll(() => on?.close());

  const overwrite = (text: string) =>
    on.base.cypher('MATCH (p:Paragraph) WITH p ORDER BY p.chunk_id LIMIT 1 SET p.text = $text', { text });
  const firstText = async () => {
    const [row] = await on.base.cypher<{ text: string }>(
      'MATCH (p:Paragraph) RETURN p.text AS text ORDER BY p.chunk_id',
    );
    return row?.text ?? '';
  };

  test('nobody writes: the marks alone say that the artifacts show one moment', async () => {
    const { versionId } = await on.commits({});
    const statement = await statementOf(on.deps, versionId);
    expect(statement).toMatchObject({ verdict: 'consistent', skewMs: 0 });
    expect(statement?.text).toContain('no store was written to');
    expect(
      statement?.stores.map(({ marks, contentUnchanged, countsUnchanged }) => ({
        marks,
        contentUnchanged,
        countsUnchanged,
      })),
    ).toEqual(Array(3).fill({ marks: 'equal', contentUnchanged: null, countsUnchanged: true }));
  });

  test('a write that leaves everything as it is: the content settles what the mark leaves open', async () => {
    const was = await firstText();
    // Two commits: the server makes none of a text that is set to what it is.
    const thereAndBack = async () => {
      await overwrite('for a moment');
      await overwrite(was);
    };
    const { versionId } = await on.commits({ meddlings: [whileCaptured(thereAndBack)] });
    const statement = await statementOf(on.deps, versionId);
    expect(statement).toMatchObject({ verdict: 'consistent' });
    expect(statement?.text).toContain('when the last capture');
    const byStore = Object.fromEntries((statement?.stores ?? []).map((one) => [one.store, one]));
    expect(byStore.neo4j).toMatchObject({ marks: 'moved', contentUnchanged: true, countsUnchanged: true });
    expect([byStore.sqlite?.marks, byStore.qdrant?.marks]).toEqual(['equal', 'equal']);
  });

  test('a write that changes a text: trigger 6, and what the writer wrote is left alone', async () => {
    const was = await firstText();
    const written = 'written while the graph was captured';
    try {
      const end = await on.provoke({ meddlings: [whileCaptured(() => overwrite(written))] });
      expect(end.outcome.trigger).toMatchObject({ trigger: 6 });
      expect(end.outcome.trigger?.evidence).toContain('the content of neo4j changed while the stores were captured');
      expect(end.report.consistency).toMatchObject({ verdict: 'inconsistent' });
      expect(end.outcome).toMatchObject({
        outcome: 'rolled_back',
        rollback: { restored: [], savedTo: null, left: [] },
      });
      // It is not what the copy holds, and so not proven by it; the step says whose it is.
      expect(end.outcome.rollback?.proven).toBe(false);
      const seventh = end.outcome.rollback?.steps.find(({ number }) => number === 7);
      expect(seventh?.detail).toMatch(/neo4j: .*written by somebody else while latest-copy was taken: not restored/);
      expect(await firstText()).toBe(written);
      expect(on.base.backups().filter((name) => name.startsWith('rescue-'))).toEqual([]);
    } finally {
      await overwrite(was);
    }
  });

  test('a Qdrant whose mark is unknown: its content is compared instead', async () => {
    const silent = await silentQdrant(on.base);
    try {
      const { versionId } = await on.commits({ deps: { vectors: silent.vectors } });
      const statement = await statementOf(on.deps, versionId);
      expect(statement).toMatchObject({ verdict: 'consistent' });
      expect(statement?.text).toContain('when the last capture');
      const found = statement?.stores.find(({ store }) => store === 'qdrant');
      expect(found).toMatchObject({ marks: 'unknown', contentUnchanged: true });
    } finally {
      await silent.stop();
    }
  });
});

describe('the statement of what was promoted', () => {
  let one: AliasedBase;
  beforeAll(async () => {
    one = await AliasedBase.make(60);
  });
  afterAll(() => one?.close());

  test('a Qdrant whose mark is unknown: by how much the artifacts may differ in age', async () => {
    await one.run<BaselineOutcome>('registerBaseline', { confirm: 'hash' });
    const silent = await silentQdrant(one.base);
    try {
      const publishing = await one.stage({}, { on: { ...one.deps, vectors: silent.vectors } });
      await publishing.write([chapterOf('bailey', '901', 'second')]);
      const { versionId } = await publishing.promoted();
      const statement = await statementOf(one.deps, versionId);
      expect(statement).toMatchObject({ verdict: 'skew' });
      expect(statement?.text).toMatch(/^skew <= \d+\.\d s$/);
      expect(statement?.skewMs).toBeGreaterThan(0);
      expect(statement?.stores.map(({ store, marks, asValidated }) => [store, marks, asValidated])).toEqual([
        ['sqlite', 'equal', true],
        ['qdrant', 'unknown', true],
        ['neo4j', 'equal', true],
      ]);
    } finally {
      await silent.stop();
    }
  });
});
