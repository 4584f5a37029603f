import { writeFileSync } from 'node:fs';
import Database from 'better-sqlite3';
import fc from 'fast-check';
import { becomeStaged } from '../../stores/sqlite/staging-switch';
import { expectCode, failure, LEASE, PAST } from './support/metadata-file';
import { PRODUCTION, StagedBase } from './support/staged-base';

const STAGING = 'chapter_metadata_staging';

let base: StagedBase;
beforeEach(() => {
  base = new StagedBase();
});
afterEach(() => base.remove());

/** The switch alone, as a promote does it. */
function becomeStagedIn(file: StagedBase): { deleted: number; inserted: number } {
  const db = new Database(file.path);
  try {
    db.pragma('foreign_keys = OFF');
    return db.transaction(() => becomeStaged(db, file.path))();
  } finally {
    db.close();
  }
}

describe('preparing', () => {
  it('makes the table as chapter_metadata is, with its rows, and changes nothing of production', () => {
    const before = [base.others(), base.chapters(), base.store.fingerprint()];
    base.sql(`UPDATE chapter_metadata SET title = 'changed since' WHERE id = 9; DELETE FROM audit`);
    expect(base.store.prepareStaging({ file: base.copy }, LEASE)).toEqual({ chapters: 4 });
    expect(base.chapters(STAGING)).toEqual(before[1]);
    base.sql(`UPDATE chapter_metadata SET title = 'Nose' WHERE id = 9`);
    expect([base.others(), base.chapters(), base.store.fingerprint()]).toEqual(before);
    const columns = (table: string) => base.rows(`SELECT * FROM pragma_table_xinfo('${table}')`);
    expect(columns(STAGING)).toEqual(columns('chapter_metadata'));
  });

  it.each([
    [
      'a chapter twice, whatever its case',
      `INSERT INTO ${STAGING} (textbook_id, chapter_number) VALUES ('schwartz', 'a')`,
      'UNIQUE',
    ],
    ['a title twice', `UPDATE ${STAGING} SET title = 'ears' WHERE id = 9`, 'UNIQUE'],
    ['an empty title', `UPDATE ${STAGING} SET title = '' WHERE id = 9`, 'CHECK'],
    ['no textbook', `UPDATE ${STAGING} SET textbook_id = NULL WHERE id = 9`, 'NOT NULL'],
  ])('makes a table that refuses what production would: %s', (_what, statement, why) => {
    base.stage();
    expect(() => base.sql(statement)).toThrow(why);
  });

  it('makes a table with the defaults, counted ids and inner references of production', () => {
    base.stage(`INSERT INTO ${STAGING} (textbook_id, chapter_number) VALUES ('bailey', '3')`);
    // 99 was given once, and is never given again.
    expect(base.chapters(STAGING).at(-1)).toMatchObject({ id: 100, title: 'untitled', key: 'bailey:3' });
    expect(base.rows(`SELECT "table" FROM pragma_foreign_key_list('${STAGING}') ORDER BY 1`)).toEqual([
      { table: 'books' },
      { table: STAGING },
    ]);
  });

  it('starts over where it is repeated, from nothing where that is asked for', () => {
    base.stage(`UPDATE ${STAGING} SET quality_score = 'x'; DELETE FROM ${STAGING} WHERE id = 7`);
    expect(base.store.prepareStaging({ file: base.copy }, LEASE)).toEqual({ chapters: 4 });
    expect(base.chapters(STAGING)).toEqual(base.chapters());
    expect(base.store.prepareStaging('empty', LEASE)).toEqual({ chapters: 0 });
    expect(base.store.stagedChapters()).toEqual([]);
    expect(base.store.dropStaging()).toBe(true);
    expect(base.rows(`SELECT name FROM sqlite_master WHERE name LIKE '${STAGING}%'`)).toEqual([]);
  });

  it.each<[string, string, () => void]>([
    ['a copy that is no database', 'ARTIFACT_DAMAGED', () => writeFileSync(base.copy, 'no database'.repeat(500))],
    ['a copy with a column less', 'STAGING_UNFIT', () => base.sql('ALTER TABLE chapter_metadata ADD COLUMN pages')],
    [
      'a copy with a column more',
      'STAGING_UNFIT',
      () => base.sql('ALTER TABLE chapter_metadata ADD COLUMN pages', base.copy),
    ],
    [
      'a copy whose rows production takes no more',
      'STAGING_UNFIT',
      () =>
        base.sql(
          `UPDATE chapter_metadata SET title = 'x' WHERE id = 7; CREATE UNIQUE INDEX u ON chapter_metadata (title)`,
        ),
    ],
    [
      'a view in its place',
      'SCHEMA_CONFLICT',
      () => base.sql(`DROP TABLE ${STAGING}; CREATE VIEW ${STAGING} AS SELECT 1`),
    ],
  ])('refuses %s, and leaves what was staged before', (_what, code, spoil) => {
    base.stage(`DELETE FROM ${STAGING} WHERE id = 9`);
    spoil();
    const before = base.digest();
    const error = failure(() => base.store.prepareStaging({ file: base.copy }, LEASE));
    expect([error.code, error.message]).toEqual([code, error.message]);
    expect(base.digest()).toBe(before);
  });

  it('names the columns of a copy that differ', () => {
    base.sql('ALTER TABLE chapter_metadata ADD COLUMN pages', base.copy);
    const error = expectCode(() => base.store.prepareStaging({ file: base.copy }, LEASE), 'STAGING_UNFIT');
    expect(error.facts.details).toMatchObject({ differences: ['pages: no type not known'] });
    expect(error.message).toContain('pages');
  });

  it('writes nothing for an attempt whose time has passed, or while another program writes', () => {
    const before = base.digest();
    expectCode(() => base.store.prepareStaging('empty', PAST), 'FENCED');
    expectCode(() => base.store.prepareStaging({ file: base.copy }, PAST), 'FENCED');
    const writer = new Database(base.path);
    writer.exec('BEGIN IMMEDIATE');
    expect(expectCode(() => base.store.prepareStaging('empty', LEASE), 'METADATA_DB_BUSY').retryable).toBe(true);
    writer.close();
    expect(base.digest()).toBe(before);
  });
});

describe('dropping', () => {
  it('leaves what is staged to an attempt that is within its time', () => {
    base.stage();
    const before = base.digest();
    expectCode(() => base.store.dropStaging(PAST), 'FENCED');
    expect(base.digest()).toBe(before);
    expect([base.store.dropStaging(LEASE), base.store.dropStaging(LEASE)]).toEqual([true, false]);
  });
});

describe('what is staged', () => {
  it('is no part of production: not of its fingerprint, its inventory, or what is told of a copy', () => {
    const [print, inventory] = [base.store.fingerprint(), base.store.inventory()];
    base.stage(`DELETE FROM ${STAGING}`);
    expect({ ...base.store.inventory(), bytes: inventory.bytes }).toEqual(inventory);
    expect(base.store.fingerprint()).toEqual(print);
    const other = `${base.copy}.2`;
    expect(base.store.snapshotTo(other).counts).toMatchObject({ chapters: 4, [STAGING]: 0 });
    expect(base.store.fingerprint(other)).toEqual(print);
    expect(base.store.chapters()).toHaveLength(4);
    // A restore from a copy that was taken while something was staged brings none of it.
    base.store.dropStaging();
    base.store.restoreFrom(other, LEASE);
    expect(base.rows(`SELECT name FROM sqlite_master WHERE name = '${STAGING}'`)).toEqual([]);
  });

  it('is told by chapter: added, changed, removed; a chapter whose id alone differs is changed', () => {
    base.stage(`INSERT INTO ${STAGING} (textbook_id, chapter_number, title) VALUES ('bailey', '10', 'x'), ('bailey', '3', 'y');
      UPDATE ${STAGING} SET id = 500 WHERE id = 20; UPDATE ${STAGING} SET quality_score = 1.0 WHERE id = 7;
      DELETE FROM ${STAGING} WHERE id = 11; UPDATE ${STAGING} SET title = 'Nose' WHERE id = 9`);
    expect(base.store.stagedDelta()).toEqual({
      added: ['bailey:ch10', 'bailey:ch3'],
      changed: ['bailey:ch1', 'schwartz:chA'],
      removed: ['schwartz:ch1'],
    });
    expect(base.store.stagedChapters()).toContainEqual({ textbookId: 'bailey', chapterNumber: '10' });
  });

  it('is another chapter in other letters, though the column takes both for the same', () => {
    base.stage(`UPDATE ${STAGING} SET chapter_number = 'a' WHERE id = 20`);
    expect(base.store.stagedDelta()).toEqual({ added: ['schwartz:cha'], changed: [], removed: ['schwartz:chA'] });
    becomeStagedIn(base);
    expect(base.chapters().at(-1)).toMatchObject({ id: 20, chapter_number: 'a' });
  });

  it.each([
    ['missing', `DROP TABLE ${STAGING}`, 'NOT_STAGING'],
    ['of another shape', `ALTER TABLE ${STAGING} DROP COLUMN quality_score`, 'STAGING_UNFIT'],
  ])('is refused by every call where its table is %s', (_what, script, code) => {
    base.stage(script);
    const { store } = base;
    const calls = [store.assertStagingFits, store.stagedChapters, store.stagedFingerprint, store.stagedDelta];
    expect(calls.map((call) => failure(call).code)).toEqual(calls.map(() => code));
  });
});

describe('a switch', () => {
  it('brings every row as it was staged, fires no trigger, acts on no key, and touches only what differs', () => {
    base.stage(`DELETE FROM ${STAGING} WHERE id = 20;
      UPDATE ${STAGING} SET chapter_number = 'x' WHERE id = 7; UPDATE ${STAGING} SET chapter_number = '1' WHERE id = 9;
      UPDATE ${STAGING} SET chapter_number = '2' WHERE id = 7; UPDATE ${STAGING} SET title = 'ears', id = 12 WHERE id = 11;
      INSERT INTO ${STAGING} (textbook_id, chapter_number) VALUES ('bailey', 'Z')`);
    const [others, expected] = [base.others(), base.store.stagedFingerprint()];
    const digest = base.digest();
    base.store.assertStagingFits();
    expect(base.digest()).toBe(digest);
    expect(base.store.fingerprint()).not.toEqual(expected);
    expect(becomeStagedIn(base)).toEqual({ deleted: 4, inserted: 4 });
    expect(base.chapters()).toEqual(base.chapters(STAGING));
    expect(base.others()).toEqual(others);
    expect(base.store.fingerprint()).toEqual(expected);
    expect(base.rows('PRAGMA integrity_check')).toEqual([{ integrity_check: 'ok' }]);
    expect(becomeStagedIn(base)).toEqual({ deleted: 0, inserted: 0 });
    base.sql(`INSERT INTO chapter_metadata (textbook_id, chapter_number) VALUES ('bailey', 'after')`);
    expect(base.rows('SELECT * FROM audit').at(-1)).toEqual({ what: 'added bailey:after' });
  });

  it.each<[string, string, RegExp]>([
    [
      'a row without a chapter',
      `INSERT INTO ${STAGING} (textbook_id, chapter_number) VALUES ('bailey', ' ')`,
      /1 row lacks .*bailey:ch /,
    ],
    [
      'a chapter that a row of another table refers to is gone',
      `DELETE FROM ${STAGING} WHERE id = 7; UPDATE ${STAGING} SET follows = NULL`,
      /ingestion_log \(1 rows\) -> chapter_metadata/,
    ],
    [
      'a chapter that a chapter refers to is gone',
      `UPDATE ${STAGING} SET follows = 12345 WHERE id = 9`,
      /chapter_metadata \(1 rows\) -> chapter_metadata/,
    ],
    ['a textbook that is not there', `UPDATE ${STAGING} SET textbook_id = 'sabiston' WHERE id = 9`, /-> books/],
    ['a column that production lacks', `ALTER TABLE ${STAGING} ADD COLUMN pages INTEGER`, /pages: INTEGER not known/],
    [
      'a plain column in the place of a computed one',
      `ALTER TABLE ${STAGING} DROP COLUMN key; ALTER TABLE ${STAGING} ADD COLUMN key TEXT`,
      /key: found TEXT, needed TEXT GENERATED/,
    ],
    [
      'a column of another type',
      `ALTER TABLE ${STAGING} DROP COLUMN quality_score; ALTER TABLE ${STAGING} ADD COLUMN quality_score INTEGER`,
      /quality_score: found INTEGER, needed no type/,
    ],
  ])('is refused beforehand for %s, without a trace', async (_what, script, told) => {
    base.stage(script);
    const [before, mark] = [base.digest(), await base.store.mark()];
    const error = expectCode(() => base.store.assertStagingFits(), 'STAGING_UNFIT');
    expect(error.message).toMatch(told);
    expect(() => becomeStagedIn(base)).toThrow(told);
    expect(base.digest()).toBe(before);
    expect((await base.store.mark()).value).toBe(mark.value);
  });

  it.each<[string, string, RegExp]>([
    [
      'a chapter twice',
      `INSERT INTO ${STAGING} SELECT 1000 + id, textbook_id, chapter_number, NULL, NULL, NULL, '' FROM ${STAGING} WHERE id > 8`,
      /3 chapters have more than one row: bailey:ch2, schwartz:ch1, schwartz:chA/,
    ],
    [
      'a title that is production’s only once',
      `UPDATE ${STAGING} SET title = 'EARS' WHERE id = 9`,
      /does not take the rows.*UNIQUE/,
    ],
    [
      'a chapter without its textbook',
      `UPDATE ${STAGING} SET textbook_id = NULL WHERE id = 9`,
      /1 row lacks .*\(none\):ch2/,
    ],
  ])('is refused where somebody made the table without its constraints, for %s', (_what, script, told) => {
    // The columns as they were, and nothing else of what holds production's rows.
    base.stage(`ALTER TABLE ${STAGING} RENAME TO old; DROP INDEX ${STAGING}_1`);
    base.sql(`CREATE TABLE ${STAGING} (id INTEGER PRIMARY KEY, textbook_id TEXT NOT NULL, chapter_number TEXT NOT NULL, title TEXT,
        quality_score, follows INTEGER, key TEXT GENERATED ALWAYS AS ('') STORED);
      INSERT INTO ${STAGING} SELECT id, textbook_id, chapter_number, title, quality_score, follows FROM old; DROP TABLE old`);
    base.store.assertStagingFits();
    const statement = script.replace("NULL, NULL, NULL, ''", 'NULL, NULL, NULL');
    if (script.includes('textbook_id = NULL')) base.sql(withoutNotNull(STAGING));
    base.sql(statement);
    expect(expectCode(() => base.store.assertStagingFits(), 'STAGING_UNFIT').message).toMatch(told);
  });

  it('brings rowids that no column shows', () => {
    const script = 'CREATE TABLE chapter_metadata (textbook_id, chapter_number, quality_score, id)';
    const other = new StagedBase(`${script}; INSERT INTO chapter_metadata VALUES ('b', '1', 1, 1), ('b', '2', 1, 2)`);
    try {
      other.stage(`UPDATE ${STAGING} SET rowid = 77 WHERE id = 1`);
      expect(other.store.stagedDelta()).toEqual({ added: [], changed: [], removed: [] });
      expect(becomeStagedIn(other)).toEqual({ deleted: 1, inserted: 1 });
      expect(other.rows('SELECT rowid, id FROM chapter_metadata ORDER BY id')).toEqual([
        { rowid: 77, id: 1 },
        { rowid: 2, id: 2 },
      ]);
    } finally {
      other.remove();
    }
  });

  it.each([
    [
      'without a rowid',
      'CREATE TABLE chapter_metadata (textbook_id, chapter_number, quality_score, id, PRIMARY KEY (textbook_id, chapter_number)) WITHOUT ROWID',
    ],
    ['with rowids of its own', 'CREATE TABLE chapter_metadata (textbook_id, chapter_number, quality_score, id)'],
    [
      'with columns that took the names of the rowid',
      'CREATE TABLE chapter_metadata (textbook_id, chapter_number, quality_score, id, rowid, oid, _rowid_)',
    ],
    ['in other letters', 'CREATE TABLE /* ours */ "Chapter_Metadata"(textbook_id, chapter_number, quality_score, id)'],
  ])('works for a table %s', (_what, create) => {
    const other = new StagedBase(`${create}; INSERT INTO chapter_metadata (textbook_id, chapter_number, id)
      VALUES ('b', '1', 1), ('b', '2', 2), ('b', 3, 3); CREATE TRIGGER t AFTER INSERT ON chapter_metadata BEGIN SELECT RAISE(ABORT, 'no'); END`);
    try {
      other.stage(`DELETE FROM ${STAGING} WHERE id = 1; UPDATE ${STAGING} SET quality_score = 1 WHERE id = 2;
        INSERT INTO ${STAGING} (textbook_id, chapter_number, id) VALUES ('b', '4', 4)`);
      const expected = other.store.stagedFingerprint();
      expect(other.store.stagedDelta()).toEqual({ added: ['b:ch4'], changed: ['b:ch2'], removed: ['b:ch1'] });
      other.store.assertStagingFits();
      becomeStagedIn(other);
      expect(other.chapters()).toEqual(other.chapters(STAGING));
      expect(other.store.fingerprint()).toEqual(expected);
    } finally {
      other.remove();
    }
  });
});

/** Takes NOT NULL off the table's columns, and off production's, so that the columns stay alike. */
function withoutNotNull(table: string): string {
  return `PRAGMA writable_schema = ON;
    UPDATE sqlite_master SET sql = replace(sql, 'textbook_id TEXT NOT NULL', 'textbook_id TEXT')
    WHERE name IN ('${table}', 'chapter_metadata'); PRAGMA writable_schema = RESET`;
}

const value = fc.oneof(
  fc.constantFrom(`NULL`, `1`, `1.0`, `'1'`, `x'31'`, `'a'`, `'A'`, `9007199254740993`),
  fc.constant(`0.5`),
);
const chapter = fc.constantFrom(...['1', '2', 'A', 'a', '3', '4'].map((number) => `'${number}'`));
const book = fc.constantFrom(`'bailey'`, `'schwartz'`);
const edit = fc.oneof(
  fc
    .tuple(book, chapter, value)
    .map(
      ([b, c, v]) =>
        `INSERT OR IGNORE INTO ${STAGING} (textbook_id, chapter_number, quality_score) VALUES (${b}, ${c}, ${v})`,
    ),
  fc
    .tuple(book, chapter, value)
    .map(
      ([b, c, v]) => `UPDATE ${STAGING} SET quality_score = ${v} WHERE textbook_id = ${b} AND chapter_number = ${c}`,
    ),
  fc
    .tuple(book, chapter)
    .map(([b, c]) => `DELETE FROM ${STAGING} WHERE textbook_id = ${b} AND chapter_number = ${c} AND id <> 7`),
  fc
    .tuple(book, chapter, chapter)
    .map(
      ([b, c, d]) =>
        `UPDATE OR IGNORE ${STAGING} SET chapter_number = ${d} WHERE textbook_id = ${b} AND chapter_number = ${c}`,
    ),
  fc
    .tuple(book, chapter, fc.integer({ min: 8, max: 30 }))
    .map(
      ([b, c, id]) =>
        `UPDATE OR IGNORE ${STAGING} SET id = ${id} WHERE textbook_id = ${b} AND chapter_number = ${c} AND id <> 7`,
    ),
);

test('whatever is staged: the delta is what two lists of rows say, and the switch gives what was foretold', () => {
  const free = PRODUCTION.replace('follows INTEGER REFERENCES chapter_metadata (id)', 'follows INTEGER');
  fc.assert(
    fc.property(fc.array(edit, { maxLength: 12 }), (edits) => {
      const one = new StagedBase(free);
      try {
        one.stage(edits.join(';'));
        const [before, after] = [one.chapters(), one.chapters(STAGING)].map(byChapter) as [
          Map<string, string>,
          Map<string, string>,
        ];
        const [expected, others] = [one.store.stagedFingerprint(), one.others()];
        expect(one.store.stagedDelta()).toEqual({
          added: [...after.keys()].filter((id) => !before.has(id)).sort(),
          changed: [...after.keys()].filter((id) => before.has(id) && before.get(id) !== after.get(id)).sort(),
          removed: [...before.keys()].filter((id) => !after.has(id)).sort(),
        });
        one.store.assertStagingFits();
        const same = [...after.values()].filter((row) => [...before.values()].includes(row)).length;
        expect(becomeStagedIn(one)).toEqual({ deleted: before.size - same, inserted: after.size - same });
        expect(one.chapters()).toEqual(one.chapters(STAGING));
        expect(one.others()).toEqual(others);
        expect(one.store.fingerprint()).toEqual(expected);
        expect(one.store.stagedDelta()).toEqual({ added: [], changed: [], removed: [] });
      } finally {
        one.remove();
      }
    }),
    { numRuns: 40 },
  );
}, 60_000);

function byChapter(rows: readonly Record<string, unknown>[]): Map<string, string> {
  const id = (row: Record<string, unknown>) => `${String(row.textbook_id)}:ch${String(row.chapter_number)}`;
  return new Map(rows.map((row) => [id(row), JSON.stringify(row)]));
}
