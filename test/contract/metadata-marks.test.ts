import { execFileSync } from 'node:child_process';
import { copyFileSync, readFileSync, renameSync, utimesSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import Database from 'better-sqlite3';
import { openMetadataStore } from '../../stores/sqlite';
import { LEASE, MetadataFile } from './support/metadata-file';

const REPOSITORY = resolve(__dirname, '../..');

let file: MetadataFile;
let folder: string;
let path: string;

beforeEach(() => {
  file = new MetadataFile(
    `CREATE TABLE chapter_metadata (id INTEGER PRIMARY KEY, textbook_id TEXT, chapter_number TEXT);
     INSERT INTO chapter_metadata VALUES (1, 'bailey', '1')`,
  );
  ({ folder, path } = file);
});

afterEach(() => {
  file.remove();
});

const sql = (script: string) => file.sql(script);
const store = () => file.store;
const mark = async () => (await store().mark()).value;
/** Puts a value there and the old one back: afterwards every page is as before. */
const THERE_AND_BACK = [
  "UPDATE chapter_metadata SET chapter_number = '2'",
  "UPDATE chapter_metadata SET chapter_number = '1'",
];

/** Writes in another program, which closes the database when it is done. */
function writeElsewhere(script: string): void {
  execFileSync(
    process.execPath,
    ['-e', `new (require('better-sqlite3'))(process.argv[1]).exec(process.argv[2])`, path, script],
    {
      cwd: REPOSITORY,
    },
  );
}

describe.each(['DELETE', 'TRUNCATE', 'PERSIST', 'WAL'])('the mark in %s mode', (mode) => {
  beforeEach(() => sql(`PRAGMA journal_mode = ${mode}`));

  it('is another one after every commit, whoever made it, and even where the content is the same again', async () => {
    const open = new Database(path);
    open.exec(THERE_AND_BACK.join('; '));
    const seen = [await mark()];
    for (const statement of [...THERE_AND_BACK, ...THERE_AND_BACK]) {
      open.exec(statement);
      seen.push(await mark());
    }
    writeElsewhere(THERE_AND_BACK.join('; '));
    seen.push(await mark());
    open.close();
    sql(THERE_AND_BACK.join('; '));
    seen.push(await mark());
    writeElsewhere(THERE_AND_BACK.join('; '));
    seen.push(await mark());
    store().createTables(LEASE);
    seen.push(await mark());
    expect(new Set(seen).size).toBe(seen.length);
    expect(seen).not.toContain(null);
  });

  it('is the same one after reads, and after writes that were taken back', async () => {
    const before = await mark();
    store().inventory();
    store().inspectTables();
    store().snapshotTo(join(folder, 'copy.db'));
    store().integrity();
    store().fingerprint();
    sql('SELECT * FROM chapter_metadata');
    expect(await mark()).toBe(before);
    sql('BEGIN IMMEDIATE; DELETE FROM chapter_metadata; ROLLBACK');
    expect(await mark()).toBe(before);
  });

  it('is the same one while a program that has written reads on', async () => {
    const open = new Database(path);
    open.exec(THERE_AND_BACK.join('; '));
    const before = await mark();
    open.prepare('SELECT * FROM chapter_metadata').all();
    store().inventory();
    store().snapshotTo(join(folder, 'copy.db'));
    open.exec('BEGIN IMMEDIATE; DELETE FROM chapter_metadata; ROLLBACK');
    expect(await mark()).toBe(before);
    open.close();
  });
});

it('starts anew with a log that is begun anew, and ends with a commit, not with what follows it', async () => {
  sql('PRAGMA journal_mode = WAL; CREATE TABLE filler (a)');
  const open = new Database(path);
  open.pragma('wal_autocheckpoint = 0');
  open.pragma('cache_size = 2');
  open.exec(THERE_AND_BACK.join('; '));
  const before = await mark();
  // More than the cache holds: pages of a transaction that is under way are in the log already.
  open.exec(`BEGIN IMMEDIATE; WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2000)
             INSERT INTO filler SELECT printf('%0500d', i) FROM n`);
  expect(await mark()).toBe(before);
  open.exec('COMMIT');
  const committed = await mark();
  expect(committed).not.toBe(before);
  open.pragma('wal_checkpoint(RESTART)');
  open.exec(THERE_AND_BACK[0] ?? '');
  expect([before, committed]).not.toContain(await mark());
  open.close();
});

/** A clock that stands still, or a file system that keeps time coarsely. */
const stopClock = (of = path) => utimesSync(of, 1_700_000_000, 1_700_000_000);

it('tells a write by more than the time of the file', async () => {
  stopClock();
  const before = await mark();
  sql(THERE_AND_BACK.join('; '));
  stopClock();
  expect(await mark()).not.toBe(before);
});

it('tells a file that was put in its place, even an equal one of the same time', async () => {
  stopClock();
  const before = await mark();
  const other = join(folder, 'other.db');
  copyFileSync(path, other);
  stopClock(other);
  renameSync(other, path);
  expect(await mark()).not.toBe(before);
});

it('is refused where there is no database', async () => {
  writeFileSync(join(folder, 'short.db'), 'x');
  await expect(openMetadataStore(join(folder, 'short.db')).mark()).rejects.toMatchObject({
    code: 'METADATA_DB_INVALID',
  });
  await expect(openMetadataStore(join(folder, 'none.db')).mark()).rejects.toMatchObject({
    code: 'METADATA_DB_MISSING',
  });
  await expect(openMetadataStore(folder).mark()).rejects.toMatchObject({ code: 'METADATA_DB_INVALID' });
});

describe('integrity', () => {
  it('is sound where SQLite says so', () => {
    expect(store().integrity()).toEqual({ problems: [], foreignKeyViolations: 0 });
  });

  it('counts rows without a parent', () => {
    sql(`PRAGMA foreign_keys = OFF; CREATE TABLE log (chapter INTEGER REFERENCES chapter_metadata (id));
         INSERT INTO log VALUES (1), (2), (3)`);
    expect(store().integrity()).toEqual({ problems: [], foreignKeyViolations: 2 });
  });

  it('names what is broken: an index that lacks rows, and pages that are torn', () => {
    sql(`CREATE INDEX by_book ON chapter_metadata (textbook_id); PRAGMA writable_schema = ON;
         UPDATE sqlite_master SET sql = 'CREATE INDEX by_book ON chapter_metadata (chapter_number)' WHERE name = 'by_book'`);
    expect(store().integrity().problems.join()).toContain('by_book');
    const bytes = readFileSync(path);
    writeFileSync(path, Buffer.concat([bytes.subarray(0, 100), Buffer.alloc(bytes.length - 100, 0x5a)]));
    const { problems } = store().integrity();
    expect(problems.length).toBeGreaterThan(0);
  });

  it('cannot be told of what is no database', () => {
    expect(() => openMetadataStore(join(folder, 'none.db')).integrity()).toThrow(
      expect.objectContaining({ code: 'METADATA_DB_MISSING' }) as Error,
    );
    writeFileSync(path, 'not a database, only text. '.repeat(200));
    expect(() => store().integrity()).toThrow(expect.objectContaining({ code: 'METADATA_DB_INVALID' }) as Error);
  });
});
