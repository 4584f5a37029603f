import { spawnSync } from 'node:child_process';
import {
  copyFileSync,
  cpSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import Database from 'better-sqlite3';
import type { ActivityDeps, TakenArtifact } from '../../activities';
import { createFingerprintActivities } from '../../activities/fingerprints';
import { runProgram } from '../../client/program';
import { openStores } from '../../client/stores';
import { POINT_LIST_FILE } from '../../domain/compare';
import type { FingerprintComparison } from '../../domain/fingerprint';
import { FINGERPRINT_FILES, STORE_NAMES, type StoreName } from '../../domain/names';
import { LATEST_COPY } from '../../domain/version-id';
import { compareWithRecorded } from '../../inspection/fingerprints';
import { verifyVersion, type Verification } from '../../inspection/verify';
import { openArtifactStore } from '../../stores/artifacts';
import type { Stores } from '../../stores/ports';
import { MockActivityEnvironment } from '@temporalio/testing';
import { TestBase } from '../support/base';
import { failureOf } from '../support/errors';
import { sealVersion, Tampered } from '../support/sealed';
import { useStack } from '../support/stack';

jest.setTimeout(120_000);

const VERSION = 'v1_baseline_20260102_030405';
const SCRIPT = join(__dirname, '..', '..', 'scripts', 'verify_version.py');

let base: TestBase;
let stores: Stores;
let envFile: string;
let taken: TakenArtifact[];
/** A backups folder for copies that somebody meddled with. */
let scratch: string;

beforeAll(async () => {
  ({ envFile } = await useStack());
  base = await TestBase.make({ paragraphs: 300 });
  stores = openStores(base.settings);
  taken = await sealVersion(stores, VERSION);
});
afterAll(async () => {
  await stores?.graph.close();
  await base?.close();
});
beforeEach(() => {
  scratch = mkdtempSync(join(tmpdir(), 'hfv-verify-'));
});
afterEach(() => rmSync(scratch, { recursive: true, force: true }));

type Compare = () => Promise<FingerprintComparison>;
const compare = (folder: string, store: StoreName) => {
  const { compareProduction } = createFingerprintActivities(stores as ActivityDeps);
  const work: Compare = () => compareProduction(folder, store);
  return new MockActivityEnvironment().run<[], FingerprintComparison, Compare>(work);
};

function script(folder: string): { code: number | null; out: string } {
  const { status, stdout, stderr } = spawnSync('python3', [SCRIPT, folder], { encoding: 'utf8' });
  return { code: status, out: stdout + stderr };
}

async function hfv(backups: string, ...args: string[]) {
  const printed = { stdout: '', stderr: '' };
  const sink = (name: keyof typeof printed) => ({ write: (text: string) => (printed[name] += text) });
  const { PATH, HOME } = process.env;
  const env = { PATH, HOME, HYBRIDFLOW_STACK_ENV: envFile, HYBRIDFLOW_BACKUPS: backups };
  const code = await runProgram(['verify', ...args], {
    stdout: sink('stdout'),
    stderr: sink('stderr'),
    env,
    cwd: scratch,
  });
  return { code, ...printed };
}

describe('what is sealed with a version', () => {
  test('is the fingerprint of production, of which only summaries left the activities', async () => {
    for (const folder of [LATEST_COPY, VERSION]) {
      for (const store of STORE_NAMES)
        expect(await compare(folder, store)).toMatchObject({ store, same: true, differing: 0 });
    }
    expect(JSON.stringify(taken).length).toBeLessThan(3_000);
    expect(taken.map(({ artifact }) => artifact.fingerprint?.items)).toEqual([
      // Rows of both tables and the statements of two tables; points; nodes, relationships and three constraints.
      base.sql('SELECT * FROM chapter_metadata').length * 2 + 2,
      300,
      (await base.count('MATCH (n) RETURN count(n)')) + (await base.count('MATCH ()-[r]->() RETURN count(r)')) + 3,
    ]);
  });

  test('is shared with latest-copy where the artifact is', () => {
    const inode = (folder: string, file: string) => statSync(base.backup(folder, file)).ino;
    for (const file of [FINGERPRINT_FILES.qdrant, FINGERPRINT_FILES.neo4j]) {
      expect(inode(VERSION, file)).toBe(inode(LATEST_COPY, file));
    }
  });

  test('says which chapter production changed in, store by store', async () => {
    const chapter = 'bailey:ch1';
    const [{ id } = { id: '' }] = await base.cypher<{ id: string }>(
      `MATCH (:Chapter {id: '${chapter}'})-[*]->(p:Paragraph) WITH p LIMIT 1 SET p.before = p.text, p.text = 'x' RETURN p.chunk_id AS id`,
    );
    expect(await compare(VERSION, 'neo4j')).toMatchObject({
      same: false,
      samples: [{ group: '(relationships)' }, { group: chapter }],
    });
    await base.cypher(`MATCH (p {chunk_id: '${id}'}) SET p.text = p.before REMOVE p.before`);
    base.sql(
      "UPDATE chapter_metadata SET chunk_count = chunk_count + 1 WHERE textbook_id = 'bailey' AND chapter_number = '1'",
    );
    expect(await compare(VERSION, 'sqlite')).toMatchObject({ same: false, samples: [{ group: chapter }] });
    base.sql(
      "UPDATE chapter_metadata SET chunk_count = chunk_count - 1 WHERE textbook_id = 'bailey' AND chapter_number = '1'",
    );
    const points = `/collections/${base.settings.qdrant.collection}/points`;
    const filter = { must: [{ key: 'chunk_id', match: { value: id } }] };
    await base.qdrant('POST', `${points}/payload?wait=true`, { payload: { page: -1 }, filter });
    const found = await compare(VERSION, 'qdrant');
    expect(found).toMatchObject({ same: false, differing: 1, samples: [{ group: chapter }] });
    expect(found.samples[0]?.actual?.items).toBe(found.samples[0]?.expected?.items);
    for (const store of ['neo4j', 'sqlite'] as const) expect((await compare(VERSION, store)).same).toBe(true);
  });

  test('cannot be compared with what was never recorded', async () => {
    const code = async (folder: string) => (await failureOf(compareWithRecorded(stores, folder, 'qdrant'))).code;
    expect(await code('v9_minor_20260102_030405')).toBe('VERSION_UNKNOWN');
    const list = base.backup(VERSION, FINGERPRINT_FILES.qdrant);
    const text = readFileSync(list);
    rmSync(list);
    writeFileSync(list, readFileSync(base.backup(VERSION, FINGERPRINT_FILES.neo4j)));
    expect(await code(VERSION)).toBe('ARTIFACT_DAMAGED');
    writeFileSync(list, text);
  });
});

describe('a sound version', () => {
  test.each([VERSION, LATEST_COPY])(
    'passes every check, the Qdrant snapshot restored beside production: %s',
    async (folder) => {
      const collections = await base.collections();
      const found = await verifyVersion(stores, folder);
      expect(found).toMatchObject({ passed: true, problems: [] });
      expect(found.files.map(({ state }) => state)).toEqual(Array(7).fill('intact'));
      expect(found.contents.map(({ store, state }) => [store, state])).toEqual([
        ['sqlite', 'same'],
        ['qdrant', 'same'],
        ['neo4j', 'same'],
      ]);
      expect(await base.collections()).toEqual(collections);
    },
  );

  test('passes the independent script, which needs nothing but the folder', () => {
    const moved = join(scratch, 'elsewhere');
    cpSync(base.backup(VERSION), moved, { recursive: true });
    expect(script(moved)).toEqual({ code: 0, out: 'OK\n' });
    expect(readdirSync(moved).sort()).toEqual(readdirSync(base.backup(VERSION)).sort());
    expect(script(join(scratch, 'nowhere')).code).toBe(2);
  });

  test('made before there were fingerprints is judged by its bytes', async () => {
    const old = new Tampered(scratch, VERSION, base.backup(VERSION));
    old.manifest((manifest) => {
      for (const artifact of manifest.artifacts) delete artifact.fingerprint;
      delete manifest.fingerprint;
    });
    old.edit('checksums.txt', (text) => text.replace(/.*fingerprint.*\n/g, ''));
    const found = await verifyVersion({ ...stores, artifacts: openArtifactStore(scratch) }, VERSION);
    expect(found).toMatchObject({ passed: true, files: { length: 3 } });
    expect(found.contents.map(({ state }) => state)).toEqual(Array(3).fill('not recorded'));
    expect(script(old.folder)).toMatchObject({
      code: 0,
      out: expect.stringContaining('without fingerprints') as string,
    });
  });
});

describe('a copy that somebody meddled with', () => {
  const row = (t: Tampered) => {
    const db = new Database(t.at('metadata.db'));
    db.exec("UPDATE chapter_metadata SET title = 'x' WHERE textbook_id = 'bailey' AND chapter_number = '1'");
    db.close();
  };
  const word = (t: Tampered) => t.export((text) => text.replace(/("chunk_id":"bailey:ch1:[^}]*?"text":")[A-Z]/, '$1_'));
  const list = (t: Tampered) =>
    t.edit(FINGERPRINT_FILES.qdrant, (text) =>
      text.replace(/[0-9a-f]{64}( {2}\d+ {2}bailey:ch1\n)/, `${'0'.repeat(64)}$1`),
    );
  const points = (t: Tampered, change: (text: string) => string) => {
    const file = t.at(POINT_LIST_FILE);
    writeFileSync(file, gzipSync(change(gunzipSync(readFileSync(file)).toString())));
  };
  const part = (t: Tampered) => truncateSync(t.at('neo4j.jsonl.gz'), statSync(t.at('neo4j.jsonl.gz')).size - 30);

  const cases: [string, (t: Tampered) => void, RegExp[], { script?: RegExp[]; qdrant?: boolean }?][] = [
    [
      'a row, every hash made again',
      (t) => (row(t), t.reseal()),
      [/content of SQLite .*1 differ: bailey:ch1/],
      { script: [/SQLite differs in bailey:ch1/] },
    ],
    [
      'a paragraph, every hash made again',
      (t) => (word(t), t.reseal()),
      [/content of Neo4j .*2 differ: \(relationships\).*bailey:ch1/],
      { script: [/Neo4j differs in bailey:ch1/] },
    ],
    [
      'a list, every hash made again',
      (t) => (list(t), t.reseal()),
      [/content of Qdrant .*1 differ: bailey:ch1/, /chunks\.txt\.gz is not the list .*1 differ: bailey:ch1/],
      { script: [/list of points differs in bailey:ch1/], qdrant: true },
    ],
    [
      'a line of the list of points',
      (t) => points(t, (text) => text.replace(/^[0-9a-f]{64}/, '0'.repeat(64))),
      [/chunks\.txt\.gz is not the list .*1 differ/],
      { script: [/list of points differs in \w+:ch/] },
    ],
    [
      'a chapter too many in the list of points',
      (t) => points(t, (text) => `${text}${'0'.repeat(64)}\tp\tc\tforged:ch1\n`),
      [/chunks\.txt\.gz is not the list .*forged:ch1/],
      { script: [/list of points differs in forged:ch1: absent items recorded, 1 found/] },
    ],
    [
      'the end of the list of points',
      (t) => points(t, (text) => text.slice(0, -1)),
      [/chunks\.txt\.gz.*cut short/],
      { script: [/list of points cannot be read: it was cut short/] },
    ],
    [
      'a row, and nothing else',
      row,
      [/metadata\.db has SHA-256 .*manifest/, /metadata\.db has SHA-256 .*checksums/, /SQLite .*bailey:ch1/],
    ],
    ['the end of the export', part, [/neo4j\.jsonl\.gz has \d+ bytes/, /Neo4j cannot be read/]],
    ['the end of the export, every hash made again', (t) => (part(t), t.reseal()), [/Neo4j cannot be read/]],
    [
      'a byte of the snapshot',
      (t) => truncateSync(t.at('textbook_chunks.snapshot'), 5_000),
      [/snapshot has 5000 bytes/, /Qdrant cannot be read: .*not restored/],
      { qdrant: true, script: [/snapshot has SHA-256/] },
    ],
    [
      'a list, cut short',
      (t) => truncateSync(t.at(FINGERPRINT_FILES.neo4j), 100),
      [/neo4j\.fingerprint\.txt has SHA-256/, /Neo4j cannot be read/],
    ],
    [
      'a list, put in place of another',
      (t) => copyFileSync(t.at(FINGERPRINT_FILES.neo4j), t.at(FINGERPRINT_FILES.sqlite)),
      [/metadata\.fingerprint\.txt has SHA-256/, /SQLite cannot be read: .*not the list/],
      { script: [/metadata\.fingerprint\.txt has SHA-256/] },
    ],
    [
      'a list that is gone',
      (t) => rmSync(t.at(FINGERPRINT_FILES.sqlite)),
      [/metadata\.fingerprint\.txt is missing/, /SQLite cannot be read/],
    ],
    [
      'an artifact that is gone',
      (t) => rmSync(t.at('metadata.db')),
      [/metadata\.db is missing/, /SQLite cannot be read/],
    ],
    [
      'a database that is none',
      (t) => (writeFileSync(t.at('metadata.db'), 'x'.repeat(5_000)), t.reseal()),
      [/SQLite cannot be read/],
    ],
    ['the root', (t) => t.manifest((m) => (m.fingerprint = '0'.repeat(64))), [/states the fingerprint 000/]],
    [
      'a manifest that is gone',
      (t) => rmSync(t.at('manifest.json')),
      [/manifest\.json is missing/],
      { script: [/manifest\.json/] },
    ],
    [
      'a manifest of another version',
      (t) => t.manifest((m) => (m.versionId = 'v2_minor_20260102_030405')),
      [/manifest\.json is that of v2_minor/],
      { script: [] },
    ],
    [
      'a field too many',
      (t) => t.manifest((m) => Object.assign(m, { extra: 1 })),
      [/manifest\.json.*extra/],
      { script: [] },
    ],
    [
      'a field too few',
      (t) => t.manifest((m) => delete (m as Partial<typeof m>).artifacts),
      [/manifest\.json.*artifacts/],
      { script: [/artifacts/] },
    ],
    [
      'checksums.txt, gone',
      (t) => rmSync(t.at('checksums.txt')),
      [/checksums\.txt is missing/],
      { script: [/checksums\.txt/] },
    ],
    [
      'a line of checksums.txt',
      (t) => t.edit('checksums.txt', (text) => text.replace(/.*metadata\.db\n/, 'junk\n')),
      [/checksums\.txt does not name metadata\.db/, /a line that is none/],
      { script: [/does not name metadata\.db/] },
    ],
  ];

  test.each(cases)('%s', async (_, meddle, said, { script: told = said, qdrant = false } = {}) => {
    const tampered = new Tampered(scratch, VERSION, base.backup(VERSION));
    meddle(tampered);
    const found = await verifyVersion({ ...stores, artifacts: openArtifactStore(scratch) }, VERSION, { qdrant });
    const problems = found.problems.join('\n');
    for (const pattern of said) expect(problems).toMatch(pattern);
    expect(found.passed).toBe(false);
    const { code, out } = script(tampered.folder);
    if (told !== said) for (const pattern of told) expect(out).toMatch(pattern);
    // What only this program looks for, or only a server can find, the script does not know.
    expect([code, out]).toEqual([told.length === 0 ? 0 : 1, out]);
    expect(out).not.toContain('Traceback');
  });

  test('everything is told at once', async () => {
    const tampered = new Tampered(scratch, VERSION, base.backup(VERSION));
    row(tampered);
    word(tampered);
    rmSync(tampered.at(FINGERPRINT_FILES.qdrant));
    tampered.edit('checksums.txt', (text) => text.slice(0, -1));
    const { problems } = await verifyVersion({ ...stores, artifacts: openArtifactStore(scratch) }, VERSION, {
      qdrant: false,
    });
    const parts = ['SQLite', 'Neo4j', 'textbook_chunks.fingerprint.txt is missing', 'cut short', 'metadata.db has'];
    for (const part of parts) expect(problems.join('\n')).toContain(part);
    const { out } = script(tampered.folder);
    for (const part of ['SQLite differs', 'Neo4j differs', 'textbook_chunks.fingerprint.txt is missing'])
      expect(out).toContain(part);
  });
});

describe('hfv verify', () => {
  test('says that a version is as it was sealed, with no service where Qdrant is left out', async () => {
    const { code, stdout, stderr } = await hfv(
      base.settings.backups,
      VERSION,
      '--no-qdrant',
      '--neo4j-uri',
      'bolt://127.0.0.1:1',
      '--qdrant-url',
      'http://127.0.0.1:1',
      '--metadata-db',
      join(scratch, 'nowhere.db'),
    );
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toContain(`${VERSION} verified`);
    expect(stdout).toMatch(/sqlite +same +\d+ items in \d+ groups/);
    expect(stdout).toMatch(/qdrant +skipped/);
  });

  test('answers programs with one object, and ends with 5 where anything differs', async () => {
    const tampered = new Tampered(scratch, VERSION, base.backup(VERSION));
    tampered.edit(FINGERPRINT_FILES.sqlite, (text) => text.slice(1));
    const { code, stdout } = await hfv(scratch, VERSION, '--json');
    expect(code).toBe(5);
    const value = JSON.parse(stdout) as Verification;
    expect(value).toMatchObject({ version: VERSION, folder: tampered.folder, passed: false });
    expect(value.contents.map(({ state }) => state)).toEqual(['damaged', 'same', 'same']);
  });

  test.each(['v9_minor_20260102_030405', '../etc', 'latest-copy', ''])(
    'ends with 7 where there is no version %j',
    async (name) => {
      const { code, stderr } = await hfv(scratch, name);
      expect({ code, said: stderr.includes('VERSION_UNKNOWN') }).toEqual({ code: 7, said: true });
    },
  );

  test('ends with 8 where Qdrant is needed and cannot be reached, after all else was checked', async () => {
    const { code, stdout } = await hfv(base.settings.backups, VERSION, '--qdrant-url', 'http://127.0.0.1:1');
    expect(code).toBe(8);
    expect(stdout).toMatch(/sqlite +same/);
    expect(stdout).toMatch(/content of Qdrant could not be checked/);
  });
});
