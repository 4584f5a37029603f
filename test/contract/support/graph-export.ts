import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { openGraphStore } from '../../../stores/neo4j';
import type { ExportLine, NodeLine } from '../../../stores/neo4j/export-format';
import { importGraph } from '../../../stores/neo4j/import';
import type { GraphStore } from '../../../stores/ports';
import { failureOf } from '../../support/errors';
import { neo4jTarget } from '../../support/store-targets';
import { TEST_LABEL, TestGraph } from '../../support/test-graph';
import { EVERY_KIND } from './every-kind';

/** The export and what rebuilds it, against a real server. */
export function graphExportCases(): void {
  // Every test here drops and makes constraints, after which the server plans each statement anew.
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
    folder = await mkdtemp(path.join(tmpdir(), 'graph-export-'));
  });
  afterEach(() => rm(folder, { recursive: true }));
  afterAll(async () => {
    await graph.clear().finally(() => Promise.all([graph.close(), store.close()]));
  });

  const at = (name: string) => path.join(folder, name);
  const read = async (file: string) => gunzipSync(await readFile(file)).toString();
  const parse = (text: string) =>
    text
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as ExportLine);

  /**
   * The file with each id replaced by the node that it stands for, and the lines in order: ids and the order of rows
   * are the server's choice, everything else must be the same to the byte.
   */
  async function withoutIds(file: string): Promise<string[]> {
    const lines = parse(await read(file)).filter((line) => line.t !== 'end');
    const contentOf = (node: NodeLine) => JSON.stringify([node.l, node.p]);
    const nodes = new Map(lines.flatMap((line) => (line.t === 'n' ? [[line.id, contentOf(line)] as const] : [])));
    return lines
      .map((line) => {
        if (line.t === 'n') return contentOf(line);
        return JSON.stringify(line.t === 'r' ? { ...line, s: nodes.get(line.s), e: nodes.get(line.e) } : line);
      })
      .sort();
  }

  async function makeEveryKind(): Promise<void> {
    await graph.makeChapter(12);
    await graph.rows('CREATE INDEX hfv_test_number FOR (p:Paragraph) ON (p.number)');
    await graph.rows('CREATE FULLTEXT INDEX hfv_test_text FOR (p:Paragraph) ON EACH [p.text]');
    await graph.rows('CREATE INDEX hfv_test_rel FOR ()-[r:KINDS]-() ON (r.small)');
    await graph.rows(
      `CREATE (a:${TEST_LABEL}:Kinds:\`odd \`\`label\` $values), (b:${TEST_LABEL} {id: 'b'}),
            (a)-[:KINDS $values]->(b), (a)-[:\`odd type\`]->(a), (b)-[:KINDS]->(a)`,
      { values: EVERY_KIND },
    );
  }

  describe('the export', () => {
    it('rebuilds the same graph: every kind of value, label, constraint and index', async () => {
      await makeEveryKind();
      const before = await store.exportTo(at('before.gz'));
      expect(before.counts).toEqual({ nodes: 15, relationships: 26, constraints: 1, indexes: 6, paragraphs: 12 });
      await graph.clear();
      expect(await importGraph(graph.connection, at('before.gz'))).toEqual(before.counts);
      const after = await store.exportTo(at('after.gz'));
      expect(after.counts).toEqual(before.counts);
      expect(await withoutIds(at('after.gz'))).toEqual(await withoutIds(at('before.gz')));
      expect(await graph.count(`SHOW INDEXES YIELD state WHERE state <> 'ONLINE' RETURN count(*)`)).toBe(0);
    });

    it('gives the server back what it was given', async () => {
      // Compared by the server's own equality and types, so that an error made on both ways cannot hide.
      await makeEveryKind();
      await store.exportTo(at('kinds.gz'));
      await graph.clear();
      await importGraph(graph.connection, at('kinds.gz'));
      const differences = await graph.rows(
        `MATCH (n:Kinds) UNWIND keys($values) AS key WITH n, key, n[key] AS found, $values[key] AS given
       WHERE toString(given) <> 'NaN' AND NOT coalesce(found = given, false)
          OR valueType(found) <> valueType(given) RETURN key`,
        // Bytes are no value that Cypher can compare; they are compared below.
        { values: { ...EVERY_KIND, bytes: undefined, noBytes: undefined } },
      );
      expect(differences.map(({ key }) => key)).toEqual([]);
      const [row] = await graph.rows(
        'MATCH (n:Kinds) RETURN n.bytes AS bytes, n.minusZero AS zero, n.notANumber AS nan',
      );
      expect(row).toEqual({ bytes: EVERY_KIND.bytes, zero: -0, nan: NaN });
    });

    it('has the same bytes each time, and leaves the fence out', async () => {
      await graph.makeChapter(12);
      await store.exportTo(at('first.gz'));
      await store.acquireFence('a', { notAfter: Date.now() + 60_000 });
      const { counts } = await store.exportTo(at('second.gz'));
      await store.revokeFence('a');
      expect(counts.nodes).toBe(13);
      expect((await readFile(at('second.gz'))).equals(await readFile(at('first.gz')))).toBe(true);
    });

    it('never writes over a file, and leaves it as it was', async () => {
      await writeFile(at('mine'), 'kept');
      expect((await failureOf(store.exportTo(at('mine')))).code).toBe('ARTIFACT_WRITE_FAILED');
      expect(await readFile(at('mine'), 'utf8')).toBe('kept');
    });

    it('leaves no file where it is told to stop', async () => {
      await graph.makeChapter(3);
      const reason = new Error('told to stop');
      await expect(store.exportTo(at('stopped.gz'), { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
      const stop = new AbortController();
      const control = { signal: stop.signal, onProgress: () => stop.abort(reason) };
      await expect(store.exportTo(at('stopped.gz'), control)).rejects.toBe(reason);
      expect(await readdir(folder)).toEqual([]);
    });
  });

  describe('the import', () => {
    const refusal = async (file: string) => (await failureOf(importGraph(graph.connection, file))).code;

    async function exported(): Promise<{ bytes: Buffer; text: string }> {
      await graph.makeChapter(12);
      await store.exportTo(at('whole.gz'));
      await graph.clear();
      return { bytes: await readFile(at('whole.gz')), text: await read(at('whole.gz')) };
    }

    it('refuses a file that was cut short, changed or is something else, before it writes', async () => {
      const { bytes, text } = await exported();
      const lines = text.split('\n');
      const mutants: Record<string, Buffer> = {
        'cut in the stream': bytes.subarray(0, bytes.length - 20),
        'without its footer': gzipSync(`${lines.slice(0, -2).join('\n')}\n`),
        'cut in a line': gzipSync(text.slice(0, -5)),
        'a node less': gzipSync(lines.filter((line) => !line.includes('bailey:ch1:00003')).join('\n')),
        'one letter changed': gzipSync(text.replace('bailey:ch1:00003', 'bailey:ch1:0000x')),
        'another format': gzipSync(text.replace('hybridflow-neo4j/1', 'hybridflow-neo4j/9')),
        empty: gzipSync(''),
        'no gzip': Buffer.from(text),
      };
      for (const [name, mutant] of Object.entries(mutants)) {
        await writeFile(at('mutant.gz'), mutant);
        expect([name, await refusal(at('mutant.gz'))]).toEqual([name, 'ARTIFACT_DAMAGED']);
      }
      expect(await graph.count('MATCH (n) RETURN count(n)')).toBe(0);
    });

    it('refuses a database that is not empty', async () => {
      await exported();
      await graph.rows(`CREATE (:${TEST_LABEL})`);
      expect(await refusal(at('whole.gz'))).toBe('NEO4J_UNFIT');
      await graph.clear();
      await graph.rows('CREATE INDEX hfv_test_left FOR (p:Paragraph) ON (p.page)');
      expect(await refusal(at('whole.gz'))).toBe('NEO4J_UNFIT');
      await graph.clear();
      expect(await importGraph(graph.connection, at('whole.gz'))).toMatchObject({ nodes: 13, paragraphs: 12 });
    });
  });
}
