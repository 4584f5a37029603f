import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import type { Settings } from '../../config/schema';
import type { BaselineOutcome } from '../../domain/baseline';
import type { ErrorView } from '../../client/render/error';
import { changeWorkflowId, TASK_QUEUE } from '../../domain/names';
import { TestBase } from '../support/base';
import { hfv, killChildren, type Child } from '../support/children';
import { bytesOf, fingerprint, type Fingerprint } from '../support/fingerprint';
import { connectLive, ownQueue, type Live } from '../support/live';
import { until } from '../support/until';

jest.setTimeout(180_000);

const PARAGRAPHS = 300;

let live: Live;
let base: TestBase;
let before: Fingerprint;
let folder: string;

beforeAll(async () => {
  live = await connectLive();
  base = await TestBase.make({ paragraphs: PARAGRAPHS, migration: { batchSize: 50 } });
  before = await fingerprint(base);
  folder = mkdtempSync(join(tmpdir(), 'hfv-cli-'));
});
afterAll(async () => {
  await killChildren();
  await live?.close().finally(() => base?.close());
  if (folder) rmSync(folder, { recursive: true, force: true });
});

const start = (...args: string[]): Child => hfv(live.stack.root, ['--base', base.settings.base, ...args]);

/** Runs a command with --json: its exit code and the one object on stdout. */
async function json<T>(...args: string[]): Promise<{ code: number | null; value: T; stderr: string }> {
  const { code, stdout, stderr } = await start(...args, '--json').ended;
  expect(stdout.trim().split('\n')).toHaveLength(1);
  return { code, value: JSON.parse(stdout) as T, stderr };
}

/** One clear message: the code, what was found, and what to do next; nothing that only its author could read. */
function expectClear({ error }: ErrorView, code: string, found: RegExp): void {
  expect(error).toMatchObject({ code, found: expect.stringMatching(found) as string });
  expect(error.next).toEqual(expect.stringMatching(/\w+ \w+/));
  expect(error.message).toContain(error.found.replace(/[.!?]$/, ''));
  expect(JSON.stringify(error)).not.toMatch(/\bat .*\.[jt]s:\d+|\[object Object\]|undefined/);
  expect(JSON.stringify(error)).not.toContain(live.stack.neo4jPassword);
}

describe('a set-up that does not fit is refused with one clear message, and nothing is touched', () => {
  const file = (name: string) => join(folder, name);
  const database = (name: string, ...statements: string[]) => {
    const db = new Database(file(name));
    statements.forEach((statement) => db.exec(statement));
    db.close();
    return file(name);
  };
  const CHAPTERS = `CREATE TABLE chapter_metadata (id INTEGER PRIMARY KEY, textbook_id TEXT, chapter_number TEXT,
    title TEXT, content_hash TEXT, version INTEGER, ingestion_timestamp TEXT, source_file_path TEXT, chunk_count INTEGER,
    quality_score REAL, UNIQUE (textbook_id, chapter_number))`;

  const cases: [string, () => Partial<Settings>, string, number, RegExp][] = [
    ['metadata.db is missing', () => ({ metadataDb: file('nowhere.db') }), 'METADATA_DB_MISSING', 2, /nowhere\.db/],
    [
      'metadata.db is no SQLite file',
      () => (writeFileSync(file('text.db'), 'chapter,title\n1,Lung\n'.repeat(50)), { metadataDb: file('text.db') }),
      'METADATA_DB_INVALID',
      2,
      /text\.db/,
    ],
    [
      'metadata.db has no chapter_metadata',
      () => ({ metadataDb: database('other.db', 'CREATE TABLE notes (text TEXT)') }),
      'CHAPTER_TABLE_MISSING',
      2,
      /chapter_metadata/,
    ],
    [
      'version_registry is of another shape and holds rows',
      () => ({
        metadataDb: database(
          'foreign.db',
          CHAPTERS,
          'CREATE TABLE version_registry (version_id TEXT PRIMARY KEY, timestamp TEXT, status TEXT, description TEXT)',
          `INSERT INTO version_registry VALUES ('v1', '2025-01-01', 'ok', 'by hand')`,
        ),
      }),
      'SCHEMA_CONFLICT',
      2,
      /version_registry.* 1 rows.*timestamp/s,
    ],
    [
      'the password of Neo4j is wrong',
      () => ({ neo4j: { ...base.settings.neo4j, password: 'not-the-password', passwordFile: undefined } }),
      'NEO4J_AUTH',
      2,
      /neo4j/i,
    ],
    [
      'the collection is missing',
      () => ({ qdrant: { ...base.settings.qdrant, collection: 'no_such_chunks' } }),
      'COLLECTION_MISSING',
      2,
      /no_such_chunks/,
    ],
    [
      'the backups folder lies below a file',
      () => (writeFileSync(file('plain'), ''), { backups: join(file('plain'), 'backups') }),
      'BACKUPS_UNWRITABLE',
      2,
      /plain/,
    ],
    [
      'fewer paragraphs are there than the configuration states',
      () => ({ migration: { ...base.settings.migration, expectedParagraphs: PARAGRAPHS + 1 } }),
      'CHECK_FAILED',
      5,
      new RegExp(`${PARAGRAPHS} paragraphs`),
    ],
  ];

  test.each(cases)('%s', async (_, changes, code, exitCode, found) => {
    const settings = { ...base.settings, ...changes() };
    const bytes = bytesOf(settings.metadataDb);
    const worker = await live.work(settings, TASK_QUEUE);
    try {
      const end = await json<ErrorView>('migrate');
      expectClear(end.value, code, found);
      expect(end.code).toBe(exitCode);
    } finally {
      await worker.stop();
    }
    expect(bytesOf(settings.metadataDb)).toBe(bytes);
    expect(await fingerprint(base)).toEqual(before);
  });

  test('without --json the same is said on stderr, and stdout stays empty', async () => {
    const worker = await live.work({ ...base.settings, metadataDb: file('nowhere.db') }, TASK_QUEUE);
    const { code, stdout, stderr } = await start('migrate').ended.finally(() => worker.stop());
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(/error METADATA_DB_MISSING\n.*nowhere\.db/s);
  });

  test('a port that is taken: `up` names it, and starts nothing', async () => {
    const holder = createServer();
    await new Promise<void>((resolve) => holder.listen(0, '127.0.0.1', resolve));
    const { port } = holder.address() as AddressInfo;
    const { temporal, neo4j } = base.settings;
    const root = file('stack');
    mkdirSync(root);
    const child = hfv(root, ['up', '--json'], {
      HFV_PORT_QDRANT: String(port),
      TEMPORAL_ADDRESS: temporal.address ?? '',
      NEO4J_URI: neo4j.uri,
      NEO4J_PASSWORD: live.stack.neo4jPassword,
    });
    const { code, stdout } = await child.ended.finally(() => holder.close());
    expectClear(JSON.parse(stdout) as ErrorView, 'PORT_IN_USE', new RegExp(String(port)));
    expect(code).toBe(2);
  });
});

describe('a migration from the command line', () => {
  /** As `hfv migrate` starts it; said before a worker is there, so that the pause holds however quick the run is. */
  async function startPaused(workflowId: string) {
    const input = { taskQueue: TASK_QUEUE, workflowId, args: [{ startedBy: 'ann' }] };
    const handle = await live.client.workflow.start('registerBaseline', input);
    await handle.signal('pauseNeo4jWrites', { reason: 'night load', by: 'ann' });
    return handle;
  }

  interface Gate {
    pause: { state: string; reason?: string; by?: string };
    labels: { done: number; total: number } | null;
  }
  interface Status {
    change: { workflowId: string; status: string } | null;
    progress: { phase: string; pause: { state: string } } | null;
  }
  let version = '';

  beforeAll(async () => {
    const worker = start('worker');
    await worker.says('worker is ready');
  });

  test('where another change runs under an id of its own, it is busy and says who', async () => {
    const handle = await startPaused(`${ownQueue()}-by-hand`);
    const held = await until(
      'the other change',
      () => json<Status>('status'),
      ({ value: { progress } }) => progress?.phase === 'label addition' && progress.pause.state === 'paused',
    );
    // Found by its search attribute, as it has not the id that the command line would give it.
    expect(held.value.change?.workflowId).toBe(handle.workflowId);
    const { code, value } = await json<ErrorView>('migrate');
    expectClear(value, 'BASE_BUSY', new RegExp(handle.workflowId));
    expect(code).toBe(6);
    const aborted = await json<object>('abort', '--reason', 'another night');
    expect(aborted.code).toBe(0);
    await expect(handle.result()).rejects.toThrow();
    expect(await fingerprint(base)).toEqual(before);
    await base.unregister();
  });

  test('is attached to, paused and resumed, and ends with exit code 0 and its outcome', async () => {
    await startPaused(changeWorkflowId(base.settings.base));
    const migrating = start('migrate', '--json');
    await migrating.says('attached to the running migration');
    await until(
      'the closed gate',
      () => base.fence(),
      (fence) => fence?.paused === true,
    );

    const status = await json<Status>('status');
    expect([status.code, status.value]).toEqual([
      0,
      {
        base: base.settings.base,
        temporal: { reachable: true, address: base.settings.temporal.address, error: null },
        change: expect.objectContaining({
          workflowId: changeWorkflowId(base.settings.base),
          type: 'registerBaseline',
          status: 'RUNNING',
          closedAt: null,
          url: expect.stringContaining(base.settings.temporal.uiUrl ?? '?') as string,
        }) as object,
        progress: expect.objectContaining({ state: 'running', phase: 'label addition' }) as object,
        standstill: { failing: [], unpolled: [] },
        registry: expect.objectContaining({ readable: true, path: base.settings.metadataDb, error: null }) as object,
      },
    ]);
    // Held already: the first to ask is the one who is named.
    const paused = await json<Gate>('pause', '--reason', 'again', '--by', 'bob');
    expect(paused).toMatchObject({ code: 0, value: { pause: { state: 'paused', reason: 'night load', by: 'ann' } } });
    expect(await base.labelled()).toBe(0);
    const resumed = await json<Gate>('resume');
    expect(resumed).toMatchObject({ code: 0, value: { pause: { state: 'open' } } });

    const { code, stdout } = await migrating.ended;
    const outcome = JSON.parse(stdout) as BaselineOutcome & { attached: boolean };
    expect([code, outcome]).toMatchObject([
      0,
      {
        outcome: 'committed',
        attached: true,
        base: base.settings.base,
        workflowId: changeWorkflowId(base.settings.base),
        counts: { points: PARAGRAPHS, paragraphs: PARAGRAPHS, labelled: PARAGRAPHS },
        compensations: [],
        warnings: [],
      },
    ]);
    version = outcome.versionId;
  });

  test('where the baseline is there, it shows it and does nothing', async () => {
    const was = await fingerprint(base);
    const again = await json<BaselineOutcome>('migrate');
    expect([again.code, again.value]).toMatchObject([0, { outcome: 'already_registered', versionId: version }]);
    expect(await fingerprint(base)).toEqual(was);
    const { code, stdout } = await start('migrate').ended;
    expect([code, stdout]).toEqual([0, expect.stringContaining(version)]);
  });

  test('`versions` and `show` give the version, its artifacts and its operations', async () => {
    const { code, value } = await json<{ base: string; versions: object[] }>('versions');
    expect([code, value]).toMatchObject([
      0,
      { base: base.settings.base, versions: [{ versionId: version, status: 'committed', paragraphCount: PARAGRAPHS }] },
    ]);
    const shown = await json<{ artifacts: { state: string }[]; operations: object[] }>('show', version);
    expect([shown.code, shown.value]).toMatchObject([
      0,
      { version: { versionId: version }, manifest: { versionId: version } },
    ]);
    expect(shown.value.artifacts.map(({ state }) => state)).toEqual(['present', 'present', 'present']);
    expect(shown.value.operations.length).toBeGreaterThan(5);
  });

  test('what is not there has its exit code: no such version, and nothing to pause', async () => {
    const unknown = await json<ErrorView>('show', 'v9_minor_20250101_000000');
    expectClear(unknown.value, 'VERSION_UNKNOWN', /v9_minor/);
    expect(unknown.code).toBe(7);
    for (const command of ['pause', 'resume']) {
      const idle = await json<ErrorView>(command);
      expectClear(idle.value, 'NOT_RUNNING', /No change/);
      expect(idle.code).toBe(7);
    }
  });
});
