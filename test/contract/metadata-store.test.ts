import { execFile, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import Database from 'better-sqlite3';
import type { ErrorCode, HybridFlowError } from '../../domain/errors';
import { VERSIONING_TABLES } from '../../domain/registry-schema';
import { openMetadataStore } from '../../stores/sqlite';
import { translateSqliteError } from '../../stores/sqlite/errors';

const REPOSITORY = resolve(__dirname, '../..');
const LEASE = { notAfter: Number.MAX_SAFE_INTEGER };
const PAST = { notAfter: 1 };

let folder: string;
let path: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'hfv-metadata-'));
  path = join(folder, 'metadata.db');
  sql(
    `CREATE TABLE chapter_metadata (id INTEGER PRIMARY KEY, textbook_id TEXT, chapter_number TEXT, title TEXT,
       UNIQUE (textbook_id, chapter_number));
     CREATE TABLE ingestion_log (id INTEGER PRIMARY KEY, message TEXT);
     INSERT INTO chapter_metadata (textbook_id, chapter_number) VALUES ('bailey', '1'), ('bailey', '2'), ('schwartz', '1');
     INSERT INTO ingestion_log (message) VALUES ('done');
     PRAGMA user_version = 7; PRAGMA application_id = 99;`,
  );
});

afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

/** What an outsider does to the file, past the store. */
function sql(script: string, file = path): void {
  const db = new Database(file);
  db.exec(script);
  db.close();
}

function rows(query: string, file = path): unknown[] {
  const db = new Database(file, { readonly: true });
  const found = db.prepare(query).all();
  db.close();
  return found;
}

const schema = () => rows('SELECT type, name, tbl_name, sql FROM sqlite_master ORDER BY type, name');
const digest = () => createHash('sha256').update(readFileSync(path)).digest('hex');
const store = () => openMetadataStore(path, { busyTimeoutMs: 20 });

function failure(work: () => unknown): HybridFlowError {
  try {
    work();
  } catch (error) {
    return error as HybridFlowError;
  }
  throw new Error('expected a failure');
}

function expectCode(work: () => unknown, code: ErrorCode): HybridFlowError {
  const error = failure(work);
  expect({ code: error.code, message: error.message }).toEqual({ code, message: error.message });
  return error;
}

describe('opening', () => {
  const missing = () => join(folder, 'absent.db');

  it('never creates a file that is missing, whatever is asked', () => {
    const db = openMetadataStore(missing());
    for (const call of [
      () => db.inventory(),
      () => db.inspectTables(),
      () => db.createTables(LEASE),
      () => db.undoTables([]),
      () => db.snapshotTo(join(folder, 'copy.db')),
      () => db.registry.list(),
      () => db.registry.move('v1_baseline_20251225_200000', 'validating', null),
    ]) {
      expectCode(call, 'METADATA_DB_MISSING');
    }
    expect(readdirSync(folder)).toEqual(['metadata.db']);
    expectCode(() => openMetadataStore(join(path, 'below-a-file.db')).inventory(), 'METADATA_DB_MISSING');
  });

  it('refuses a folder and files that are no database', () => {
    mkdirSync(join(folder, 'a-folder'));
    writeFileSync(join(folder, 'text.db'), 'not a database, only text. '.repeat(200));
    expectCode(() => openMetadataStore(join(folder, 'a-folder')).inventory(), 'METADATA_DB_INVALID');
    expectCode(() => openMetadataStore(join(folder, 'text.db')).inventory(), 'METADATA_DB_INVALID');
    expectCode(() => openMetadataStore(join(folder, 'text.db')).createTables(LEASE), 'METADATA_DB_INVALID');
  });

  it('refuses a database whose pages are torn', () => {
    const bytes = readFileSync(path);
    writeFileSync(path, Buffer.concat([bytes.subarray(0, 100), Buffer.alloc(bytes.length - 100, 0x5a)]));
    expectCode(() => store().inventory(), 'METADATA_DB_INVALID');
  });

  it.each([
    ['', 'chapter_metadata'],
    ['CREATE TABLE chapter_metadata (textbook_id TEXT)', 'chapter_number'],
  ])('names what is missing where the file is not HybridFlow’s: %s', (script, named) => {
    const other = join(folder, 'other.db');
    writeFileSync(other, '');
    sql(script, other);
    const error = expectCode(() => openMetadataStore(other).inventory(), 'CHAPTER_TABLE_MISSING');
    expect(error.facts.details?.missing).toEqual([named]);
  });

  it('says BUSY, which may be retried, while another program holds the write lock', () => {
    const writer = new Database(path);
    writer.exec('BEGIN IMMEDIATE');
    const error = expectCode(() => store().createTables(LEASE), 'METADATA_DB_BUSY');
    expect(error.retryable).toBe(true);
    // The lease is judged only once the lock is held, so a lease that has run out is not what stops this one.
    expectCode(() => store().createTables(PAST), 'METADATA_DB_BUSY');
    expect(store().inventory().chapters).toBe(3);
    writer.exec('COMMIT');
    writer.close();
    expect(store().createTables(LEASE).created).toHaveLength(2);
  });

  it.each([
    ['SQLITE_LOCKED_SHAREDCACHE', 'METADATA_DB_BUSY'],
    ['SQLITE_READONLY', 'METADATA_DB_INVALID'],
    ['SQLITE_FULL', 'DISK_TOO_SMALL'],
    ['SQLITE_IOERR_WRITE', 'METADATA_DB_INVALID'],
    ['SQLITE_CORRUPT_VTAB', 'METADATA_DB_INVALID'],
  ])('translates %s into %s and says what to do next', (sqlite, code) => {
    const error = translateSqliteError(new Database.SqliteError('why', sqlite), path) as HybridFlowError;
    expect(error).toMatchObject({ code, facts: { details: { sqlite } } });
    expect(error.facts.next).toBeTruthy();
  });

  it('leaves its own refusals and faults of a statement as they are', () => {
    const fault = new Database.SqliteError('no such column', 'SQLITE_ERROR');
    expect(translateSqliteError(fault, path)).toBe(fault);
  });
});

describe('reading', () => {
  it('counts chapters in total and per textbook', () => {
    expect(store().inventory()).toEqual({
      path,
      bytes: statSync(path).size,
      sqliteVersion: expect.stringMatching(/^3\./) as string,
      chapters: 3,
      perTextbook: { bailey: 2, schwartz: 1 },
    });
  });

  it.each(['DELETE', 'WAL'])('changes no byte and leaves no file behind in %s mode', (mode) => {
    sql(`PRAGMA journal_mode = ${mode}`);
    const before = digest();
    store().inventory();
    store().inspectTables();
    store().registry.list();
    store().snapshotTo(join(folder, 'copy.db'));
    expect(digest()).toBe(before);
    expect(readdirSync(folder).sort()).toEqual(['copy.db', 'metadata.db']);
  });

  it('reads beside a live writer in WAL mode, and leaves its files alone', () => {
    const writer = new Database(path);
    writer.pragma('journal_mode = WAL');
    writer.exec("INSERT INTO chapter_metadata (textbook_id, chapter_number) VALUES ('schwartz', '2')");
    expect(store().inventory().chapters).toBe(4);
    expect(existsSync(`${path}-wal`)).toBe(true);
    writer.close();
  });

  it('plays back the journal of a writer that was killed', () => {
    sql(`CREATE TABLE filler (a); WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2000)
         INSERT INTO filler SELECT printf('%0500d', i) FROM n`);
    const killed = spawnSync(process.execPath, ['-e', KILLED_WRITER, path], { cwd: REPOSITORY });
    expect(killed.signal).toBe('SIGKILL');
    expect(statSync(`${path}-journal`).size).toBeGreaterThan(0);
    expect(store().inventory().chapters).toBe(3);
    expect(rows("SELECT COUNT(*) AS n FROM filler WHERE a = 'lost'")).toEqual([{ n: 0 }]);
  });

  it('notices a file that was swapped, because nothing stays open', () => {
    const db = store();
    expect(db.inventory().chapters).toBe(3);
    const other = join(folder, 'other.db');
    sql(
      "CREATE TABLE chapter_metadata (textbook_id, chapter_number); INSERT INTO chapter_metadata VALUES ('x', '1')",
      other,
    );
    renameSync(other, path);
    expect(db.inventory().perTextbook).toEqual({ x: 1 });
    db.close();
    db.close();
  });
});

/** Writes more than its page cache holds, so that uncommitted pages reach the file, and dies. */
const KILLED_WRITER = `
  const db = new (require('better-sqlite3'))(process.argv[1]);
  db.pragma('cache_size = 2');
  db.exec("BEGIN IMMEDIATE; UPDATE filler SET a = 'lost' || a; DELETE FROM chapter_metadata");
  process.kill(process.pid, 'SIGKILL');`;

const OTHER_REGISTRY = `
  CREATE TABLE version_registry (version_id TEXT PRIMARY KEY, timestamp TEXT, status TEXT);
  CREATE INDEX idx_old ON version_registry (timestamp);
  CREATE TRIGGER old_trigger AFTER INSERT ON version_registry BEGIN DELETE FROM ingestion_log WHERE id = -1; END;`;
const OTHER_LOG = 'CREATE TABLE operation_log (id INTEGER PRIMARY KEY AUTOINCREMENT, what TEXT)';

describe('the versioning tables', () => {
  it('are created, and a second call finds them fitting', () => {
    expect(
      store()
        .inspectTables()
        .map((t) => t.state),
    ).toEqual(['absent', 'absent']);
    expect(store().createTables(LEASE)).toEqual({ created: ['version_registry', 'operation_log'], replaced: [] });
    expect(store().createTables(LEASE)).toEqual({ created: [], replaced: [] });
    expect(
      store()
        .inspectTables()
        .map(({ state, differences }) => ({ state, differences })),
    ).toEqual([1, 2].map(() => ({ state: 'fits', differences: [] })));
    expect(rows('PRAGMA journal_mode')).toEqual([{ journal_mode: 'delete' }]);
  });

  it.each([
    ['nothing', ''],
    ['a registry of another shape', OTHER_REGISTRY],
    [
      'a log of another shape, with a counter',
      `${OTHER_LOG}; INSERT INTO operation_log (what) VALUES ('x'); DELETE FROM operation_log`,
    ],
    ['both', `${OTHER_REGISTRY}; ${OTHER_LOG}`],
    ['fitting tables without indexes', VERSIONING_TABLES.map(({ create }) => create).join(';')],
  ])('are put back exactly by the undo, twice: %s', (_what, script) => {
    sql(script);
    const before = schema();
    const counters = () =>
      JSON.stringify(before).includes('sqlite_sequence') ? rows('SELECT * FROM sqlite_sequence') : [];
    const countersBefore = counters();
    const found = store().inspectTables();
    store().createTables(LEASE);
    expect(schema()).not.toEqual(before);
    expect(store().undoTables(found)).toBe('undone');
    expect(schema()).toEqual(before);
    expect(store().undoTables(found)).toBe('undone');
    expect(schema()).toEqual(before);
    expect(counters()).toEqual(countersBefore);
    // The form that is kept for the undo survives the journey through a file.
    expect(store().inspectTables()).toEqual(JSON.parse(JSON.stringify(found)));
  });

  it('replace an empty table of another shape', () => {
    sql(`${OTHER_REGISTRY}; ${OTHER_LOG}`);
    expect(store().createTables(LEASE)).toEqual({ created: [], replaced: ['version_registry', 'operation_log'] });
    expect(
      store()
        .inspectTables()
        .map((t) => t.state),
    ).toEqual(['fits', 'fits']);
  });

  it('refuse a table of another shape that holds rows, column by column, and change nothing', () => {
    sql(`${OTHER_REGISTRY}; ${OTHER_LOG}; INSERT INTO version_registry VALUES ('v1', 'now', 'done')`);
    const before = digest();
    const error = expectCode(() => store().createTables(LEASE), 'SCHEMA_CONFLICT');
    const [table, none] = error.facts.details?.tables as { name: string; rows: number; differences: string[] }[];
    expect(none).toBeUndefined();
    expect(table).toMatchObject({ name: 'version_registry', rows: 1 });
    expect(table?.differences).toContain('version_id: found TEXT PRIMARY KEY, needed TEXT NOT NULL');
    expect(table?.differences).toContain('timestamp: TEXT not known');
    expect(table?.differences).toContain('created_at: missing (TEXT NOT NULL needed)');
    expect(error.message).toContain('timestamp: TEXT not known');
    expect(digest()).toBe(before);
  });

  it.each([
    ['the unique key', 'TEXT NOT NULL UNIQUE', 'TEXT NOT NULL', 'version_id: UNIQUE: missing'],
    ['a state', "'rolling_back', ", '', 'status: CHECK accepts rolling_back: missing'],
    [
      'a default',
      /updated_at TEXT NOT NULL DEFAULT \(.*?\),/,
      'updated_at TEXT NOT NULL,',
      'updated_at: default value: missing',
    ],
  ])('do not fit without %s', (_what, from, to, difference) => {
    sql(VERSIONING_TABLES[0].create.replace(from, to));
    expect(store().inspectTables()[0]).toMatchObject({ state: 'differs', differences: [difference] });
  });

  it('refuse a view in their place, and an index name that is taken, all or nothing', () => {
    sql('CREATE INDEX idx_operation_log_version_id ON ingestion_log (message)');
    const before = digest();
    expectCode(() => store().createTables(LEASE), 'SCHEMA_CONFLICT');
    expect(digest()).toBe(before);
    sql('DROP INDEX idx_operation_log_version_id; CREATE VIEW operation_log AS SELECT 1 AS id');
    expectCode(() => store().createTables(LEASE), 'SCHEMA_CONFLICT');
    sql('DROP VIEW operation_log');
    expect(
      store()
        .inspectTables()
        .map((t) => t.state),
    ).toEqual(['absent', 'absent']);
  });

  it('stay both where either holds a row', () => {
    const found = store().inspectTables();
    store().createTables(LEASE);
    sql("INSERT INTO operation_log (operation_type, status) VALUES ('test', 'success')");
    const before = schema();
    expect(store().undoTables(found)).toBe('kept');
    expect(schema()).toEqual(before);
  });

  it('are not dropped by an undo that knows nothing of them', () => {
    store().createTables(LEASE);
    const before = schema();
    expect(store().undoTables([])).toBe('undone');
    expect(store().undoTables(store().inspectTables())).toBe('undone');
    expect(schema()).toEqual(before);
  });

  it('are not created by an attempt whose time has passed', () => {
    const before = digest();
    expectCode(() => store().createTables(PAST), 'FENCED');
    expect(digest()).toBe(before);
  });

  it('are created once by four programs at the same moment', async () => {
    const answers = await Promise.all([1, 2, 3, 4].map(() => inAnotherProcess('db.createTables(lease)')));
    const created = answers.map((answer) => (answer as { created: string[] }).created.length);
    expect(created.sort()).toEqual([0, 0, 0, 2]);
  }, 60_000);
});

describe('a snapshot', () => {
  const copy = () => join(folder, "it's a copy.db");

  it.each(['DELETE', 'WAL'])('holds what the database holds, beside a live writer in %s mode', (mode) => {
    const writer = new Database(path);
    writer.pragma(`journal_mode = ${mode}`);
    writer.exec("BEGIN IMMEDIATE; INSERT INTO ingestion_log (message) VALUES ('not committed')");
    const taken = store().snapshotTo(copy());
    writer.exec('COMMIT');
    writer.close();
    expect(taken.counts).toEqual({ chapters: 3, chapter_metadata: 3, ingestion_log: 1 });
    expect(rows('SELECT * FROM ingestion_log', copy())).toEqual([{ id: 1, message: 'done' }]);
    expect(rows('PRAGMA user_version', copy())).toEqual([{ user_version: 7 }]);
    expect(rows('PRAGMA application_id', copy())).toEqual([{ application_id: 99 }]);
    expect(statSync(copy()).mode & 0o777).toBe(0o600);
    expect(Date.parse(taken.capturedTo)).toBeGreaterThanOrEqual(Date.parse(taken.capturedFrom));
    expect(taken.serverVersion).toMatch(/^3\./);
  });

  it('refuses a target that exists, even an empty one, and leaves it alone', () => {
    writeFileSync(copy(), '');
    expectCode(() => store().snapshotTo(copy()), 'ARTIFACT_WRITE_FAILED');
    expect(readFileSync(copy(), 'utf8')).toBe('');
    expectCode(() => store().snapshotTo(join(folder, 'no-such-folder', 'copy.db')), 'ARTIFACT_WRITE_FAILED');
  });

  it('with a row that has no parent is refused and removed', () => {
    sql(
      'PRAGMA foreign_keys = OFF; CREATE TABLE child (p INTEGER REFERENCES ingestion_log (id)); INSERT INTO child VALUES (77)',
    );
    const error = expectCode(() => store().snapshotTo(copy()), 'METADATA_DB_INVALID');
    expect(error.message).toContain('child -> ingestion_log');
    expect(readdirSync(folder)).toEqual(['metadata.db']);
  });
});

/** Runs `expression` on `db` (the store) in a program of its own; its value, or the code it fails with. */
async function inAnotherProcess(expression: string): Promise<unknown> {
  const script = `
    const db = require('./stores/sqlite').openMetadataStore(process.argv[1]);
    const lease = { notAfter: Date.now() + 60000 };
    let answer;
    try { answer = ${expression}; } catch (error) { answer = { code: error.code }; }
    console.log(JSON.stringify(answer));`;
  const { stdout } = await promisify(execFile)(process.execPath, ['-r', 'tsx/cjs', '-e', script, path], {
    cwd: REPOSITORY,
  });
  return JSON.parse(stdout);
}
