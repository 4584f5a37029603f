import { execFile } from 'node:child_process';
import { readFileSync, statSync } from 'node:fs';
import { promisify } from 'node:util';
import Database from 'better-sqlite3';
import type { BaselineOutcome, ProgressView } from '../../domain/baseline';
import { unmetCriteria } from '../../domain/criteria';
import { manifestSchema } from '../../domain/manifest';
import { FINGERPRINT_FILES } from '../../domain/names';
import type { RunReport } from '../../domain/report';
import { TestBase } from '../support/base';
import { fingerprint, type Fingerprint } from '../support/fingerprint';
import { connectLive, ownQueue, type Live } from '../support/live';
import { pythonTools } from '../support/tools';
import { until } from '../support/until';

jest.setTimeout(180_000);

const run = promisify(execFile);
const PARAGRAPHS = 600;
const CHAPTERS_BY_TEXTBOOK = 'SELECT textbook_id, COUNT(*) FROM chapter_metadata GROUP BY textbook_id;';

let live: Live;
let base: TestBase;

beforeAll(async () => {
  live = await connectLive();
  base = await TestBase.make({ paragraphs: PARAGRAPHS, migration: { batchSize: 50, batchesPerSpan: 4 } });
});
afterAll(async () => {
  await live?.close().finally(() => base?.close());
});

describe('a migration', () => {
  const taskQueue = ownQueue();
  const workflowId = `${taskQueue}-migration`;
  let before: Fingerprint;
  let chaptersBefore: unknown[];
  let outcome: BaselineOutcome;
  let version: string;

  beforeAll(async () => {
    before = await fingerprint(base);
    chaptersBefore = base.sql(CHAPTERS_BY_TEXTBOOK);
    await live.work(base.settings, taskQueue);
    outcome = (await live.client.workflow.execute('registerBaseline', {
      taskQueue,
      workflowId,
      args: [{ startedBy: 'ann', notes: 'first' }],
    })) as BaselineOutcome;
    version = outcome.versionId;
  });
  const handle = () => live.client.workflow.getHandle(workflowId);

  test('ends committed, and says what it found and made', () => {
    const chapters = base.sql<{ n: number }>('SELECT COUNT(*) AS n FROM chapter_metadata')[0]?.n;
    expect(outcome).toMatchObject({
      outcome: 'committed',
      base: base.settings.base,
      counts: { chapters, points: PARAGRAPHS, paragraphs: PARAGRAPHS, labelled: PARAGRAPHS },
      labelLatencyMs: { batches: PARAGRAPHS / 50 },
      compensations: [],
      warnings: [],
    });
    expect(version).toMatch(/^v1_baseline_\d{8}_\d{6}$/);
    expect(outcome.checks.filter(({ passed }) => !passed)).toEqual([]);
    expect(outcome.checks.length).toBeGreaterThanOrEqual(10);
  });

  // The statements are the plan's, as written; the numbers are this base's.
  test('criterion 1: version_registry holds the committed baseline with its paths and counts', () => {
    const rows = base.sql(`SELECT * FROM version_registry WHERE version_id LIKE 'v1_baseline%';`);
    expect(rows).toMatchObject([
      {
        id: 1,
        version_id: version,
        status: 'committed',
        created_at: expect.stringMatching(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/) as string,
        metadata_snapshot_path: base.backup(version, 'metadata.db'),
        qdrant_snapshot_path: base.backup(version, 'textbook_chunks.snapshot'),
        neo4j_snapshot_path: base.backup(version, 'neo4j.jsonl.gz'),
        chapter_count: outcome.counts?.chapters,
        paragraph_count: PARAGRAPHS,
        validation_passed: 1,
        committed_by: 'ann',
        notes: 'first',
      },
    ]);
    expect(base.sql(`SELECT COUNT(*) FROM version_registry WHERE version_id LIKE 'v1_baseline%';`)).toEqual([
      { 'COUNT(*)': 1 },
    ]);
  });

  test('criterion 2: operation_log is there, was empty at first, and holds one row per operation', () => {
    const [counted] = base.sql<{ 'COUNT(*)': number }>('SELECT COUNT(*) FROM operation_log;');
    const operations = base.sql<{ operation_type: string; status: string; details: string; completed_at: string }>(
      'SELECT * FROM operation_log ORDER BY id',
    );
    expect(counted?.['COUNT(*)']).toBe(operations.length);
    expect(new Set(operations.map(({ operation_type }) => operation_type)).size).toBe(operations.length);
    expect(operations.every(({ status, completed_at }) => status === 'success' && completed_at !== null)).toBe(true);
    const verified = operations.find(({ operation_type }) => operation_type === 'verify_the_schema');
    expect(JSON.parse(verified?.details ?? '{}')).toMatchObject({
      tables: [
        { table: 'version_registry', state: 'fits', rows: 0 },
        { table: 'operation_log', state: 'fits', rows: 0 },
        { table: 'write_fence', state: 'fits', rows: 0 },
        { table: 'switch_journal', state: 'fits', rows: 0 },
        { table: 'version_pins', state: 'fits', rows: 0 },
      ],
    });
  });

  test('criterion 3: all chapters are accessible, distributed as before', () => {
    expect(base.sql('SELECT COUNT(*) FROM chapter_metadata;')).toEqual([{ 'COUNT(*)': outcome.counts?.chapters }]);
    expect(base.sql(CHAPTERS_BY_TEXTBOOK)).toEqual(chaptersBefore);
  });

  test('criterion 4: all vectors are queryable', async () => {
    expect(await base.qdrant('GET', '/collections/textbook_chunks')).toMatchObject({
      points_count: PARAGRAPHS,
      status: 'green',
    });
    const { points } = await base.qdrant<{ points: { payload: object | null }[] }>(
      'POST',
      '/collections/textbook_chunks/points/scroll',
      { limit: 10, with_payload: true, with_vector: false },
    );
    expect(points).toHaveLength(10);
    expect(points.every(({ payload }) => payload !== null)).toBe(true);
  });

  test('criterion 5: all paragraphs have the label', async () => {
    expect(await base.cypher('MATCH (p:Paragraph:v1_baseline)\nRETURN count(p) as labeled_count;')).toEqual([
      { labeled_count: PARAGRAPHS },
    ]);
    expect(
      await base.cypher('MATCH (p:Paragraph)\nWHERE NOT p:v1_baseline\nRETURN count(p) as unlabeled_count;'),
    ).toEqual([{ unlabeled_count: 0 }]);
    expect(await base.cypher('MATCH (p:Paragraph:v1_baseline) RETURN count(p)')).toEqual([{ 'count(p)': PARAGRAPHS }]);
    expect(await base.cypher('MATCH (p:Paragraph:v1_baseline)\nRETURN count(p) as labeled')).toEqual([
      { labeled: PARAGRAPHS },
    ]);
  });

  test('criterion 6: nothing is lost or changed, content by content', async () => {
    expect(await base.cypher('MATCH (p:Paragraph) RETURN count(p)')).toEqual([{ 'count(p)': PARAGRAPHS }]);
    const after = await fingerprint(base);
    expect(after.sqlite).toEqual(before.sqlite);
    expect(after.qdrant).toEqual(before.qdrant);
    const { nodes, ...rest } = after.neo4j;
    expect(rest).toEqual({ ...before.neo4j, nodes: undefined });
    expect(nodes).not.toBe(before.neo4j.nodes);
    // The label is all that the nodes differ by.
    await base.cypher('MATCH (p:v1_baseline) REMOVE p:v1_baseline');
    expect((await fingerprint(base)).neo4j.nodes).toBe(before.neo4j.nodes);
    await base.cypher('MATCH (p:Paragraph) SET p:v1_baseline');
  });

  test('criterion 8: the versioning tables take what the plan writes', () => {
    expect(base.sql('SELECT version_id, status FROM version_registry ORDER BY created_at DESC LIMIT 1;')).toEqual([
      { version_id: version, status: 'committed' },
    ]);
    base.sql(`INSERT INTO operation_log (version_id, operation_type, status, details)
  VALUES ('v1_baseline_20251225_200000', 'test', 'success', 'Testing operation log');`);
    expect(base.sql(`SELECT * FROM operation_log WHERE operation_type='test';`)).toMatchObject([
      { version_id: 'v1_baseline_20251225_200000', status: 'success', details: 'Testing operation log' },
    ]);
    base.sql(`DELETE FROM operation_log WHERE operation_type='test';`);
    expect(base.sql(`SELECT * FROM operation_log WHERE operation_type='test';`)).toEqual([]);
  });

  describe('tells how it was judged', () => {
    let report: RunReport;
    let markdown: string;
    beforeAll(() => {
      report = JSON.parse(readFileSync(base.backup('reports', version, 'report.json'), 'utf8')) as RunReport;
      markdown = readFileSync(base.backup('reports', version, 'report.md'), 'utf8');
    });

    test('by the eight criteria, the same in its result, in operation_log and in both reports', () => {
      const { criteria = [] } = outcome;
      expect(criteria.map(({ number }) => number)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
      expect(unmetCriteria(criteria)).toEqual([]);
      expect(criteria.filter(({ expected, actual }) => expected === '' || actual === '')).toEqual([]);
      const where = `version_id = '${version}' AND operation_type = 'success_criteria'`;
      const rows = base.sql<{ status: string; details: string }>(`SELECT * FROM operation_log WHERE ${where}`);
      expect(rows.map(({ status, details }) => [status, JSON.parse(details) as unknown])).toEqual([
        ['success', { criteria }],
      ]);
      expect(report).toMatchObject({ outcome: 'committed', criteria });
      const [, section = ''] = markdown.split('\n## Success criteria\n');
      const [told = ''] = section.split('\n## ');
      for (const { number, title } of criteria) {
        expect(told).toContain(`\n| ${number} | ${title} | `);
      }
    });

    test('by the three checklists, each box with its evidence', () => {
      const { checklists } = report;
      const count = (wanted: string) => checklists.filter(({ list }) => list === wanted).length;
      expect(['before', 'during', 'after'].map(count).every((boxes) => boxes > 3)).toBe(true);
      // What no program can do is left to a person, with its command; all else is ticked.
      const open = checklists.filter(({ state }) => state !== 'done');
      expect(open.filter(({ state }) => state === 'not reached')).toEqual([]);
      expect(open.filter(({ state, command }) => state === 'person' && command === null)).toEqual([]);
      // A machine that had much else to do may have answered later: that is told, and did not stop the run.
      const slower = report.criteria.some(({ severity }) => severity === 'warning');
      if (!slower) expect(open.filter(({ state }) => state === 'failed')).toEqual([]);
      expect(checklists.filter(({ evidence }) => evidence === '')).toEqual([]);
      for (const title of ['Pre-migration', 'During migration', 'Post-migration']) {
        expect(markdown).toContain(`\n### ${title}\n`);
      }
      for (const { text, state } of checklists) {
        expect(markdown).toContain(`\n- [${state === 'done' ? 'x' : ' '}] ${text} — `);
      }
      expect(markdown.match(/^- \[[x ]\] /gm)).toHaveLength(checklists.length);
    });
  });

  test('leaves both copies complete, with checksums that sha256sum agrees with', async () => {
    const files = ['metadata.db', 'textbook_chunks.snapshot', 'neo4j.jsonl.gz'];
    for (const folder of [version, 'latest-copy']) {
      const { stdout } = await run('sha256sum', ['-c', 'checksums.txt'], { cwd: base.backup(folder) });
      for (const file of [...files, ...Object.values(FINGERPRINT_FILES)]) expect(stdout).toContain(`${file}: OK`);
      const manifest = manifestSchema.parse(JSON.parse(readFileSync(base.backup(folder, 'manifest.json'), 'utf8')));
      expect(manifest).toMatchObject({ versionId: folder, counts: { points: PARAGRAPHS, paragraphs: PARAGRAPHS } });
      expect(manifest.artifacts.map(({ file }) => file)).toEqual(files);
    }
    const entries = base.backups().filter((name) => !name.includes('/'));
    expect(entries).toEqual(['latest-copy', 'reports', version].sort());
  });

  test('shares the bytes of Qdrant and Neo4j between the two copies', () => {
    const inode = (folder: string, file: string) => statSync(base.backup(folder, file)).ino;
    const { qdrant, neo4j } = FINGERPRINT_FILES;
    for (const file of ['textbook_chunks.snapshot', 'neo4j.jsonl.gz', qdrant, neo4j]) {
      expect([file, inode(version, file)]).toEqual([file, inode('latest-copy', file)]);
    }
    expect(inode(version, 'metadata.db')).not.toBe(inode('latest-copy', 'metadata.db'));
  });

  test('keeps a metadata.db that is sound and knows the version', () => {
    const db = new Database(base.backup(version, 'metadata.db'), { readonly: true });
    try {
      expect(db.pragma('integrity_check')).toEqual([{ integrity_check: 'ok' }]);
      expect(db.prepare('SELECT COUNT(*) AS n FROM chapter_metadata').get()).toEqual({ n: outcome.counts?.chapters });
      expect(db.prepare('SELECT version_id FROM version_registry').all()).toEqual([{ version_id: version }]);
      expect(db.prepare('SELECT COUNT(*) AS n FROM operation_log').get()).toBeDefined();
    } finally {
      db.close();
    }
  });

  test('leaves no snapshot on the Qdrant server, and no fence in Neo4j', async () => {
    expect(await base.snapshots('textbook_chunks')).toEqual([]);
    expect(await base.fence()).toBeUndefined();
  });

  test('is found by its search attributes', async () => {
    const query = `HybridFlowVersionId = '${version}' AND HybridFlowBase = '${base.settings.base}' AND HybridFlowOutcome = 'committed'`;
    const list = async () => {
      const found: string[] = [];
      for await (const each of live.client.workflow.list({ query })) found.push(each.workflowId);
      return found;
    };
    expect(await until('visibility', list, (found) => found.length > 0)).toEqual([workflowId]);
  });

  test('shows where it stands in the current details, and names its activities', async () => {
    const { currentDetails } = await handle().query<{ currentDetails: string }>('__temporal_workflow_metadata');
    expect(currentDetails).toContain(version);
    expect(currentDetails).toContain(`Labels: ${PARAGRAPHS} of ${PARAGRAPHS} (100 %)`);
    expect(currentDetails).toContain('label addition: label the paragraphs (');
    const { events = [] } = await handle().fetchHistory();
    const summaries = (events ?? []).flatMap(({ activityTaskScheduledEventAttributes: scheduled, userMetadata }) =>
      scheduled && userMetadata?.summary?.data ? [Buffer.from(userMetadata.summary.data).toString()] : [],
    );
    expect(summaries).toEqual(
      expect.arrayContaining(['"exact counts of Qdrant and Neo4j"', '"label batches from 5 of 12"']),
    );
  });

  test('a second one does nothing and shows the version', async () => {
    const was = await fingerprint(base);
    const again: unknown = await live.client.workflow.execute('registerBaseline', {
      taskQueue,
      workflowId,
      args: [{}],
    });
    expect(again).toMatchObject({ outcome: 'already_registered', versionId: version });
    expect(await fingerprint(base)).toEqual(was);
  });
});

describe("a migration that Temporal's own command line starts", () => {
  const taskQueue = ownQueue();
  const workflowId = `${taskQueue}-started-by-hand`;
  let temporal: (...args: string[]) => Promise<string>;

  beforeAll(async () => {
    const tools = await pythonTools();
    const address = live.stack.settings.temporal.address ?? '';
    const { HOME = '', PATH = '' } = process.env;
    temporal = async (...args) =>
      (await run(tools.temporal, [...args, '--address', address], { env: { HOME, PATH } })).stdout;
    await base.unregister();
  });

  const progress = async () => {
    const answer = await temporal('workflow', 'query', '-w', workflowId, '--name', 'progress', '-o', 'json');
    return (JSON.parse(answer) as { queryResult: ProgressView[] }).queryResult[0];
  };

  test('is paused and resumed with bare signals, answers the query, and commits', async () => {
    const input = ['--type', 'registerBaseline', '--task-queue', taskQueue, '--input', '{}'];
    await temporal('workflow', 'start', ...input, '-w', workflowId);
    // Said before a worker is there, so that the pause holds however quick the run is.
    await temporal('workflow', 'signal', '-w', workflowId, '--name', 'pauseNeo4jWrites');
    await live.work(base.settings, taskQueue);
    const held = await until('label addition', progress, (view) => view?.phase === 'label addition', { everyMs: 200 });
    expect(held).toMatchObject({ state: 'running', pause: { state: 'paused' }, base: base.settings.base });
    await until(
      'the closed gate',
      () => base.fence(),
      (fence) => fence?.paused === true,
    );
    expect(await base.labelled()).toBe(0);
    await temporal('workflow', 'signal', '-w', workflowId, '--name', 'resumeNeo4jWrites');
    const result = JSON.parse(await temporal('workflow', 'result', '-w', workflowId, '-o', 'json')) as {
      status: string;
      result: BaselineOutcome;
    };
    expect(result).toMatchObject({ status: 'COMPLETED', result: { outcome: 'committed' } });
    expect(await base.labelled()).toBe(PARAGRAPHS);
    expect(await progress()).toMatchObject({ state: 'committed', pause: { state: 'open' } });
  });
});
