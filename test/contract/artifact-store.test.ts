import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Claim } from '../../domain/claim';
import type { ErrorCode, HybridFlowError } from '../../domain/errors';
import type { Manifest } from '../../domain/manifest';
import { openArtifactStore } from '../../stores/artifacts';
import { removeIfStillOf } from '../../stores/artifacts/claim';
import type { ArtifactStore } from '../../stores/ports';

const VERSION = 'v1_baseline_20251225_200000';
const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');

let parent: string;
let root: string;
let store: ArtifactStore;

beforeEach(() => {
  parent = mkdtempSync(join(tmpdir(), 'hfv-artifacts-'));
  root = join(parent, 'backups');
  store = openArtifactStore(root);
});

afterEach(() => {
  rmSync(parent, { recursive: true, force: true });
});

async function expectCode(work: Promise<unknown>, code: ErrorCode): Promise<HybridFlowError> {
  const error = await work.then(
    () => undefined,
    (thrown: unknown) => thrown as HybridFlowError,
  );
  expect({ code: error?.code, message: error?.message }).toEqual({ code, message: error?.message });
  if (!error) throw new Error('expected a failure');
  return error;
}

const write = (file: string, text: string, folder = VERSION) =>
  store.write(folder, file, (path) => writeFile(path, text));
const at = (...names: string[]) => join(root, ...names);
const read = (...names: string[]) => readFileSync(at(...names), 'utf8');

const TEXTS = { 'metadata.db': 'sqlite', 'textbook_chunks.snapshot': 'qdrant', 'neo4j.jsonl.gz': 'neo4j' };

function manifest(change: (m: Manifest) => void = () => undefined): Manifest {
  const moment = '2025-12-25T20:00:00.000Z';
  const made: Manifest = {
    format: 'hybridflow-version/1',
    versionId: VERSION,
    base: 'hybridflow',
    createdAt: moment,
    workflowId: 'w',
    runId: 'run-1',
    counts: { chapters: 1, chaptersPerTextbook: { bailey: 1 }, points: 2, paragraphs: 2, nodes: 4, relationships: 3 },
    qdrant: { name: 'a', collection: 'b', aliases: [], config: { size: 768 }, payloadSchema: {} },
    artifacts: Object.entries(TEXTS).map(([file, text]) => ({
      store: text as 'sqlite' | 'qdrant' | 'neo4j',
      file,
      bytes: text.length,
      sha256: sha256(text),
      capturedFrom: moment,
      capturedTo: moment,
      counts: {},
      serverVersion: '1',
    })),
  };
  change(made);
  return made;
}

async function filled(folder = VERSION, runId = 'run-1'): Promise<void> {
  await store.openFolder(folder, runId);
  for (const [file, text] of Object.entries(TEXTS)) await write(file, text, folder);
}

describe('the backups folder', () => {
  it('is a local one: an address is refused, without creating anything', () => {
    expect(() => openArtifactStore('s3://bucket/prefix')).toThrow(/only local folders are supported for now/);
  });

  it('is created for its owner only, and really written to, without a trace', async () => {
    expect(await store.freeBytes()).toBeGreaterThan(0);
    expect(existsSync(root)).toBe(false);
    await store.assertWritable();
    await store.assertWritable();
    expect(statSync(root).mode & 0o777).toBe(0o700);
    expect(readdirSync(root)).toEqual([]);
  });

  it('is refused below a file and in place of a file', async () => {
    writeFileSync(join(parent, 'file'), 'x');
    const below = openArtifactStore(join(parent, 'file', 'backups'));
    const error = await expectCode(below.assertWritable(), 'BACKUPS_UNWRITABLE');
    expect(error.facts.next).toContain('HYBRIDFLOW_BACKUPS');
    expect(await below.freeBytes()).toBeGreaterThan(0);
    await expectCode(openArtifactStore(join(parent, 'file')).assertWritable(), 'BACKUPS_UNWRITABLE');
  });

  it.each(['', '.', '..', '../x', 'a/b', 'a\\b', 'a\u0000b', 'a\nb'])('has no place for the name %j', async (name) => {
    expect(() => store.pathOf(name)).toThrow(/cannot be the name/);
    expect(() => store.pathOf('folder', name)).toThrow(/cannot be the name/);
    await expectCode(store.openFolder(name, 'run-1'), 'CONFIG_INVALID');
    await expectCode(store.openFolder('folder', name), 'CONFIG_INVALID');
    await expectCode(write(name, 'x'), 'CONFIG_INVALID');
    await expectCode(store.removeFolder(name, 'run-1'), 'CONFIG_INVALID');
    await expectCode(store.settleLatestCopy(name, 'old'), 'CONFIG_INVALID');
  });
});

describe('a folder', () => {
  it('belongs to the run that made it', async () => {
    await store.openFolder(VERSION, 'run-1');
    await store.openFolder(VERSION, 'run-1');
    expect(await store.exists(VERSION)).toBe(true);
    expect(statSync(at(VERSION)).mode & 0o777).toBe(0o700);
    const error = await expectCode(store.openFolder(VERSION, 'run-2'), 'VERSION_IN_USE');
    expect(error.facts.details?.runId).toBe('run-1');
    mkdirSync(at('found'));
    writeFileSync(at('found', 'something'), 'x');
    await expectCode(store.openFolder('found', 'run-1'), 'VERSION_IN_USE');
    writeFileSync(at('a-file'), 'x');
    await expectCode(store.openFolder('a-file', 'run-1'), 'VERSION_IN_USE');
    expect(readdirSync(root).sort()).toEqual(['a-file', 'found', VERSION]);
  });

  it('is made once by many attempts of one run, and by one of many runs', async () => {
    await Promise.all([1, 2, 3, 4, 5].map(() => store.openFolder(VERSION, 'run-1')));
    const answers = await Promise.allSettled([1, 2, 3, 4, 5].map((run) => store.openFolder('contested', `run-${run}`)));
    expect(answers.filter((answer) => answer.status === 'fulfilled')).toHaveLength(1);
    expect(readdirSync(root).sort()).toEqual(['contested', VERSION]);
  });

  it('is removed by its run only; missing is fine', async () => {
    await filled();
    await store.removeFolder(VERSION, 'run-2');
    expect(read(VERSION, 'metadata.db')).toBe('sqlite');
    mkdirSync(at('found'));
    await store.removeFolder('found', 'run-1');
    await store.removeFolder(VERSION, 'run-1');
    await store.removeFolder(VERSION, 'run-1');
    expect(readdirSync(root)).toEqual(['found']);
    await openArtifactStore(join(parent, 'nowhere')).removeFolder(VERSION, 'run-1');
  });

  it('is removed completely although an earlier removal was killed half-way', async () => {
    await filled();
    mkdirSync(at(`.removed.${VERSION}.run-1`));
    writeFileSync(at(`.removed.${VERSION}.run-1`, 'rest'), 'x');
    mkdirSync(at(`.${VERSION}.0123456789ab.tmp`));
    writeFileSync(at(`.${VERSION}.0123456789ab.tmp`, '.owner.json'), '{"runId":"run-1"}');
    await store.removeFolder(VERSION, 'run-1');
    expect(readdirSync(root)).toEqual([]);
  });
});

describe('writing', () => {
  beforeEach(() => store.openFolder(VERSION, 'run-1'));

  it('gives size and hash of the bytes on disk, twice', async () => {
    const expected = { path: at(VERSION, 'metadata.db'), bytes: 6, sha256: sha256('sqlite') };
    expect(await write('metadata.db', 'sqlite')).toEqual(expected);
    expect(await write('metadata.db', 'sqlite')).toEqual(expected);
    expect(await store.digest(VERSION, 'metadata.db')).toEqual(expected);
    expect(statSync(expected.path).mode & 0o777).toBe(0o600);
    expect(readdirSync(at(VERSION)).sort()).toEqual(['.owner.json', 'metadata.db']);
    await expectCode(store.digest(VERSION, 'missing'), 'ARTIFACT_DAMAGED');
  });

  it('leaves the old file and no temporary where the writer fails', async () => {
    await write('metadata.db', 'old');
    const own = new Error('the server hung up');
    const failing = store.write(VERSION, 'metadata.db', async (path) => {
      await writeFile(path, 'half');
      await writeFile(`${path}-journal`, 'half');
      throw own;
    });
    await expect(failing).rejects.toBe(own);
    await expectCode(
      store.write(VERSION, 'new', async () => Promise.resolve()),
      'ARTIFACT_WRITE_FAILED',
    );
    expect(read(VERSION, 'metadata.db')).toBe('old');
    expect(readdirSync(at(VERSION)).sort()).toEqual(['.owner.json', 'metadata.db']);
  });

  it('says so where the disk is full', async () => {
    const full = store.write(VERSION, 'metadata.db', async (path) => {
      await writeFile(path, 'a beginning');
      await writeFile('/dev/full', 'x'.repeat(100_000));
    });
    await expectCode(full, 'DISK_TOO_SMALL');
    expect(readdirSync(at(VERSION))).toEqual(['.owner.json']);
  });

  it('leaves nothing where the folder was removed meanwhile', async () => {
    const late = store.write(VERSION, 'metadata.db', async (path) => {
      await writeFile(path, 'late');
      await store.removeFolder(VERSION, 'run-1');
    });
    await expectCode(late, 'ARTIFACT_WRITE_FAILED');
    await expectCode(write('metadata.db', 'later'), 'ARTIFACT_WRITE_FAILED');
    expect(readdirSync(root)).toEqual([]);
  });

  it('changes no artifact of a sealed version, even where it began before', async () => {
    await filled();
    const late = store.write(VERSION, 'metadata.db', async (path) => {
      await store.seal(VERSION, manifest());
      await writeFile(path, 'late');
    });
    await expectCode(late, 'FENCED');
    await expectCode(write('metadata.db', 'later'), 'FENCED');
    await write('report.md', 'a file that the manifest does not name');
    expect(read(VERSION, 'metadata.db')).toBe('sqlite');
    expect(readdirSync(at(VERSION)).filter((name) => name.endsWith('.tmp'))).toEqual([]);
  });
});

describe('linking', () => {
  const from = { folder: VERSION, file: 'neo4j.jsonl.gz' };
  beforeEach(() => filled());

  it('shares the bytes, and a second call finds them there', async () => {
    await store.openFolder('copy', 'run-1');
    const to = { folder: 'copy', file: 'neo4j.jsonl.gz' };
    const expected = { path: at('copy', 'neo4j.jsonl.gz'), bytes: 5, sha256: sha256('neo4j') };
    expect(await store.link(from, to)).toEqual(expected);
    expect(await store.link(from, to)).toEqual(expected);
    expect(statSync(expected.path).ino).toBe(statSync(at(VERSION, 'neo4j.jsonl.gz')).ino);
    await write('neo4j.jsonl.gz', 'other', 'copy');
    expect(await store.link(from, to)).toEqual(expected);
    expect(read('copy', 'neo4j.jsonl.gz')).toBe('neo4j');
    expect(readdirSync(at('copy')).sort()).toEqual(['.owner.json', 'neo4j.jsonl.gz']);
    await expectCode(store.link({ folder: VERSION, file: 'missing' }, to), 'ARTIFACT_DAMAGED');
    await expectCode(store.link(from, { folder: 'nowhere', file: 'x' }), 'ARTIFACT_WRITE_FAILED');
  });

  const memory = '/dev/shm';
  const apart = existsSync(memory) && statSync(memory).dev !== statSync(tmpdir()).dev;
  (apart ? it : it.skip)('copies where the target is on another file system', async () => {
    const elsewhere = mkdtempSync(join(memory, 'hfv-'));
    try {
      symlinkSync(elsewhere, at('far'));
      const ref = await store.link(from, { folder: 'far', file: 'x' });
      expect(ref).toEqual({ path: at('far', 'x'), bytes: 5, sha256: sha256('neo4j') });
      expect(readdirSync(elsewhere)).toEqual(['x']);
      expect(statSync(join(elsewhere, 'x')).mode & 0o777).toBe(0o600);
    } finally {
      rmSync(elsewhere, { recursive: true });
    }
  });
});

describe('sealing', () => {
  beforeEach(() => filled());

  it('makes a version that sha256sum can check, twice', async () => {
    writeFileSync(at(VERSION, '.metadata.db.0123456789ab.tmp'), 'a killed attempt');
    expect(await store.readManifest(VERSION)).toBeUndefined();
    const ref = await store.seal(VERSION, manifest());
    expect(await store.seal(VERSION, manifest())).toEqual(ref);
    expect(await store.digest(VERSION, 'manifest.json')).toEqual(ref);
    expect(await store.readManifest(VERSION)).toEqual(manifest());
    const checked = execFileSync('sha256sum', ['--strict', '-c', 'checksums.txt'], {
      cwd: at(VERSION),
      encoding: 'utf8',
    });
    expect(checked).toBe('metadata.db: OK\nneo4j.jsonl.gz: OK\ntextbook_chunks.snapshot: OK\n');
    expect(readdirSync(at(VERSION)).sort()).toEqual(
      ['.owner.json', 'checksums.txt', 'manifest.json', ...Object.keys(TEXTS)].sort(),
    );
  });

  const damages: [string, string, () => void][] = [
    ['is missing', 'metadata.db', () => rmSync(at(VERSION, 'metadata.db'))],
    [
      'has another size',
      'textbook_chunks.snapshot',
      () => writeFileSync(at(VERSION, 'textbook_chunks.snapshot'), 'qdran'),
    ],
    ['has one byte flipped', 'neo4j.jsonl.gz', () => writeFileSync(at(VERSION, 'neo4j.jsonl.gz'), 'neo4i')],
  ];
  it.each(damages)('is refused where an artifact %s: %s', async (_what, file, damage) => {
    damage();
    const error = await expectCode(store.seal(VERSION, manifest()), 'ARTIFACT_DAMAGED');
    expect(error.message).toContain(file);
    expect(readdirSync(at(VERSION))).not.toContain('checksums.txt');
    expect(await store.readManifest(VERSION)).toBeUndefined();
  });

  it.each<[string, (m: Manifest) => void]>([
    ['counts.points', (m) => (m.counts.points = -1)],
    ['artifacts', (m) => m.artifacts.pop()],
    ['artifacts.0.file', (m) => Object.assign(m.artifacts[0] ?? {}, { file: '../metadata.db' })],
    ['names neo4j.jsonl.gz twice', (m) => Object.assign(m.artifacts[0] ?? {}, { file: 'neo4j.jsonl.gz' })],
  ])('is refused with a manifest that does not fit, naming %s', async (field, change) => {
    const error = await expectCode(store.seal(VERSION, manifest(change)), 'ARTIFACT_DAMAGED');
    expect(error.message).toContain(field);
  });

  it.each([
    ['cannot be parsed', '{"format":'],
    ['format', JSON.stringify({ ...manifest(), format: 'other' })],
    ['runId', JSON.stringify({ ...manifest(), runId: 7 })],
    ['the whole', '[]'],
  ])('reading a manifest names what does not fit: %s', async (named, text) => {
    writeFileSync(at(VERSION, 'manifest.json'), text);
    const error = await expectCode(store.readManifest(VERSION), 'ARTIFACT_DAMAGED');
    expect(error.message).toContain(named);
    expect(await store.readManifest('no-such-version')).toBeUndefined();
  });
});

describe('the claim', () => {
  const claim = (runId: string, more: Partial<Claim> = {}): Claim => ({
    base: 'hybridflow',
    workflowId: 'w',
    runId,
    versionId: VERSION,
    label: 'v1_baseline',
    claimedAt: '2025-12-25T20:00:00.000Z',
    ...more,
  });

  it('is held by one run, which may take it again, amend it and let go', async () => {
    expect(await store.readClaim()).toBeUndefined();
    expect(await store.claim(claim('run-1'))).toEqual({ state: 'claimed' });
    const before = { name: 't', state: 'absent' as const, rows: 0, columns: [], differences: [], ddl: [] };
    await store.amendClaim(claim('run-1', { tablesBefore: [before], qdrantSnapshotsBefore: ['s'] }));
    expect(await store.claim(claim('run-1'))).toEqual({ state: 'claimed' });
    const holder = claim('run-1', { tablesBefore: [before], qdrantSnapshotsBefore: ['s'] });
    expect(await store.claim(claim('run-2'))).toEqual({ state: 'held', holder });
    await expectCode(store.amendClaim(claim('run-2')), 'FENCED');
    await store.releaseClaim('run-2');
    expect(await store.readClaim()).toEqual(holder);
    await store.releaseClaim('run-1');
    await store.releaseClaim('run-1');
    expect(readdirSync(root)).toEqual([]);
    await expectCode(store.amendClaim(claim('run-1')), 'FENCED');
    expect(readdirSync(root)).toEqual([]);
  });

  it('of whoever came next survives a slower release of the same dead holder', async () => {
    await store.claim(claim('next'));
    await removeIfStillOf(root, 'dead');
    expect((await store.readClaim())?.runId).toBe('next');
    await removeIfStillOf(root, 'next');
    await removeIfStillOf(root, 'next');
    expect(readdirSync(root)).toEqual([]);
  });

  it('goes to exactly one of many that ask at once', async () => {
    const answers = await Promise.all([1, 2, 3, 4, 5, 6, 7, 8].map((run) => store.claim(claim(`run-${run}`))));
    expect(answers.filter(({ state }) => state === 'claimed')).toHaveLength(1);
    expect(readdirSync(root)).toEqual(['.claim.json']);
  });

  it.each(['{"base":"hybr', '{}', ''])(
    'that cannot be read keeps everybody out and says what to do: %j',
    async (text) => {
      mkdirSync(root);
      writeFileSync(at('.claim.json'), text);
      const error = await expectCode(store.claim(claim('run-1')), 'BASE_BUSY');
      expect(error.facts.next).toContain('.claim.json');
      await expectCode(store.releaseClaim('run-1'), 'BASE_BUSY');
      expect(read('.claim.json')).toBe(text);
      expect(readdirSync(root)).toEqual(['.claim.json']);
    },
  );
});
