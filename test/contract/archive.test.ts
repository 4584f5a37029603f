import { execFileSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import fs from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { openArtifactStore } from '../../stores/artifacts';
import type { ArtifactStore } from '../../stores/ports';
import { KilledAt } from '../support/killed-at';
import { contentOf, sealFiles } from '../support/sealed-files';

jest.setTimeout(120_000);

const V2 = 'v2_minor_20260102_030405';
const V3 = 'v3_minor_20260103_030405';

let root: string;
let store: ArtifactStore;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'hfv-archive-'));
  store = openArtifactStore(root);
});
afterEach(() => {
  jest.restoreAllMocks();
  rmSync(root, { recursive: true, force: true });
});

const at = (...names: string[]) => join(root, ...names);
const names = (...folder: string[]) => (existsSync(at(...folder)) ? readdirSync(at(...folder)).sort() : []);
const flip = (path: string, place: number) => {
  const bytes = readFileSync(path);
  bytes[place] = (bytes[place] ?? 0) ^ 1;
  writeFileSync(path, bytes);
};

/** Whole beside the others, byte by byte. */
function assertBeside(versionId: string): void {
  execFileSync('sha256sum', ['--strict', '--quiet', '-c', 'checksums.txt'], { cwd: at(versionId) });
  expect(existsSync(at(versionId, 'manifest.json'))).toBe(true);
}

async function assertArchived(versionId: string): Promise<void> {
  expect(await store.verifyArchived(versionId)).toMatchObject({ intact: true, problems: [] });
  expect(gunzipSync(readFileSync(at('archived', versionId, 'metadata.db.gz')))).toEqual(contentOf(versionId, 'sqlite'));
}

describe('archiving', () => {
  it('compresses what is not, and keeps everything checkable', async () => {
    await sealFiles(store, V2);
    const manifest = readFileSync(at(V2, 'manifest.json'), 'utf8');
    const told = await store.archive(V2, 'retention');
    expect(told).toMatchObject({
      versionId: V2,
      state: 'archived',
      compressed: ['metadata.db.gz', 'textbook_chunks.snapshot.gz'],
    });
    expect(told.storedBytes).toBeLessThan(told.bytes);
    expect(names()).toEqual(['archived']);
    expect(names('archived')).toEqual([V2]);
    expect(names('archived', V2)).toEqual([
      ...[
        '.owner.json',
        'archived.json',
        'checksums.txt',
        'manifest.json',
        'metadata.db.gz',
        'metadata.fingerprint.txt',
      ],
      ...['neo4j.fingerprint.txt', 'neo4j.jsonl.gz', 'textbook_chunks.fingerprint.txt', 'textbook_chunks.snapshot.gz'],
    ]);
    expect(readFileSync(at('archived', V2, 'manifest.json'), 'utf8')).toBe(manifest);
    expect(readFileSync(at('archived', V2, 'neo4j.jsonl.gz'))).toEqual(contentOf(V2, 'neo4j'));
    execFileSync('sha256sum', ['--strict', '--quiet', '-c', 'checksums.txt'], { cwd: at('archived', V2) });
    await assertArchived(V2);
    for (const name of names('archived', V2)) expect(statSync(at('archived', V2, name)).mode & 0o077).toBe(0);
  });

  it('tells what it frees as the disk does', async () => {
    await sealFiles(store, V2);
    const used = () =>
      Number(execFileSync('du', ['-s', '--apparent-size', '-b', root], { encoding: 'utf8' }).split('\t')[0]);
    const folders = (paths: string[]) => paths.reduce((sum, path) => sum + statSync(path).size, 0);
    const before = used() - folders([root, at(V2)]);
    const { freedBytes } = await store.archive(V2, 'retention');
    const after = used() - folders([root, at('archived'), at('archived', V2)]);
    expect(freedBytes).toBe(before - after);
  });

  it('is repeatable, and by another run too', async () => {
    await sealFiles(store, V2);
    await store.archive(V2, 'retention');
    expect(await store.archive(V2, 'retention')).toMatchObject({ state: 'archived before', freedBytes: 0 });
    expect(await store.archive(V2, 'another')).toMatchObject({ state: 'archived before' });
    await assertArchived(V2);
  });

  it('is refused where the compressed copies might not fit, and takes what needs no room for nothing', async () => {
    await sealFiles(store, V2);
    const needed = ['sqlite', 'qdrant'].reduce((sum, of) => sum + contentOf(V2, of).length, 0);
    const disk = jest.spyOn(fs, 'statfs');
    disk.mockResolvedValue({ bavail: needed - 1, bsize: 1 } as never);
    await expect(store.archive(V2, 'r')).rejects.toMatchObject({
      code: 'DISK_TOO_SMALL',
      facts: { details: { free: needed - 1, needed } },
    });
    expect(names('archived')).toEqual([]);
    assertBeside(V2);
    disk.mockResolvedValue({ bavail: needed, bsize: 1 } as never);
    await store.archive(V2, 'r');
    await assertArchived(V2);
    // What is in the archive already needs no room: the next attempt ends what was begun on a full disk too.
    disk.mockResolvedValue({ bavail: 0, bsize: 1 } as never);
    expect(await store.archive(V2, 'r')).toMatchObject({ state: 'archived before' });
  });

  it('by two at once ends with one whole version', async () => {
    await sealFiles(store, V2);
    await Promise.allSettled(['a', 'b', 'c'].map((run) => store.archive(V2, run)));
    await store.archive(V2, 'last');
    await assertArchived(V2);
    expect([names(), names('archived')]).toEqual([['archived'], [V2]]);
  });

  it('leaves a damaged version where it is, and says what is wrong with it', async () => {
    await sealFiles(store, V2);
    flip(at(V2, 'textbook_chunks.snapshot'), 5);
    await expect(store.archive(V2, 'r')).rejects.toMatchObject({ code: 'ARTIFACT_DAMAGED' });
    expect(names('archived')).toEqual([]);
    expect(names(V2)).toContain('textbook_chunks.snapshot');
    await expect(store.archive(V3, 'r')).rejects.toMatchObject({ code: 'VERSION_UNKNOWN' });
    await store.openFolder(V3, 'r');
    await expect(store.archive(V3, 'r')).rejects.toMatchObject({ code: 'ARTIFACT_DAMAGED' });
  });

  it('gives way to whatever came to hold the version meanwhile', async () => {
    await sealFiles(store, V2);
    expect(await store.archive(V2, 'r', async () => false)).toMatchObject({ state: 'kept', freedBytes: 0 });
    assertBeside(V2);
    expect(await store.archive(V2, 'r', async () => true)).toMatchObject({ state: 'archived' });
    await assertArchived(V2);
  });

  it('puts it back where somebody came to hold it in the moment in which it went', async () => {
    await sealFiles(store, V2);
    let asked = 0;
    const mayStill = async () => (asked += 1) === 1;
    expect(await store.archive(V2, 'r', mayStill)).toMatchObject({ state: 'kept', path: at(V2), freedBytes: 0 });
    assertBeside(V2);
    expect(names()).toEqual(['archived', V2]);
  });

  it('replaces what an archiving left that is not whole', async () => {
    await sealFiles(store, V2);
    await store.archive(V2, 'r', async () => false);
    flip(at('archived', V2, 'metadata.db.gz'), 20);
    expect(await store.archive(V2, 'r')).toMatchObject({ state: 'archived' });
    await assertArchived(V2);
  });

  it('never takes the bytes of another version away, and counts them as shared', async () => {
    await sealFiles(store, V2);
    await sealFiles(store, V3, { shareWith: V2 });
    const told = await store.archive(V2, 'r');
    expect(told.shared).toEqual(['textbook_chunks.snapshot']);
    // What V3 goes on using is not freed, and its compressed twin takes space besides.
    expect(told.freedBytes).toBeLessThan(told.bytes - contentOf(V2, 'qdrant').length);
    assertBeside(V3);
    await store.deleteArchived(V2);
    assertBeside(V3);
    expect(readFileSync(at(V3, 'textbook_chunks.snapshot'))).toEqual(contentOf(V2, 'qdrant'));
  });
});

describe('an archived version', () => {
  beforeEach(async () => {
    await sealFiles(store, V2);
    await store.archive(V2, 'r');
  });

  it('can still be told of: its manifest and its lists', async () => {
    const manifest = await store.readManifest(V2);
    expect(manifest?.versionId).toBe(V2);
    expect(await store.readText(V2, manifest?.artifacts[0]?.fingerprint?.file ?? '')).toContain('bailey:ch1');
    expect(await store.exists(V2)).toBe(false);
    expect(await store.readManifest(V3)).toBeUndefined();
    expect(await store.readText(V3, 'x')).toBeUndefined();
  });

  const damages: [string, (path: (file: string) => string) => void, RegExp][] = [
    [
      'a byte of a compressed file',
      (path) => flip(path('metadata.db.gz'), 30),
      /metadata\.db\.gz (cannot be unpacked|has SHA-256)/,
    ],
    ['a byte that unpacking does not see', (path) => flip(path('metadata.db.gz'), 4), /metadata\.db\.gz has SHA-256/],
    [
      'a byte of a file that was kept as it is',
      (path) => flip(path('neo4j.jsonl.gz'), 9),
      /neo4j\.jsonl\.gz has SHA-256/,
    ],
    ['a byte of a list', (path) => flip(path('neo4j.fingerprint.txt'), 3), /neo4j\.fingerprint\.txt has SHA-256/],
    ['a byte of the manifest', (path) => flip(path('manifest.json'), 40), /manifest\.json has SHA-256/],
    ['checksums.txt', (path) => flip(path('checksums.txt'), 3), /checksums\.txt/],
    ['a lost file', (path) => rmSync(path('metadata.db.gz')), /metadata\.db\.gz is missing/],
    ['a lost record', (path) => rmSync(path('archived.json')), /archived\.json is missing/],
    [
      'a record that cannot be read',
      (path) => writeFileSync(path('archived.json'), '{'),
      /archived\.json cannot be read/,
    ],
    [
      'a record of another version',
      (path) => writeFileSync(path('archived.json'), readFileSync(path('archived.json'), 'utf8').replace(V2, V3)),
      /archived\.json is that of v3/,
    ],
  ];
  it.each(damages)('says so where %s is damaged', async (_, damage, problem) => {
    damage((file) => at('archived', V2, file));
    const { intact, problems } = await store.verifyArchived(V2);
    expect([intact, problems.join('; ')]).toEqual([false, expect.stringMatching(problem)]);
    await expect(store.archive(V2, 'r')).rejects.toMatchObject({ code: 'ARTIFACT_DAMAGED' });
  });

  it('is deleted, twice', async () => {
    const { storedBytes } = await store.archive(V2, 'r');
    expect(await store.deleteArchived(V2)).toEqual({ bytes: storedBytes, freedBytes: storedBytes });
    expect(await store.deleteArchived(V2)).toEqual({ bytes: 0, freedBytes: 0 });
    expect([names(), names('archived')]).toEqual([['archived'], []]);
    await expect(store.verifyArchived(V2)).rejects.toMatchObject({ code: 'VERSION_UNKNOWN' });
  });
});

it('lists versions in the order of their numbers, with what they share', async () => {
  await sealFiles(store, 'v10_minor_20260110_030405');
  await sealFiles(store, V2);
  await sealFiles(store, V3, { shareWith: V2, runId: 'r3' });
  await store.openFolder('v4_minor_20260104_030405', 'r4');
  await store.archive('v10_minor_20260110_030405', 'r');
  mkdirSync(at('v5_minor_but_not_a_version'));
  const found = await store.listVersions();
  expect(found.map(({ versionId, place, sealed }) => [versionId.split('_')[0], place, sealed])).toEqual([
    ['v2', 'beside', true],
    ['v3', 'beside', true],
    ['v4', 'beside', false],
    ['v10', 'archive', true],
  ]);
  expect(found[1]?.ownerRunId).toBe('r3');
  const snapshot = found[1]?.files.find(({ file }) => file === 'textbook_chunks.snapshot');
  expect(snapshot?.links).toBe(2);
  expect(snapshot?.inode).toBe(found[0]?.files.find(({ file }) => file === 'textbook_chunks.snapshot')?.inode);
});

describe('killed at any change of the disk', () => {
  interface Killing {
    prepare?: () => Promise<unknown>;
    work: () => Promise<unknown>;
    /** Looks at what was left, and repeats the work. */
    judge: () => Promise<void>;
  }

  /** Runs the work killed at its 1st, 2nd, … change, each time from the beginning, until it gets through. */
  async function killedEverywhere({ prepare, work, judge }: Killing): Promise<number> {
    for (let step = 1; ; step += 1) {
      rmSync(root, { recursive: true, force: true });
      await sealFiles(store, V2);
      await sealFiles(store, V3, { shareWith: V2 });
      await prepare?.();
      new KilledAt(step);
      const through = await work().then(
        () => true,
        () => false,
      );
      jest.restoreAllMocks();
      if (through) return step;
      await judge();
    }
  }

  /** Whole in one of the two places; and once it is repeated, whole in the archive with nothing besides. */
  async function assertNeverGone(): Promise<void> {
    if (existsSync(at(V2))) assertBeside(V2);
    else await assertArchived(V2);
    assertBeside(V3);
    await store.archive(V2, 'r');
    await assertArchived(V2);
    expect([names(), names('archived')]).toEqual([['archived', V3], [V2]]);
    assertBeside(V3);
  }

  it('archiving leaves the version whole in one place, and repeating it ends it', async () => {
    const work = () => store.archive(V2, 'r');
    expect(await killedEverywhere({ work, judge: assertNeverGone })).toBeGreaterThan(15);
  });

  it('so does archiving over what lies damaged in the archive', async () => {
    const prepare = async () => {
      await store.archive(V2, 'r', async () => false);
      flip(at('archived', V2, 'metadata.db.gz'), 20);
    };
    const work = () => store.archive(V2, 'r');
    expect(await killedEverywhere({ prepare, work, judge: assertNeverGone })).toBeGreaterThan(15);
  });

  it('deleting leaves nothing that looks like a version', async () => {
    const steps = await killedEverywhere({
      prepare: () => store.archive(V2, 'r'),
      work: () => store.deleteArchived(V2),
      judge: async () => {
        if (existsSync(at('archived', V2))) await assertArchived(V2);
        await store.deleteArchived(V2);
        expect([names('archived'), names()]).toEqual([[], ['archived', V3]]);
        assertBeside(V3);
      },
    });
    expect(steps).toBeGreaterThan(2);
  });
});
