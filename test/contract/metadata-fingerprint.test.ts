import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import type { GroupFingerprint } from '../../domain/fingerprint';
import { openMetadataStore } from '../../stores/sqlite';
import { createProductionTables } from '../../stores/sqlite/production-schema';
import { failureOf } from '../support/errors';

let folder: string;
let file: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'hfv-fingerprint-'));
  file = join(folder, 'metadata.db');
  change((db) => {
    createProductionTables(db);
    const chapter = db.prepare(
      `INSERT INTO chapter_metadata (textbook_id, chapter_number, title, chunk_count, quality_score) VALUES (?, ?, ?, 5, 0.5)`,
    );
    for (const [book, number] of Object.entries({ bailey: '1', sabiston: 'ch2', schwartz: '60' })) {
      chapter.run(book, number, `Chapter ${number}`);
      db.prepare('INSERT INTO ingestion_log (textbook_id, chapter_number, message) VALUES (?, ?, ?)').run(
        book,
        number,
        'ok',
      );
    }
  });
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function change(work: (db: Database.Database) => void, path = file): void {
  const db = new Database(path);
  try {
    work(db);
  } finally {
    db.close();
  }
}

const print = (path?: string) => openMetadataStore(file).fingerprint(path);
const names = (groups: readonly GroupFingerprint[]) => groups.map(({ group }) => group);

/** The groups that a change makes differ. */
function changed(work: (db: Database.Database) => void): string[] {
  const text = (groups: GroupFingerprint[]) => new Map(groups.map((g) => [g.group, JSON.stringify(g)]));
  const before = text(print());
  change(work);
  const after = text(print());
  return [...new Set([...before.keys(), ...after.keys()])]
    .filter((name) => before.get(name) !== after.get(name))
    .sort();
}

describe('the fingerprint of metadata.db', () => {
  it('has a group a chapter, a table and the schema', () => {
    expect(print().map(({ group, items }) => [group, items])).toEqual([
      ['(schema)', 2],
      ['(table ingestion_log)', 3],
      ['bailey:ch1', 1],
      ['sabiston:ch2', 1],
      ['schwartz:ch60', 1],
    ]);
  });

  it('is that of its copy, and of a database filled in another order', () => {
    const copy = join(folder, 'copy.db');
    openMetadataStore(file).snapshotTo(copy);
    expect(print(copy)).toEqual(print());
    const other = join(folder, 'other.db');
    change((db) => {
      createProductionTables(db);
      db.exec(`ATTACH '${file}' AS old`);
      for (const table of ['chapter_metadata', 'ingestion_log']) {
        db.exec(`INSERT INTO main.${table} SELECT * FROM old.${table} ORDER BY id DESC`);
      }
    }, other);
    expect(print(other)).toEqual(print());
  });

  it('does not see what versions add', () => {
    const lease = { notAfter: Date.now() + 60_000 };
    const before = print();
    openMetadataStore(file).createTables(lease);
    const staging = 'CREATE TABLE chapter_metadata_staging (id INTEGER PRIMARY KEY, title TEXT)';
    change((db) => {
      db.exec(`${staging}; INSERT INTO chapter_metadata_staging (title) VALUES ('x')`);
      db.exec("INSERT INTO version_registry (version_id, status) VALUES ('v1_baseline_20260101_000000', 'pending')");
      db.exec('ANALYZE');
    });
    expect(print()).toEqual(before);
  });

  it.each<[string, string, string[]]>([
    ['a title', "UPDATE chapter_metadata SET title = 'x' WHERE textbook_id = 'bailey'", ['bailey:ch1']],
    [
      'a score, by its last bit',
      'UPDATE chapter_metadata SET quality_score = 0.5000000000000001 WHERE id = 2',
      ['sabiston:ch2'],
    ],
    [
      'a number that became a text',
      "UPDATE chapter_metadata SET source_file_path = x'31' WHERE id = 3",
      ['schwartz:ch60'],
    ],
    ['a chapter that is gone', 'DELETE FROM chapter_metadata WHERE id = 1', ['bailey:ch1']],
    ['a message', "UPDATE ingestion_log SET message = '' WHERE id = 1", ['(table ingestion_log)']],
    ['a log entry that came twice', "INSERT INTO ingestion_log (message) VALUES ('x')", ['(table ingestion_log)']],
    ['a column', 'ALTER TABLE ingestion_log ADD COLUMN x', ['(schema)', '(table ingestion_log)']],
    ['an index', 'CREATE INDEX i ON ingestion_log (status)', ['(schema)']],
    ['a view', 'CREATE VIEW v AS SELECT 1', ['(schema)']],
    ['a chapter without a number', "INSERT INTO chapter_metadata SELECT 9, 'x', '', '', '', 1, '', '', 1, 1", ['x:ch']],
  ])('tells %s', (_, statement, groups) => {
    expect(changed((db) => db.exec(statement))).toEqual(groups);
  });

  it('is exact about values that look alike', () => {
    change((db) => db.exec('CREATE TABLE kinds (value)'));
    const values = [
      ...['NULL', "''", "'null'", "x''", "'1'", '1', '1.0', "x'31'", "'i1'", "'b31'"],
      ...['9223372036854775807', '9223372036854775806', '1e300', '-1'],
      // Two texts that are no UTF-8, and would both read as the replacement character.
      ...["CAST(x'ff' AS TEXT)", "CAST(x'fe' AS TEXT)", "'\ufffd'", "'a' || char(0) || 'b'", "'a'"],
    ];
    const prints = values.map((value) => {
      change((db) => db.exec(`DELETE FROM kinds; INSERT INTO kinds VALUES (${value})`));
      return print().find(({ group }) => group === '(table kinds)')?.sha256;
    });
    expect(new Set(prints).size).toBe(values.length);
  });

  it('is made of items as the documentation has them, byte for byte', () => {
    change((db) => {
      db.exec(`CREATE TABLE kinds (b, "ä", a, c, d)`);
      db.prepare('INSERT INTO kinds VALUES (?, ?, ?, ?, ?)').run(2n ** 53n + 1n, null, 'é', 1.5, Buffer.from([255]));
    });
    const fields = ['a', 'té', 'b', 'i9007199254740993', 'c', 'f3ff8000000000000', 'd', 'bff', 'ä', 'null'];
    const item = fields.map((text) => `${Buffer.byteLength(text)}:${text},`).join('');
    const hash = (bytes: string | Buffer) => createHash('sha256').update(bytes).digest();
    expect(print()).toContainEqual({ group: '(table kinds)', items: 1, sha256: hash(hash(item)).toString('hex') });
  });

  it('reads a database in UTF-16, tables of any name, and leaves virtual ones to theirs', () => {
    const odd = join(folder, 'odd.db');
    change((db) => {
      db.pragma("encoding = 'UTF-16le'");
      db.exec(`CREATE TABLE "odd ""table"", '" (id INTEGER PRIMARY KEY, "a ""b" TEXT, sum AS (id + 1));
        INSERT INTO "odd ""table"", '" (id, "a ""b") VALUES (1, 'é');
        CREATE VIRTUAL TABLE words USING fts5(text); INSERT INTO words VALUES ('lung')`);
    }, odd);
    expect(names(print(odd))).toEqual(
      expect.arrayContaining(['(schema)', `(table odd "table", ')`, '(table words_content)']),
    );
    expect(names(print(odd))).not.toContain('(table words)');
    const item = '4:a "b,3:té,2:id,2:i1,';
    const hash = (bytes: string | Buffer) => createHash('sha256').update(bytes).digest();
    const found = print(odd).find(({ group }) => group.startsWith('(table odd'));
    expect(found?.sha256).toBe(hash(hash(item)).toString('hex'));
  });

  it('refuses a file that is no database, or is not there', async () => {
    const code = async (path: string) => (await failureOf(Promise.resolve().then(() => print(path)))).code;
    writeFileSync(join(folder, 'text'), 'no database'.repeat(100));
    expect(await code(join(folder, 'text'))).toBe('METADATA_DB_INVALID');
    expect(await code(join(folder, 'nowhere'))).toBe('METADATA_DB_MISSING');
  });
});
