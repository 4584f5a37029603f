import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import type { HybridFlowError } from '../../domain/errors';
import { failure, LEASE, MetadataFile, PAST } from './support/metadata-file';

let file: MetadataFile;
let copy: string;

beforeEach(() => {
  file = new MetadataFile(PRODUCTION);
  copy = join(file.folder, "it's a copy? 100%.db");
});

afterEach(() => {
  file.remove();
});

/**
 * Everything about a table that a restore could get wrong: rowids, counters, rows that a trigger adds to, or a foreign
 * key takes from, a table that was filled before.
 */
const PRODUCTION = `
  CREATE TABLE audit (what TEXT);
  CREATE TABLE ingestion_log (chapter INTEGER REFERENCES chapter_metadata (id) ON DELETE CASCADE, message);
  CREATE TABLE chapter_metadata (id INTEGER PRIMARY KEY, textbook_id TEXT, chapter_number TEXT, quality_score REAL,
    key TEXT GENERATED ALWAYS AS (textbook_id || ':' || chapter_number) STORED, UNIQUE (textbook_id, chapter_number));
  CREATE TABLE counted (id INTEGER PRIMARY KEY AUTOINCREMENT, rowid TEXT);
  CREATE TABLE pairs (a TEXT, b TEXT, PRIMARY KEY (a, b)) WITHOUT ROWID;
  CREATE INDEX by_message ON ingestion_log (message);
  CREATE VIEW titles AS SELECT key FROM chapter_metadata;
  INSERT INTO chapter_metadata (id, textbook_id, chapter_number, quality_score)
    VALUES (7, 'bailey', '1', 1), (9, 'bailey', '2', 0.5), (11, 'schwartz', '1', NULL);
  INSERT INTO ingestion_log (rowid, chapter, message) VALUES (40, 7, 'done'), (50, 9, x'ff00'), (60, 11, CAST(x'ff41' AS TEXT));
  INSERT INTO counted (id, rowid) VALUES (1, 'a'), (100, 'b'); DELETE FROM counted WHERE id = 100;
  INSERT INTO pairs VALUES ('x', 'y');
  CREATE TRIGGER audited AFTER INSERT ON chapter_metadata BEGIN INSERT INTO audit VALUES (new.key); END;
  CREATE TRIGGER through INSTEAD OF DELETE ON titles BEGIN DELETE FROM chapter_metadata WHERE key = old.key; END;
  PRAGMA user_version = 7; PRAGMA application_id = 99;`;

const CONTAMINATION = {
  'rows deleted, changed and added': `
    DELETE FROM chapter_metadata WHERE id = 7; UPDATE ingestion_log SET message = 'x', rowid = rowid + 1;
    INSERT INTO chapter_metadata (textbook_id, chapter_number) VALUES ('sabiston', '1'); INSERT INTO counted (rowid) VALUES ('c');
    DELETE FROM pairs`,
  'tables missing and tables of another shape': `
    DROP TABLE ingestion_log; DROP TABLE pairs; DROP TABLE counted; CREATE TABLE pairs (a TEXT);
    INSERT INTO pairs VALUES ('z')`,
  'objects dropped, changed and added': `
    DROP VIEW titles; DROP TRIGGER audited; DROP INDEX by_message; CREATE INDEX by_message ON ingestion_log (chapter);
    CREATE TABLE titles (key TEXT); CREATE TABLE stray (id INTEGER PRIMARY KEY AUTOINCREMENT, x);
    INSERT INTO stray (x) VALUES (1); CREATE VIEW strays AS SELECT * FROM stray;
    CREATE TRIGGER stray_trigger AFTER DELETE ON audit BEGIN INSERT INTO stray (x) VALUES (2); END;
    CREATE UNIQUE INDEX stray_index ON audit (what); PRAGMA user_version = 8; PRAGMA application_id = 1`,
  'nothing at all': '',
};

const OURS = [
  ...['version_registry', 'operation_log', 'write_fence', 'switch_journal', 'version_pins'],
  'chapter_metadata_staging',
];

const sql = (script: string, other?: string) => file.sql(script, other);
const rows = (query: string) => file.rows(query);
const store = () => file.store;

/** Schema and rows of production, read without this project's own code. */
function production(): unknown {
  const objects = file.schema().filter(({ tbl_name }) => !OURS.includes(tbl_name));
  const tables = objects.filter(({ type }) => type === 'table').map(({ name }) => name);
  const listed = (query: string) =>
    rows(query)
      .map((row) => JSON.stringify(row))
      .sort();
  const withRowid = tables.filter((name) => name !== 'pairs');
  return {
    objects,
    rows: tables.map((name) => [name, listed(`SELECT * FROM ${name}`)]),
    rowids: withRowid.map((name) => [name, listed(`SELECT _rowid_ AS id FROM ${name}`)]),
    marks: ['user_version', 'application_id'].map((mark) => rows(`PRAGMA ${mark}`)),
    integrity: rows('PRAGMA integrity_check'),
  };
}

/** The work fails and changes no byte. */
function refused(work: () => unknown): HybridFlowError {
  const before = file.digest();
  const error = failure(work);
  expect(file.digest()).toBe(before);
  return error;
}

describe('restoring production from a copy', () => {
  it.each(Object.entries(CONTAMINATION))('brings back every row and object: %s', (_what, script) => {
    const before = production();
    store().snapshotTo(copy);
    sql(script);
    const changed = script !== '';
    expect([JSON.stringify(production()) !== JSON.stringify(before)]).toEqual([changed]);
    const answer = store().restoreFrom(copy, LEASE);
    expect(production()).toEqual(before);
    expect(answer.tables.sort()).toEqual(['audit', 'chapter_metadata', 'counted', 'ingestion_log', 'pairs']);
    expect(answer.rows).toBe(8);
    expect(store().restoreFrom(copy, LEASE).rows).toBe(8);
    expect(production()).toEqual(before);
    expect(store().fingerprint()).toEqual(store().fingerprint(copy));
  });

  it.each(['DELETE', 'WAL'])(
    'leaves the versioning and the staging table alone, and the copy untouched, in %s mode',
    (mode) => {
      sql(`PRAGMA journal_mode = ${mode}`);
      const before = production();
      store().createTables(LEASE);
      store().snapshotTo(copy);
      store().registry.registerBaseline(
        { versionId: 'v1_baseline_20251225_200000', workflowId: 'w', runId: 'r', chapterCount: 1, paragraphCount: 1 },
        LEASE,
      );
      sql(
        'CREATE TABLE chapter_metadata_staging (x); INSERT INTO chapter_metadata_staging VALUES (1); DELETE FROM chapter_metadata',
      );
      const ours = () =>
        OURS.map((table) => [
          rows(`SELECT * FROM ${table}`),
          rows(`SELECT type, name, sql FROM sqlite_master WHERE tbl_name = '${table}' ORDER BY name`),
        ]);
      const [oursBefore, copyBefore] = [ours(), file.digest(copy)];
      store().restoreFrom(copy, LEASE);
      expect(production()).toEqual(before);
      expect(ours()).toEqual(oursBefore);
      expect(file.digest(copy)).toBe(copyBefore);
      expect(readdirSync(file.folder).filter((name) => name.includes('copy'))).toHaveLength(1);
    },
  );

  it('brings back a full-text index with the tables that it keeps its rows in', () => {
    sql(`CREATE VIRTUAL TABLE docs USING fts5 (body); INSERT INTO docs VALUES ('lung anatomy'), ('surgery')`);
    store().snapshotTo(copy);
    const search = () => rows(`SELECT body FROM docs WHERE docs MATCH 'lung'`);
    sql("DELETE FROM docs; INSERT INTO docs VALUES ('stray')");
    store().restoreFrom(copy, LEASE);
    expect(search()).toEqual([{ body: 'lung anatomy' }]);
    sql('DROP TABLE docs');
    store().restoreFrom(copy, LEASE);
    expect(search()).toEqual([{ body: 'lung anatomy' }]);
    expect(rows('PRAGMA integrity_check')).toEqual([{ integrity_check: 'ok' }]);
  });

  it.each<[string, () => void]>([
    ['it is missing', () => undefined],
    ['it is a text', () => writeFileSync(copy, 'not a database, only text. '.repeat(200))],
    ['it is empty', () => writeFileSync(copy, '')],
    ['it is another database', () => sql('CREATE TABLE x (a)', copy)],
    [
      'its pages are torn',
      () => {
        store().snapshotTo(copy);
        const bytes = readFileSync(copy);
        writeFileSync(copy, Buffer.concat([bytes.subarray(0, 4096), Buffer.alloc(bytes.length - 4096, 0x5a)]));
      },
    ],
    [
      'it has rows without a parent',
      () => {
        store().snapshotTo(copy);
        sql('DELETE FROM chapter_metadata', copy);
      },
    ],
  ])('refuses the copy and changes nothing where %s', (_what, damage) => {
    damage();
    sql("INSERT INTO audit VALUES ('contaminated')");
    expect(refused(() => store().restoreFrom(copy, LEASE)).code).toBe('ARTIFACT_DAMAGED');
  });

  it('changes nothing for an attempt whose time has passed, nor where a statement of the copy fails', () => {
    store().snapshotTo(copy);
    sql("INSERT INTO audit VALUES ('contaminated')");
    expect(refused(() => store().restoreFrom(copy, PAST)).code).toBe('FENCED');
    const writer = new Database(file.path);
    writer.exec('BEGIN IMMEDIATE');
    expect(refused(() => store().restoreFrom(copy, LEASE)).code).toBe('METADATA_DB_BUSY');
    writer.close();
    // An index of production's name, on a table that is none of production's.
    sql(
      'CREATE TABLE chapter_metadata_staging (x); DROP INDEX by_message; CREATE INDEX by_message ON chapter_metadata_staging (x)',
    );
    expect(refused(() => store().restoreFrom(copy, LEASE)).code).toBe('SCHEMA_CONFLICT');
  });

  it('drops the staging table, once', () => {
    sql('CREATE TABLE chapter_metadata_staging (x); INSERT INTO chapter_metadata_staging VALUES (1)');
    expect(store().dropStaging()).toBe(true);
    expect(rows("SELECT name FROM sqlite_master WHERE name = 'chapter_metadata_staging'")).toEqual([]);
    expect(store().dropStaging()).toBe(false);
  });
});
