import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import Database from 'better-sqlite3';
import type { HybridFlowError } from '../../domain/errors';
import type { Operation } from '../../domain/registry';
import { VERSIONING_TABLES } from '../../domain/registry-schema';
import type { VersionStatus } from '../../domain/status';
import { openMetadataStore } from '../../stores/sqlite';
import type { NewVersion, VersionRegistry } from '../../stores/ports';

const REPOSITORY = resolve(__dirname, '../..');
const LEASE = { notAfter: Number.MAX_SAFE_INTEGER };
const PAST = { notAfter: 1 };
const ID = 'v1_baseline_20251225_200000';
const OTHER_ID = 'v1_baseline_20251226_080000';
const PATHS = { metadata: `backups/${ID}/metadata.db`, qdrant: 'q.snapshot', neo4j: 'n.jsonl.gz' };
const LEADS_TO: Partial<Record<VersionStatus, VersionStatus[]>> = {
  staging: ['staging'],
  validating: ['validating'],
  rollback_triggered: ['validating', 'rollback_triggered'],
  rolling_back: ['validating', 'rollback_triggered', 'rolling_back'],
};
const version = (more: Partial<NewVersion> = {}): NewVersion => ({
  versionId: ID,
  workflowId: 'w',
  runId: 'r',
  chapterCount: 220,
  paragraphCount: 36_216,
  ...more,
});
const operation = (type: string, startedAt = '2025-12-25T20:00:00.123Z'): Operation => ({
  type,
  status: 'success',
  details: { type },
  startedAt,
  completedAt: '2025-12-25T20:01:00.000Z',
});

let folder: string;
let path: string;
let registry: VersionRegistry;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'hfv-registry-'));
  path = join(folder, 'metadata.db');
  sql('CREATE TABLE chapter_metadata (textbook_id TEXT, chapter_number TEXT)');
  const store = openMetadataStore(path);
  store.createTables(LEASE);
  registry = store.registry;
});

afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

function sql(script: string): void {
  const db = new Database(path);
  db.exec(script);
  db.close();
}

function all(): unknown[] {
  const db = new Database(path, { readonly: true });
  const found = ['version_registry', 'operation_log'].map((table) => db.prepare(`SELECT * FROM ${table}`).all());
  db.close();
  return found;
}

/** The work fails with this code and changes no row. */
function expectRefused(work: () => unknown, code: string): HybridFlowError {
  const before = all();
  let error: HybridFlowError | undefined;
  try {
    work();
  } catch (thrown) {
    error = thrown as HybridFlowError;
  }
  expect(error?.code).toBe(code);
  expect(all()).toEqual(before);
  if (!error) throw new Error('expected a refusal');
  return error;
}

/** Prints as the `sqlite3` program does, which the plan uses but which need not be installed. */
function shell(text: string): string {
  const db = new Database(path);
  const statement = db.prepare(text);
  const found = statement.reader ? (statement.raw().all() as unknown[][]) : (statement.run(), []);
  db.close();
  return found.map((row) => row.join('|')).join('\n');
}

describe('registering a baseline', () => {
  it('makes a row that is validating, and returns it unchanged to the same run', () => {
    const row = registry.registerBaseline(version({ notes: 'first' }), LEASE);
    expect(row).toMatchObject({
      id: 1,
      versionId: ID,
      status: 'validating',
      statusMessage: null,
      chapterCount: 220,
      paragraphCount: 36_216,
      validationPassed: null,
      notes: 'first',
      workflowId: 'w',
      runId: 'r',
    });
    expect(row.createdAt).toMatch(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/);
    expect(Math.abs(Date.parse(`${row.createdAt.replace(' ', 'T')}Z`) - Date.now())).toBeLessThan(60_000);
    registry.move(ID, 'rollback_triggered', 'because');
    expect(registry.registerBaseline(version(), LEASE)).toMatchObject({ status: 'rollback_triggered', notes: 'first' });
    expect(registry.list()).toHaveLength(1);
  });

  it('is refused where the id is another run’s, and where another version is under way', () => {
    registry.registerBaseline(version(), LEASE);
    expectRefused(() => registry.registerBaseline(version({ runId: 'other' }), LEASE), 'VERSION_IN_USE');
    const busy = expectRefused(
      () => registry.registerBaseline(version({ versionId: OTHER_ID, runId: 'other' }), LEASE),
      'BASE_BUSY',
    );
    expect(busy.facts.details).toMatchObject({ versionId: ID, workflowId: 'w', runId: 'r' });
  });

  it('is refused where a baseline is committed, allowed after one was rolled back', () => {
    registry.registerBaseline(version(), LEASE);
    registry.rollBack(ID, 'because', operation('rollback'));
    const second = version({ versionId: OTHER_ID, runId: 'second' });
    registry.registerBaseline(second, LEASE);
    expect(registry.committedBaseline()).toBeUndefined();
    registry.commit(OTHER_ID, 'me', operation('commit'), LEASE);
    expect(registry.committedBaseline()?.versionId).toBe(OTHER_ID);
    const third = version({ versionId: 'v1_baseline_20251227_080000', runId: 'third' });
    expectRefused(() => registry.registerBaseline(third, LEASE), 'VERSION_IN_USE');
    expect(registry.list().map((row) => row.versionId)).toEqual([ID, OTHER_ID]);
  });

  it('is refused for ids that are no baseline’s, and without tables', () => {
    for (const versionId of ['v2_minor_20251225_200000', 'v1_baseline', "x'; DROP TABLE version_registry"]) {
      expectRefused(() => registry.registerBaseline(version({ versionId }), LEASE), 'VERSION_UNKNOWN');
    }
    sql('DROP TABLE operation_log');
    expect(() => registry.registerBaseline(version(), LEASE)).toThrow(/no operation_log/);
  });

  it('is won by one of four programs at the same moment', async () => {
    const script = (run: number) => `
      const { registry } = require('./stores/sqlite').openMetadataStore(${JSON.stringify(path)});
      const version = { versionId: 'v1_baseline_20251225_20000${run}', workflowId: 'w${run}', runId: 'r${run}', chapterCount: 1, paragraphCount: 1 };
      try { console.log(registry.registerBaseline(version, { notAfter: Date.now() + 60000 }).status); }
      catch (error) { console.log(error.code); }`;
    const answers = await Promise.all(
      [1, 2, 3, 4].map(async (run) => {
        const args = ['-r', 'tsx/cjs', '-e', script(run)];
        return (await promisify(execFile)(process.execPath, args, { cwd: REPOSITORY })).stdout.trim();
      }),
    );
    expect(answers.sort()).toEqual(['BASE_BUSY', 'BASE_BUSY', 'BASE_BUSY', 'validating']);
    expect(registry.list()).toHaveLength(1);
  }, 60_000);
});

it('keeps one active change and known states against statements that go past it, also without its triggers', () => {
  registry.registerBaseline(version(), LEASE);
  for (const { triggers } of VERSIONING_TABLES) {
    for (const statement of triggers) sql(`DROP TRIGGER ${statement.split(' ')[2]}`);
  }
  const insert = (id: string, status: string) =>
    `INSERT INTO version_registry (version_id, status) VALUES ('${id}', '${status}')`;
  expect(() => sql(insert('a', 'staging'))).toThrow(/UNIQUE/);
  expect(() => sql(insert('b', 'no such state'))).toThrow(/CHECK/);
  expect(() => sql(insert('c', 'archived'))).not.toThrow();
});

describe('snapshots and commit', () => {
  beforeEach(() => registry.registerBaseline(version(), LEASE));

  it('are recorded in one row, and committing twice is committing once', () => {
    registry.recordSnapshots(ID, PATHS, LEASE);
    registry.recordSnapshots(ID, PATHS, LEASE);
    const row = registry.commit(ID, 'worker@host', operation('commit'), LEASE);
    expect(row).toMatchObject({
      status: 'committed',
      validationPassed: true,
      committedBy: 'worker@host',
      metadataSnapshotPath: PATHS.metadata,
      qdrantSnapshotPath: PATHS.qdrant,
      neo4jSnapshotPath: PATHS.neo4j,
    });
    const before = all();
    expect(registry.commit(ID, 'another worker', operation('commit', '2026-01-01T00:00:00Z'), LEASE)).toEqual(row);
    registry.recordSnapshots(ID, PATHS, LEASE);
    expect(all()).toEqual(before);
    expect(registry.operations(ID)).toEqual([
      {
        id: 1,
        versionId: ID,
        operationType: 'commit',
        status: 'success',
        details: { type: 'commit' },
        createdAt: '2025-12-25 20:00:00',
        completedAt: '2025-12-25 20:01:00',
      },
    ]);
  });

  it('are refused for a version that is unknown, committed otherwise, or on its way back', () => {
    expectRefused(() => registry.recordSnapshots('v1', PATHS, LEASE), 'VERSION_UNKNOWN');
    expectRefused(() => registry.commit('v1', 'me', operation('commit'), LEASE), 'VERSION_UNKNOWN');
    registry.move(ID, 'rollback_triggered', 'because');
    expectRefused(() => registry.recordSnapshots(ID, PATHS, LEASE), 'STATUS_MOVE_REFUSED');
    const error = expectRefused(() => registry.commit(ID, 'me', operation('commit'), LEASE), 'STATUS_MOVE_REFUSED');
    expect(error.message).toContain('rollback_triggered to committed');
  });
});

it('writes nothing for an attempt whose time has passed', () => {
  expectRefused(() => registry.registerBaseline(version(), PAST), 'FENCED');
  registry.registerBaseline(version(), LEASE);
  expectRefused(() => registry.recordSnapshots(ID, PATHS, PAST), 'FENCED');
  expectRefused(() => registry.commit(ID, 'me', operation('commit'), PAST), 'FENCED');
});

describe('rolling back', () => {
  /** A row that came to its status by the moves that lead there. */
  const insert = (id: string, status: VersionStatus) => {
    sql(`INSERT INTO version_registry (version_id, status) VALUES ('${id}', 'pending')`);
    for (const next of LEADS_TO[status] ?? []) sql(`UPDATE version_registry SET status = '${next}'`);
  };
  /** Every status a version takes, as the database itself sees it. */
  const watch = () =>
    sql(`CREATE TABLE seen (status TEXT); CREATE TRIGGER watch AFTER UPDATE OF status ON version_registry
         BEGIN INSERT INTO seen VALUES (new.status); END`);
  const seen = () => shell('SELECT status FROM seen').trim().split('\n');

  it.each<[string, VersionStatus, VersionStatus[]]>([
    [ID, 'pending', ['validating', 'rollback_triggered', 'rolling_back', 'rolled_back']],
    ['v2_minor_20260101_000000', 'pending', ['staging', 'rollback_triggered', 'rolling_back', 'rolled_back']],
    ['v2_minor_20260101_000000', 'staging', ['rollback_triggered', 'rolling_back', 'rolled_back']],
    [ID, 'validating', ['rollback_triggered', 'rolling_back', 'rolled_back']],
    [ID, 'rollback_triggered', ['rolling_back', 'rolled_back']],
    [ID, 'rolling_back', ['rolled_back']],
  ])('takes %s from %s through every state between, once', (id, status, path) => {
    insert(id, status);
    watch();
    expect(registry.rollBack(id, 'Trigger 3: counts differ', operation('rollback'))).toBe('rolled_back');
    expect(seen()).toEqual(path);
    expect(registry.find(id)).toMatchObject({ status: 'rolled_back', statusMessage: 'Trigger 3: counts differ' });
    const before = all();
    expect(registry.rollBack(id, 'again', operation('rollback', '2026-05-05T00:00:00Z'))).toBe('rolled_back');
    expect(all()).toEqual(before);
    expect(registry.operations(id)).toHaveLength(1);
  });

  it('keeps the reason that an operator has given', () => {
    insert(ID, 'validating');
    sql("UPDATE version_registry SET status = 'rollback_triggered', status_message = 'by hand'");
    registry.rollBack(ID, 'later', operation('rollback'));
    expect(registry.find(ID)?.statusMessage).toBe('by hand');
  });

  it('never touches a committed version', () => {
    registry.registerBaseline(version(), LEASE);
    registry.commit(ID, 'me', operation('commit'), LEASE);
    const error = expectRefused(() => registry.rollBack(ID, 'no', operation('rollback')), 'BASELINE_IMMUTABLE');
    expect(error.message).toContain('committed to rollback_triggered');
    expectRefused(() => registry.move(ID, 'archived', null), 'BASELINE_IMMUTABLE');
  });

  it('is done already where there is no row or no table', () => {
    expect(registry.rollBack(ID, 'why', operation('rollback'))).toBe('absent');
    sql('DROP TABLE operation_log; DROP TABLE version_registry');
    expect(registry.rollBack(ID, 'why', operation('rollback'))).toBe('absent');
    expect([registry.list(), registry.operations(ID), registry.find(ID), registry.committedBaseline()]).toEqual([
      [],
      [],
      undefined,
      undefined,
    ]);
    expect(() => registry.move(ID, 'validating', null)).toThrow(/no version/);
  });
});

describe('moving and logging', () => {
  beforeEach(() => registry.registerBaseline(version(), LEASE));

  it('moves once, keeps the message where none is given, and names both states of a refusal', () => {
    expect(registry.move(ID, 'rollback_triggered', 'why')).toMatchObject({ statusMessage: 'why' });
    expect(registry.move(ID, 'rollback_triggered', 'again')).toMatchObject({ statusMessage: 'why' });
    expect(registry.move(ID, 'rolling_back', null)).toMatchObject({ status: 'rolling_back', statusMessage: 'why' });
    const error = expectRefused(() => registry.move(ID, 'committed', null), 'STATUS_MOVE_REFUSED');
    expect(error.message).toContain('rolling_back to committed');
    expectRefused(() => registry.move('v9', 'staging', null), 'VERSION_UNKNOWN');
  });

  it('logs an operation once by its version, type and start', () => {
    const operations = [operation('schema'), operation('label'), operation('label', '2025-12-25T20:00:09Z')];
    registry.logOperations(ID, operations);
    registry.logOperations(ID, operations);
    expect(registry.operations(ID).map((row) => [row.operationType, row.createdAt])).toEqual([
      ['schema', '2025-12-25 20:00:00'],
      ['label', '2025-12-25 20:00:00'],
      ['label', '2025-12-25 20:00:09'],
    ]);
    expectRefused(() => registry.logOperations('v9', operations), 'VERSION_UNKNOWN');
  });

  it('logs for a version at its end, and for none', () => {
    registry.commit(ID, 'me', operation('commit'), LEASE);
    registry.logOperations(ID, [operation('health check')]);
    registry.logOperations(null, [operation('health check')]);
    registry.logOperations(null, [operation('health check')]);
    expect(shell("SELECT version_id FROM operation_log WHERE operation_type = 'health check'")).toBe(`${ID}\n`);
    sql('DROP TABLE operation_log; DROP TABLE version_registry');
    expect(() => registry.logOperations(null, [operation('health check')])).toThrow(/no version_registry/);
  });

  it('prunes the oldest closed rows of one type and of one version', () => {
    const checks = [1, 2, 3, 4].map((hour) => operation('health_check', `2025-12-25T2${hour - 1}:00:00Z`));
    registry.logOperations(ID, [operation('commit'), ...checks]);
    shell("INSERT INTO operation_log (operation_type, status) VALUES ('health_check', 'somebody else’s')");
    shell(
      `UPDATE operation_log SET completed_at = NULL WHERE created_at = '2025-12-25 20:00:00' AND operation_type = 'health_check'`,
    );
    expect(registry.pruneOperations(ID, 'health_check', 2)).toBe(1);
    expect(registry.operations(ID).map((row) => [row.operationType, row.createdAt])).toEqual([
      ['commit', '2025-12-25 20:00:00'],
      ['health_check', '2025-12-25 20:00:00'],
      ['health_check', '2025-12-25 22:00:00'],
      ['health_check', '2025-12-25 23:00:00'],
    ]);
    expect(shell('SELECT count(*) FROM operation_log WHERE version_id IS NULL').trim()).toBe('1');
    expect(registry.pruneOperations(ID, 'health_check', 2)).toBe(0);
  });

  it('tries the statements of the plan and leaves nothing, not even a write', async () => {
    shell("INSERT INTO operation_log (operation_type, status) VALUES ('test', 'an operator’s own')");
    const before = [all(), (await openMetadataStore(path).mark()).value];
    expect(registry.tryOperations(ID)).toEqual({ inserted: 1, found: 1, left: 0, newest: ID });
    expect([all(), (await openMetadataStore(path).mark()).value]).toEqual(before);
    expectRefused(() => registry.tryOperations('v9'), 'VERSION_UNKNOWN');
    sql('CREATE TRIGGER deaf BEFORE INSERT ON operation_log BEGIN SELECT RAISE(IGNORE); END');
    expect(registry.tryOperations(ID)).toMatchObject({ inserted: 0, found: 0 });
  });
});

it('answers the statements of the migration plan as they are written', () => {
  expect(shell('SELECT COUNT(*) FROM operation_log;').trim()).toBe('0');
  registry.registerBaseline(version(), LEASE);
  expect(shell("SELECT COUNT(*) FROM version_registry WHERE version_id LIKE 'v1_baseline%';").trim()).toBe('1');
  registry.recordSnapshots(ID, PATHS, LEASE);
  expect(shell("SELECT * FROM version_registry WHERE version_id LIKE 'v1_baseline%';")).toContain(
    `1|${ID}|validating|`,
  );
  expect(shell('SELECT version_id, status FROM version_registry ORDER BY created_at DESC LIMIT 1;').trim()).toBe(
    `${ID}|validating`,
  );
  shell(`INSERT INTO operation_log (version_id, operation_type, status, details)
  VALUES ('v1_baseline_20251225_200000', 'test', 'success', 'Testing operation log');`);
  expect(shell("SELECT * FROM operation_log WHERE operation_type='test';")).toContain('Testing operation log');
  expect(registry.operations(ID)).toMatchObject([{ details: 'Testing operation log', completedAt: null }]);
  shell("DELETE FROM operation_log WHERE operation_type='test';");
  shell(`UPDATE version_registry
     SET status = 'rollback_triggered',
         status_message = 'Trigger 3: Validation check failure - chunk count mismatch'
     WHERE version_id LIKE 'v1_baseline%';`);
  expect(registry.find(ID)).toMatchObject({
    status: 'rollback_triggered',
    statusMessage: expect.stringContaining('Trigger 3') as string,
  });
});
