import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import Database from 'better-sqlite3';
import type { HybridFlowError } from '../../domain/errors';
import { openMetadataStore } from '../../stores/sqlite';
import { translateSqliteError } from '../../stores/sqlite/errors';
import { expectCode, LEASE, MetadataFile, PAST } from './support/metadata-file';

const REPOSITORY = resolve(__dirname, '../..');
const PRODUCTION = `CREATE TABLE chapter_metadata (id INTEGER PRIMARY KEY, textbook_id TEXT, chapter_number TEXT, title TEXT,
    UNIQUE (textbook_id, chapter_number));
  CREATE TABLE ingestion_log (id INTEGER PRIMARY KEY, message TEXT);
  INSERT INTO chapter_metadata (textbook_id, chapter_number) VALUES ('bailey', '1'), ('bailey', '2'), ('schwartz', '1');
  INSERT INTO ingestion_log (message) VALUES ('done');
  PRAGMA user_version = 7; PRAGMA application_id = 99;`;

let file: MetadataFile;
let folder: string;
let path: string;

beforeEach(() => {
  file = new MetadataFile(PRODUCTION);
  ({ folder, path } = file);
});

afterEach(() => {
  file.remove();
});

const sql = (script: string, other?: string) => file.sql(script, other);
const rows = (query: string, other?: string) => file.rows(query, other);
const digest = () => file.digest();
const store = () => file.store;

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
    expect(store().createTables(LEASE).created).toHaveLength(5);
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

  it('does not open a database in WAL mode that nobody else has open', () => {
    sql('PRAGMA journal_mode = WAL');
    const touched = () => statSync(folder, { bigint: true }).mtimeNs;
    const before = touched();
    expect(store().inventory()).toMatchObject({ chapters: 3, path });
    expect(store().inspectTables()).toContainEqual(expect.objectContaining({ state: 'absent' }));
    expect(touched()).toBe(before);
    // Whoever opens it makes two files beside it, if only for a moment.
    sql('SELECT 1 FROM chapter_metadata');
    expect(touched()).not.toBe(before);
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
