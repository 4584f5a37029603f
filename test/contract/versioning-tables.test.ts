import { execFile } from 'node:child_process';
import { resolve } from 'node:path';
import { promisify } from 'node:util';
import type { TableBefore } from '../../domain/registry';
import { VERSIONING_TABLES } from '../../domain/registry-schema';
import { expectCode, LEASE, MetadataFile, PAST } from './support/metadata-file';

const REPOSITORY = resolve(__dirname, '../..');
const PRODUCTION = `CREATE TABLE chapter_metadata (id INTEGER PRIMARY KEY, textbook_id TEXT, chapter_number TEXT, title TEXT,
    UNIQUE (textbook_id, chapter_number));
  CREATE TABLE ingestion_log (id INTEGER PRIMARY KEY, message TEXT)`;

const PRODUCTION_TABLES = ['chapter_metadata', 'ingestion_log'];

let file: MetadataFile;

beforeEach(() => {
  file = new MetadataFile(PRODUCTION);
});

afterEach(() => {
  file.remove();
});

const sql = (script: string) => file.sql(script);
const rows = (query: string) => file.rows(query);
const schema = () => file.schema();
const digest = () => file.digest();
const store = () => file.store;

const OTHER_REGISTRY = `
  CREATE TABLE version_registry (version_id TEXT PRIMARY KEY, timestamp TEXT, status TEXT);
  CREATE INDEX idx_old ON version_registry (timestamp);
  CREATE TRIGGER old_trigger AFTER INSERT ON version_registry BEGIN DELETE FROM ingestion_log WHERE id = -1; END;`;
const OTHER_LOG = 'CREATE TABLE operation_log (id INTEGER PRIMARY KEY AUTOINCREMENT, what TEXT)';

const NAMES = VERSIONING_TABLES.map(({ name }) => name);
const [REGISTRY, LOG, , JOURNAL] = VERSIONING_TABLES;
const STATUS_TRIGGERS = REGISTRY.triggers.map((statement) => statement.split(' ')[2]);
/** As it was before there were a write fence, a journal, pins, and triggers. */
const OLDER_INSTALL = [REGISTRY, LOG].flatMap(({ create, indexes }) => [create, ...indexes]).join(';\n');
const OLD_ROWS = `INSERT INTO version_registry (version_id, status) VALUES ('v1_baseline_20250101_000000', 'rolled_back');
  INSERT INTO operation_log (operation_type, status) VALUES ('rollback', 'success')`;
const OTHER_GUARDS = `${OLDER_INSTALL};
  DROP INDEX idx_version_registry_status;
  CREATE INDEX idx_version_registry_status ON version_registry (status, id);
  CREATE TRIGGER version_registry_moves AFTER UPDATE ON version_registry BEGIN SELECT 1; END;
  CREATE TRIGGER somebody_elses AFTER DELETE ON version_registry BEGIN SELECT 1; END`;
const FENCE_ROW = `INSERT INTO write_fence VALUES (1, 'o', 'w', 'r', 'why', '2026-01-01 00:00:00', '2999-01-01 00:00:00')`;

describe('the versioning tables', () => {
  it('are created, and a second call finds them fitting', () => {
    expect(
      store()
        .inspectTables()
        .map((t) => t.state),
    ).toEqual(NAMES.map(() => 'absent'));
    expect(store().createTables(LEASE)).toEqual({
      created: ['version_registry', 'operation_log', 'write_fence', 'switch_journal', 'version_pins'],
      replaced: [],
      operationLogRows: 0,
    });
    expect(store().createTables(LEASE)).toEqual({ created: [], replaced: [], operationLogRows: 0 });
    expect(
      store()
        .inspectTables()
        .map(({ state, differences, missing }) => ({ state, differences, missing })),
    ).toEqual(NAMES.map(() => ({ state: 'fits', differences: [], missing: [] })));
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
    ['tables of an older install', OLDER_INSTALL],
    ['tables of an older install that hold rows', `${OLDER_INSTALL}; ${OLD_ROWS}`],
    ['an index and a trigger of ours in another form', OTHER_GUARDS],
    ['a write fence of another shape', 'CREATE TABLE write_fence (id INTEGER PRIMARY KEY, owner TEXT)'],
    [
      'a journal of another shape, and no pins',
      `${OLDER_INSTALL}; CREATE TABLE switch_journal (id INTEGER PRIMARY KEY)`,
    ],
    ['a journal without its guards', `${OLDER_INSTALL}; ${JOURNAL.create}`],
  ])('are put back exactly by the undo, twice: %s', (_what, script) => {
    sql(script);
    const before = schema();
    const counters = () =>
      JSON.stringify(before).includes('sqlite_sequence') ? rows('SELECT * FROM sqlite_sequence') : [];
    const countersBefore = counters();
    const found = store().inspectTables();
    store().createTables(LEASE);
    expect(schema()).not.toEqual(before);
    // Rows are the record and keep their tables; what was added to them goes all the same.
    const answer = found.some(({ rows }) => rows > 0) ? 'kept' : 'undone';
    expect(store().undoTables(found)).toBe(answer);
    expect(schema()).toEqual(before);
    expect(store().undoTables(found)).toBe(answer);
    expect(schema()).toEqual(before);
    expect(counters()).toEqual(countersBefore);
    // The form that is kept for the undo survives the journey through a file.
    const sorted = (tables: TableBefore[]) => tables.map((table) => ({ ...table, ddl: [...table.ddl].sort() }));
    expect(sorted(store().inspectTables())).toEqual(sorted(JSON.parse(JSON.stringify(found)) as TableBefore[]));
  });

  it('replace an empty table of another shape', () => {
    sql(`${OTHER_REGISTRY}; ${OTHER_LOG}`);
    expect(store().createTables(LEASE)).toMatchObject({
      created: NAMES.slice(2),
      replaced: ['version_registry', 'operation_log'],
    });
    expect(
      store()
        .inspectTables()
        .map((t) => t.state),
    ).toEqual(NAMES.map(() => 'fits'));
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

  it('do not fit where the journal lacks a state, or its runs are not unique', () => {
    const [states, run] = [`'committed', 'done', `, 'run_id TEXT NOT NULL UNIQUE'];
    sql(
      JOURNAL.create
        .replaceAll(states, `'committed', `)
        .replace(`'committed', 'done')`, `'committed')`)
        .replace(run, 'run_id TEXT NOT NULL'),
    );
    expect(store().inspectTables()[3]).toMatchObject({
      state: 'differs',
      differences: ['run_id: UNIQUE: missing', 'state: CHECK accepts done: missing'],
    });
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
    ).toEqual(NAMES.map(() => 'absent'));
  });

  it.each([
    ["version_registry (version_id, status) VALUES ('test', 'pending')", []],
    ["operation_log (operation_type, status) VALUES ('test', 'pending')", []],
    [
      `switch_journal (kind, version_id, state, stores, details, workflow_id, run_id, started_at)
       VALUES ('promote', 'v', 'switching', '[]', '{}', 'w', 'r', '2026-01-01 00:00:00')`,
      ['switch_journal'],
    ],
    ["version_pins VALUES ('v', 'why', 'ann', '2026-01-01 00:00:00')", ['version_pins']],
  ])(
    'stay, registry and log together, where there is a row of %s; what is no record, or an empty one, goes',
    (row, too) => {
      const found = store().inspectTables();
      store().createTables(LEASE);
      sql(`INSERT INTO ${row}`);
      sql(FENCE_ROW);
      const before = schema();
      const stays = [...PRODUCTION_TABLES, 'version_registry', 'operation_log', ...too];
      expect(store().undoTables(found)).toBe('kept');
      expect(schema()).toEqual(before.filter(({ tbl_name }) => stays.includes(tbl_name)));
    },
  );

  it('are undone although a write fence stands', () => {
    const before = schema();
    const found = store().inspectTables();
    store().createTables(LEASE);
    sql(FENCE_ROW);
    expect(store().undoTables(found)).toBe('undone');
    expect(schema()).toEqual(before);
  });

  it('of an older install get what they lack, and say what that was', () => {
    sql(`${OLDER_INSTALL}; ${OLD_ROWS}`);
    const [registry, log, fence] = store().inspectTables();
    expect([registry?.state, log?.state, fence?.state]).toEqual(['fits', 'fits', 'absent']);
    expect(registry?.missing).toEqual(STATUS_TRIGGERS);
    expect(store().createTables(LEASE)).toEqual({ created: NAMES.slice(2), replaced: [], operationLogRows: 1 });
    expect(
      store()
        .inspectTables()
        .flatMap(({ missing }) => missing),
    ).toEqual([]);
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
    expect(created.sort()).toEqual([0, 0, 0, NAMES.length]);
  }, 60_000);
});

/** Runs `expression` on `db` (the store) in a program of its own; its value, or the code it fails with. */
async function inAnotherProcess(expression: string): Promise<unknown> {
  const script = `
    const db = require('./stores/sqlite').openMetadataStore(process.argv[1]);
    const lease = { notAfter: Date.now() + 60000 };
    let answer;
    try { answer = ${expression}; } catch (error) { answer = { code: error.code }; }
    console.log(JSON.stringify(answer));`;
  const { stdout } = await promisify(execFile)(process.execPath, ['-r', 'tsx/cjs', '-e', script, file.path], {
    cwd: REPOSITORY,
  });
  return JSON.parse(stdout);
}
