import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import fs from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import Database from 'better-sqlite3';
import { openStores } from '../../client/stores';
import type { ArchiveRecord } from '../../domain/archive';
import { verifyVersion } from '../../inspection/verify';
import { openArtifactStore } from '../../stores/artifacts';
import type { Stores } from '../../stores/ports';
import { TestBase } from '../support/base';
import { hfv, killChildren } from '../support/children';
import { sealVersion } from '../support/sealed';
import { useStack } from '../support/stack';

jest.setTimeout(180_000);

const VERSION = 'v2_minor_20260102_030405';
const SCRIPT = join(__dirname, '..', '..', 'scripts', 'verify_version.py');

let root: string;
let base: TestBase;
let stores: Stores;
let scratch: string;

/** A version sealed from real stores, with vectors, and packed away. */
beforeAll(async () => {
  ({ root } = await useStack());
  base = await TestBase.make({ paragraphs: 120 });
  stores = openStores(base.settings);
  await sealVersion(stores, VERSION, { deep: true });
  await stores.artifacts.archive(VERSION, 'r');
});
afterAll(async () => {
  await killChildren();
  await stores?.graph.close();
  await base?.close();
});
beforeEach(() => {
  scratch = mkdtempSync(join(tmpdir(), 'hfv-verify-archived-'));
  cpSync(base.backup('archived'), join(scratch, 'archived'), { recursive: true });
});
afterEach(() => {
  jest.restoreAllMocks();
  // Whatever became of it, nothing that was unpacked is left.
  expect(readdirSync(scratch)).toEqual(['archived']);
  rmSync(scratch, { recursive: true, force: true });
});

const at = (file: string) => join(scratch, 'archived', VERSION, file);
const verifyCopy = (options: { qdrant?: boolean; deep?: boolean } = {}) =>
  verifyVersion({ ...stores, artifacts: openArtifactStore(scratch) }, VERSION, options);
const script = () => spawnSync('python3', [SCRIPT, join(scratch, 'archived', VERSION)], { encoding: 'utf8' });

test('an archived version is verified as it lies there and by what it holds, vectors included', async () => {
  const collections = await base.collections();
  const found = await verifyCopy({ deep: true });
  expect(found).toMatchObject({
    passed: true,
    problems: [],
    place: 'archive',
    folder: join(scratch, 'archived', VERSION),
  });
  expect(found.contents.map(({ store, deep, state }) => [store, deep, state])).toEqual([
    ['sqlite', undefined, 'same'],
    ['qdrant', undefined, 'same'],
    ['qdrant', true, 'same'],
    ['neo4j', undefined, 'same'],
  ]);
  expect(found.contents[0]?.comparison?.actual.groups).toBeGreaterThan(0);
  const stored = found.stored?.map(({ file, state }) => [file, state]);
  expect(stored).toContainEqual(['metadata.db.gz', 'intact']);
  expect(found.files.map(({ file, state }) => [file, state])).toContainEqual(['metadata.db', 'intact']);
  expect(await base.collections()).toEqual(collections);
  expect(script()).toMatchObject({ stdout: 'OK\n', stderr: '', status: 0 });
});

/** Changes a packed file as carefully as somebody can who has the archive: its record and sums fit afterwards. */
function repack(file: string, change: (path: string) => void): void {
  const plain = join(scratch, 'archived', file);
  writeFileSync(plain, gunzipSync(readFileSync(at(`${file}.gz`))));
  change(plain);
  const [content, packed] = [readFileSync(plain), gzipSync(readFileSync(plain))];
  rmSync(plain);
  writeFileSync(at(`${file}.gz`), packed);
  const hash = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');
  const record = JSON.parse(readFileSync(at('archived.json'), 'utf8')) as ArchiveRecord;
  for (const one of record.files.filter((each) => each.file === file)) {
    const sums = readFileSync(at('checksums.txt'), 'utf8').replace(one.storedSha256, hash(packed));
    writeFileSync(at('checksums.txt'), sums);
    Object.assign(one, { bytes: content.length, sha256: hash(content) });
    Object.assign(one, { storedBytes: packed.length, storedSha256: hash(packed) });
  }
  writeFileSync(at('archived.json'), JSON.stringify(record));
}

function changeTitle(path: string): void {
  const db = new Database(path);
  db.prepare("UPDATE chapter_metadata SET title = 'another' WHERE textbook_id = 'bailey'").run();
  db.close();
}

test('names file and chapter of what is other than sealed, however carefully it was packed again', async () => {
  repack('metadata.db', changeTitle);
  const { passed, problems } = await verifyCopy({ qdrant: false });
  expect(passed).toBe(false);
  expect(problems.join('\n')).toMatch(/in the archive: archived\.json and the manifest differ about metadata\.db/);
  expect(problems.join('\n')).toMatch(/^metadata\.db has (SHA-256|\d+ bytes)/m);
  expect(problems.join('\n')).toMatch(/content of SQLite is not what was recorded: .*bailey:ch1/);
  const { status, stdout } = script();
  expect([status, stdout]).toEqual([1, expect.stringMatching(/content of SQLite differs in bailey:ch1/)]);
  expect(stdout).toMatch(/metadata\.db has SHA-256/);
});

test.each<[string, () => void, RegExp, RegExp]>([
  [
    'a byte of a packed file',
    () => flip('textbook_chunks.snapshot.gz', 200),
    /in the archive: textbook_chunks\.snapshot\.gz/,
    /textbook_chunks\.snapshot/,
  ],
  ['a byte of the export', () => flip('neo4j.jsonl.gz', 300), /in the archive: neo4j\.jsonl\.gz has SHA-256/, /neo4j/],
  ['a lost file', () => rmSync(at('metadata.db.gz')), /in the archive: metadata\.db\.gz is missing/, /metadata\.db/],
  ['a lost record', () => rmSync(at('archived.json')), /archived\.json is missing/, /checksums\.txt|metadata\.db/],
  ['a byte of a list', () => flip('neo4j.fingerprint.txt', 3), /neo4j\.fingerprint\.txt has SHA-256/, /neo4j\.fingerp/],
  ['checksums.txt', () => writeFileSync(at('checksums.txt'), 'x\n'), /checksums\.txt is not that/, /checksums\.txt/],
])('says so where %s is damaged, and so does the script', async (_, damage, told, toldByScript) => {
  damage();
  const { passed, problems } = await verifyCopy({ qdrant: false });
  expect([passed, problems.join('\n')]).toEqual([false, expect.stringMatching(told)]);
  const { status, stdout } = script();
  expect([status, stdout]).toEqual([1, expect.stringMatching(toldByScript)]);
});

function flip(file: string, place: number): void {
  const bytes = readFileSync(at(file));
  bytes[place] = (bytes[place] ?? 0) ^ 1;
  writeFileSync(at(file), bytes);
}

test('unpacks nothing where the disk has no room for it, and says how much it takes', async () => {
  const mkdir = jest.spyOn(fs, 'mkdir');
  jest.spyOn(fs, 'statfs').mockResolvedValue({ bavail: 1, bsize: 4096 } as never);
  await expect(verifyCopy()).rejects.toMatchObject({ code: 'DISK_TOO_SMALL' });
  expect(mkdir).not.toHaveBeenCalled();
});

test('what cannot be looked into to its end leaves nothing unpacked', async () => {
  jest.spyOn(stores.graph, 'fingerprintExport').mockRejectedValue(new Error('out of the blue'));
  await expect(verifyCopy({ qdrant: false })).rejects.toThrow('out of the blue');
});

test('the command verifies it, and ends with 5 where it is damaged', async () => {
  const environment = ['--base', base.settings.base, 'verify', VERSION, '--no-qdrant', '--no-record', '--json'];
  const run = async () => {
    const { code, stdout } = await hfv(root, environment).ended;
    return { code, found: JSON.parse(stdout) as { passed: boolean; problems: string[]; place: string } };
  };
  expect(await run()).toMatchObject({ code: 0, found: { passed: true, place: 'archive', problems: [] } });
  const file = base.backup('archived', VERSION, 'metadata.db.gz');
  const bytes = readFileSync(file);
  writeFileSync(file, bytes.subarray(0, bytes.length - 9));
  try {
    const { code, found } = await run();
    expect([code, found.problems.join()]).toEqual([5, expect.stringContaining('metadata.db.gz cannot be unpacked')]);
  } finally {
    writeFileSync(file, bytes);
  }
  expect(base.backups().filter((name) => name.startsWith('.'))).toEqual([]);
});
