import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import fs from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { unarchive, type UnarchiveRequest } from '../../client/unarchive';
import { isAtHand } from '../../inspection/archived';
import { lookAtWindow } from '../../inspection/retention';
import { openArtifactStore } from '../../stores/artifacts';
import type { ArtifactStore, MetadataStore } from '../../stores/ports';
import { openMetadataStore } from '../../stores/sqlite';
import { KilledAt } from '../support/killed-at';
import { registerAs } from '../support/registered';
import { contentOf, sealFiles } from '../support/sealed-files';

jest.setTimeout(120_000);

const V1 = 'v1_baseline_20260101_030405';
const V2 = 'v2_minor_20260102_030405';
const V3 = 'v3_minor_20260103_030405';
const RETENTION = { keep: 1, emergencyKeep: 1, archiveDays: 90, graceMinutes: 60 };

let root: string;
let artifacts: ArtifactStore;
let metadata: MetadataStore;

beforeEach(async () => {
  root = mkdtempSync(join(tmpdir(), 'hfv-unarchive-'));
  artifacts = openArtifactStore(at());
  new Database(join(root, 'metadata.db')).exec('CREATE TABLE chapter_metadata (textbook_id, chapter_number)').close();
  metadata = openMetadataStore(join(root, 'metadata.db'));
  metadata.createTables({ notAfter: Number.MAX_SAFE_INTEGER });
  for (const versionId of [V1, V2, V3]) {
    registerAs(metadata, versionId, versionId === V2 ? 'archived' : 'committed', `run of ${versionId}`);
    await sealFiles(artifacts, versionId);
  }
  await artifacts.archive(V2, 'r');
});
afterEach(() => {
  jest.restoreAllMocks();
  metadata.close();
  rmSync(root, { recursive: true, force: true });
});

const at = (...names: string[]) => join(root, 'backups', ...names);
const names = (...folder: string[]) => readdirSync(at(...folder)).sort();
const status = () => metadata.registry.find(V2)?.status;
const bring = (request: Partial<UnarchiveRequest> = {}) =>
  unarchive({ metadata, artifacts }, { base: 'test', version: V2, by: 'me', ...request });
const window = (versionId: string, now = new Date(), emergency = false) =>
  lookAtWindow({ metadata, artifacts, retention: RETENTION }, { now, emergency }).then((plan) =>
    (['archive', 'delete', 'keep'] as const).flatMap((fate) =>
      plan[fate].filter((one) => one.versionId === versionId).map(({ rule }) => `${fate}: ${rule}`),
    ),
  );
const flip = (path: string, place: number) => {
  const bytes = readFileSync(path);
  bytes[place] = (bytes[place] ?? 0) ^ 1;
  writeFileSync(path, bytes);
};

/** Whole beside the others, byte by byte, and whole in the archive too. */
async function assertBack(): Promise<void> {
  execFileSync('sha256sum', ['--strict', '--quiet', '-c', 'checksums.txt'], { cwd: at(V2) });
  for (const [store, file] of [
    ['sqlite', 'metadata.db'],
    ['qdrant', 'textbook_chunks.snapshot'],
  ] as const) {
    expect(readFileSync(at(V2, file))).toEqual(contentOf(V2, store));
  }
  expect((await artifacts.readManifest(V2))?.versionId).toBe(V2);
  expect(await artifacts.verifyArchived(V2)).toMatchObject({ intact: true });
}

async function assertUntouched(): Promise<void> {
  expect([names(), names('archived'), status()]).toEqual([['archived', V1, V3], [V2], 'archived']);
  expect([metadata.pins.list(), metadata.registry.operations(V2)]).toEqual([[], []]);
}

describe('brought back', () => {
  it('it lies beside the others as it was sealed, pinned and noted, and its row stays archived', async () => {
    const before = readFileSync(at('archived', V2, 'manifest.json'));
    expect(await bring({ reason: 'audit' })).toMatchObject({
      ...{ base: 'test', versionId: V2, state: 'unarchived', path: at(V2), status: 'archived', pinnedBefore: false },
      ...{ pin: { versionId: V2, by: 'me', reason: 'brought back from the archive: audit' }, notes: [] },
    });
    await assertBack();
    expect(readFileSync(at(V2, 'manifest.json'))).toEqual(before);
    expect([names(), status()]).toEqual([['archived', V1, V2, V3], 'archived']);
    expect(await isAtHand({ artifacts }, { versionId: V2, status: 'archived' })).toBe(true);
    expect(metadata.registry.operations(V2)).toMatchObject([
      { operationType: 'unarchive', status: 'success', details: { by: 'me', reason: 'audit' } },
    ]);
  });

  it('the window leaves it there until it is unpinned, then puts it away again without packing it anew', async () => {
    expect(await window(V2)).toEqual(['keep: archived']);
    await bring();
    expect(await window(V2)).toEqual(['keep: pinned']);
    const later = new Date(Date.now() + 200 * 86_400_000);
    expect([await window(V2, later), await window(V2, later, true)]).toEqual([['keep: pinned'], ['keep: pinned']]);
    metadata.pins.remove(V2);
    expect(await window(V2)).toEqual(['archive: to be completed']);
    expect(await window(V2, later)).toEqual(['delete: archived for long']);
    expect(await artifacts.archive(V2, 'r')).toMatchObject({ state: 'archived' });
    expect(names()).toEqual(['archived', V1, V3]);
    expect(await artifacts.verifyArchived(V2)).toMatchObject({ intact: true });
  });

  it('repeated it changes nothing, and puts a lost pin back', async () => {
    await bring({ reason: 'audit' });
    expect(await bring({ by: 'another' })).toMatchObject({
      ...{ state: 'beside before', pinnedBefore: true, pin: { by: 'me' } },
    });
    metadata.pins.remove(V2);
    expect(await bring({ by: 'another' })).toMatchObject({ pinnedBefore: false, pin: { by: 'another' } });
    expect(metadata.registry.operations(V2)).toHaveLength(1);
    await assertBack();
  });

  it('a pin that was there stays as it was', async () => {
    metadata.pins.add({ versionId: V2, reason: 'the release', by: 'ann' }, { notAfter: Number.MAX_SAFE_INTEGER });
    expect(await bring()).toMatchObject({ pinnedBefore: true, pin: { reason: 'the release', by: 'ann' } });
  });

  it('an archiving that was broken off before its row is taken back whole: the version is committed', async () => {
    await artifacts.archive(V3, 'r');
    expect(await bring({ version: V3 })).toMatchObject({ state: 'unarchived', status: 'committed', pin: null });
    execFileSync('sha256sum', ['--strict', '--quiet', '-c', 'checksums.txt'], { cwd: at(V3) });
    expect(metadata.pins.list()).toEqual([]);
  });
});

describe('refused with nothing changed', () => {
  it.each<[string, () => unknown, string]>([
    ['a damaged archive', () => flip(at('archived', V2, 'metadata.db.gz'), 30), 'ARTIFACT_DAMAGED'],
    ['a lost file', () => rmSync(at('archived', V2, 'metadata.db.gz')), 'ARTIFACT_DAMAGED'],
    [
      'a disk too small',
      () => jest.spyOn(fs, 'statfs').mockResolvedValue({ bavail: 2, bsize: 512 } as never),
      'DISK_TOO_SMALL',
    ],
    ['a claimed base', () => claim(), 'BASE_BUSY'],
    ['a version under way', () => registerAs(metadata, 'v4_minor_20260104_030405', 'staging', 'x'), 'BASE_BUSY'],
  ])('%s', async (_, spoil, code) => {
    await spoil();
    await expect(bring()).rejects.toMatchObject({ code });
    await assertUntouchedButFor(code);
  });

  it('another base, another version, one that the archive does not have', async () => {
    await expect(bring({ base: 'theirs' })).rejects.toMatchObject({ code: 'FOREIGN_BASE' });
    await expect(bring({ version: 'v9_minor_20260102_030405' })).rejects.toMatchObject({ code: 'VERSION_UNKNOWN' });
    registerAs(metadata, 'v4_minor_20260104_030405', 'rolled_back', 'x');
    await expect(bring({ version: 'v4_minor_20260104_030405' })).rejects.toMatchObject({ code: 'VERSION_UNKNOWN' });
    await artifacts.deleteArchived(V2);
    await expect(bring()).rejects.toMatchObject({ code: 'VERSION_UNKNOWN' });
    expect([names(), metadata.pins.list()]).toEqual([['archived', V1, V3], []]);
  });

  it('whatever else lies under its name is never written over', async () => {
    mkdirSync(at(V2));
    writeFileSync(at(V2, 'mine'), 'x');
    await expect(bring()).rejects.toMatchObject({ code: 'VERSION_IN_USE' });
    expect([names(V2), metadata.pins.list()]).toEqual([['mine'], []]);
    rmSync(at(V2), { recursive: true });
    await bring();
    flip(at(V2, 'metadata.db'), 3);
    await expect(bring()).rejects.toMatchObject({ code: 'VERSION_IN_USE' });
  });

  it('a change that begins while it is unpacked: nothing is there, and no pin', async () => {
    const { unarchive: original } = artifacts;
    jest.spyOn(artifacts, 'unarchive').mockImplementation((versionId, ready) =>
      original(versionId, async () => {
        await claim();
        await ready?.();
      }),
    );
    await expect(bring()).rejects.toMatchObject({ code: 'BASE_BUSY' });
    await artifacts.releaseClaim('x');
    await assertUntouched();
  });

  it('somebody else at it; one that was killed is nobody', async () => {
    const use = { id: '0123456789ab', versionId: V2, kind: 'unarchive' as const, host: hostname(), pid: process.pid };
    const until = new Date(Date.now() + 60_000).toISOString();
    await artifacts.markUse({ ...use, until });
    await expect(bring()).rejects.toMatchObject({ code: 'BASE_BUSY', facts: { details: { pid: process.pid } } });
    await artifacts.markUse({ ...use, host: 'another', until });
    await expect(bring()).rejects.toMatchObject({ code: 'BASE_BUSY' });
    expect(names()).toContain(`.in-use.${V2}.0123456789ab.json`);
    const dead = Number(execFileSync('sh', ['-c', 'echo $$'], { encoding: 'utf8' }));
    await artifacts.markUse({ ...use, pid: dead, until });
    expect(await bring()).toMatchObject({ state: 'unarchived' });
  });

  it('two at once end with one whole version', async () => {
    await Promise.allSettled([bring(), bring(), bring()]);
    await bring();
    await assertBack();
    expect(names()).toEqual(['archived', V1, V2, V3]);
  });

  const claim = () =>
    artifacts.claim({
      ...{
        base: 'test',
        workflowId: 'w',
        runId: 'x',
        versionId: V3,
        label: 'v3_minor',
        claimedAt: '2026-01-01T00:00:00Z',
      },
    });
  const assertUntouchedButFor = async (code: string) => {
    if (code === 'BASE_BUSY') await artifacts.releaseClaim('x');
    await assertUntouched();
  };
});

test('killed at any change of the disk it is where it was, or back whole; repeating it ends it', async () => {
  let step = 1;
  for (; ; step += 1) {
    const killed = new KilledAt(step);
    // The pin is a change of the disk as well.
    const { add } = metadata.pins;
    jest.spyOn(metadata.pins, 'add').mockImplementation((...given) => {
      if (killed.dies()) throw new Error('killed at the pin');
      return add(...given);
    });
    jest.spyOn(metadata.pins, 'remove').mockImplementation(() => {
      throw new Error('killed before');
    });
    const through = await bring().then(
      () => true,
      () => false,
    );
    jest.restoreAllMocks();
    if (through) break;
    if (existsSync(at(V2))) await assertBack();
    if (existsSync(at(V2))) expect(metadata.pins.list()).toMatchObject([{ versionId: V2 }]);
    expect([await artifacts.verifyArchived(V2).then(({ intact }) => intact), status()]).toEqual([true, 'archived']);
    // Who was killed has marked it as in use; the process of this test still lives.
    for (const use of await artifacts.uses()) await artifacts.unmarkUse(use);
    await bring();
    await assertBack();
    expect(names().filter((name) => !name.endsWith('.tmp') || name.startsWith(`.${V2}.`))).toEqual([
      'archived',
      V1,
      V2,
      V3,
    ]);
    metadata.pins.remove(V2);
    rmSync(at(V2), { recursive: true });
    for (const name of names().filter((one) => one.startsWith('.'))) rmSync(at(name), { recursive: true });
  }
  expect(step).toBeGreaterThan(10);
});
