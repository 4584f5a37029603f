import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import type { GroupFingerprint } from '../../../domain/fingerprint';
import { openGraphStore } from '../../../stores/neo4j';
import { importGraph } from '../../../stores/neo4j/import';
import type { GraphStore } from '../../../stores/ports';
import { failureOf } from '../../support/errors';
import { neo4jTarget } from '../../support/store-targets';
import { TEST_LABEL, TestGraph } from '../../support/test-graph';

/** The fingerprint by its three ways (export, live, from the file), against a real server. */
export function graphFingerprintCases(): void {
  jest.setTimeout(60_000);

  let store: GraphStore;
  let graph: TestGraph;
  let folder: string;

  beforeAll(async () => {
    const target = await neo4jTarget();
    store = openGraphStore(target);
    graph = new TestGraph(target);
  });
  beforeEach(async () => {
    await graph.clear();
    folder = await mkdtemp(path.join(tmpdir(), 'graph-fingerprint-'));
    await graph.makeChapter(12);
    await graph.rows('CREATE INDEX hfv_test_number FOR (p:Paragraph) ON (p.number)');
    await graph.rows(
      `CREATE (t:${TEST_LABEL}:Textbook {id: 'bailey'})-[:CONTAINS]->(c:${TEST_LABEL}:Chapter {id: 'bailey:ch2'})
         -[:HAS_SECTION]->(:${TEST_LABEL}:Section {id: 'bailey:ch2:s1', title: 'é "quoted"', \`10\`: 1, \`9\`: 2})
         -[:HAS_PARAGRAPH {w: 0.5}]->(p:${TEST_LABEL}:Paragraph {chunk_id: 'bailey:ch2:1.1', page: 3, at: date('2024-02-29')}),
       (:${TEST_LABEL}:\`odd ,"p":{\` {id: 9007199254740993}), (:${TEST_LABEL}:Paragraph {chunk_id: 'lone'})`,
    );
  });
  afterEach(() => rm(folder, { recursive: true }));
  afterAll(async () => {
    await graph.clear().finally(() => Promise.all([graph.close(), store.close()]));
  });

  const at = (name: string) => path.join(folder, name);

  async function exported(name: string): Promise<GroupFingerprint[]> {
    return (await store.exportTo(at(name))).fingerprint;
  }

  it('is the same from the export, from the server and from the file', async () => {
    const fingerprint = await exported('a.gz');
    expect(fingerprint.map(({ group, items }) => [group, items])).toEqual([
      ['(no chapter)', 1],
      ['(other nodes)', 5],
      ['(relationships)', 26],
      ['(schema)', 2],
      ['bailey:ch1', 12],
      ['bailey:ch2', 1],
    ]);
    expect(await store.fingerprint()).toEqual(fingerprint);
    expect(await store.fingerprintExport(at('a.gz'))).toEqual(fingerprint);
  });

  it('is that of the graph rebuilt, whose nodes have other ids', async () => {
    const fingerprint = await exported('a.gz');
    await graph.clear();
    await graph.rows(`UNWIND range(1, 50) AS i CREATE (:${TEST_LABEL} {i: i})`);
    await graph.rows('MATCH (n) WHERE n.i % 2 = 0 DELETE n');
    await graph.clearNodes();
    await importGraph(graph.connection, at('a.gz'));
    expect(await exported('b.gz')).toEqual(fingerprint);
    expect(await store.fingerprint()).toEqual(fingerprint);
    expect((await readFile(at('b.gz'))).equals(await readFile(at('a.gz')))).toBe(false);
  });

  it('does not see version labels, the fence, nor what is being staged', async () => {
    const fingerprint = await store.fingerprint();
    await graph.rows('MATCH (p:Paragraph) SET p:v1_baseline');
    await store.acquireFence('a', { notAfter: Date.now() + 60_000 });
    await graph.rows(`MATCH (c:Chapter {id: 'bailey:ch1'})
      CREATE (c)-[:HAS_PARAGRAPH]->(:${TEST_LABEL}:Paragraph:staging {chunk_id: 'new'})`);
    expect(await exported('labelled.gz')).toEqual(fingerprint);
    expect(await store.fingerprint()).toEqual(fingerprint);
    expect(await store.fingerprintExport(at('labelled.gz'))).toEqual(fingerprint);
    await store.revokeFence('a');
  });

  it('names the chapter of a paragraph that changed', async () => {
    const before = new Map((await store.fingerprint()).map((one) => [one.group, one.sha256]));
    await graph.rows(`MATCH (p:Paragraph {chunk_id: 'bailey:ch1:00003'}) SET p.text = 'other'`);
    const after = await store.fingerprint();
    const differing = after.filter(({ group, sha256 }) => before.get(group) !== sha256);
    expect(differing.map(({ group }) => group)).toEqual(['(relationships)', 'bailey:ch1']);
  });

  it('stops where it is told to, before it begins and on the way', async () => {
    const reason = new Error('told to stop');
    const control = { signal: AbortSignal.abort(reason) };
    await exported('a.gz');
    await expect(store.fingerprint(control)).rejects.toBe(reason);
    await expect(store.fingerprintExport(at('a.gz'), control)).rejects.toBe(reason);
    const stop = new AbortController();
    const onTheWay = { signal: stop.signal, onProgress: () => stop.abort(reason) };
    await expect(store.fingerprint(onTheWay)).rejects.toBe(reason);
  });

  it('is not taken of a file that is not whole', async () => {
    await exported('a.gz');
    const bytes = await readFile(at('a.gz'));
    const text = gunzipSync(bytes).toString();
    const mutants: Record<string, Buffer> = {
      'cut in the stream': bytes.subarray(0, bytes.length - 20),
      'without its footer': gzipSync(text.replace(/[^\n]*\n$/, '')),
      'one letter changed': gzipSync(text.replace('bailey:ch1:00003', 'bailey:ch1:0000x')),
      empty: gzipSync(''),
      'no gzip': Buffer.from(text),
    };
    for (const [name, mutant] of Object.entries(mutants)) {
      await writeFile(at('mutant.gz'), mutant);
      const { code } = await failureOf(store.fingerprintExport(at('mutant.gz')));
      expect([name, code]).toEqual([name, 'ARTIFACT_DAMAGED']);
    }
  });
}
