import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { runProgram } from '../../../client/program';
import { noteVerified } from '../../../client/verified';
import type { Verification, VerifiedContent } from '../../../inspection/verify';
import { openArtifactStore } from '../../../stores/artifacts';
import { openMetadataStore } from '../../../stores/sqlite';
import { fakeWorld } from './support';

const VERSION = 'v1_baseline_20260101_000000';
const SECOND = 'v2_minor_20260102_000000';

let root: string;
let file: string;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'hfv-notes-'));
  file = join(root, 'metadata.db');
  const db = new Database(file);
  db.exec('CREATE TABLE chapter_metadata (textbook_id TEXT, chapter_number TEXT)');
  db.close();
  const lease = { notAfter: Date.now() + 60_000 };
  const metadata = openMetadataStore(file);
  metadata.createTables(lease);
  const counts = { chapterCount: 3, paragraphCount: 25 };
  metadata.registry.registerBaseline({ versionId: VERSION, workflowId: 'w', runId: 'r', ...counts }, lease);
  const at = new Date().toISOString();
  const operation = { type: 'commit', status: 'success' as const, details: {}, startedAt: at, completedAt: at };
  metadata.registry.commit(VERSION, 'me', operation, lease);
});
afterEach(() => rmSync(root, { recursive: true }));

async function hfv(...args: string[]): Promise<{ exit: number; found: Record<string, unknown> }> {
  const env = { HYBRIDFLOW_METADATA_DB: file, HYBRIDFLOW_BACKUPS: join(root, 'backups') };
  const world = fakeWorld({ cwd: root, env });
  const exit = await runProgram([...args, '--json'], world);
  return { exit, found: JSON.parse(world.printed.stdout) as Record<string, unknown> };
}

describe('notes', () => {
  test('are written, shown and cleared, and nothing else of the row changes', async () => {
    const before = openMetadataStore(file).registry.find(VERSION);
    expect(await hfv('notes', VERSION, 'as found')).toEqual({
      exit: 0,
      found: { versionId: VERSION, notes: 'as found' },
    });
    expect(openMetadataStore(file).registry.find(VERSION)).toEqual({ ...before, notes: 'as found' });
    for (const name of [VERSION, 'current', 'baseline']) {
      expect((await hfv('notes', name)).found).toEqual({ versionId: VERSION, notes: 'as found' });
    }
    expect((await hfv('notes', VERSION, '--clear')).found).toEqual({ versionId: VERSION, notes: null });
    expect(openMetadataStore(file).registry.find(VERSION)).toEqual(before);
  });

  test.each([
    [7, 'VERSION_UNKNOWN', [SECOND, 'text']],
    [2, 'CONFIG_INVALID', [VERSION, 'text', '--clear']],
    [2, 'CONFIG_INVALID', [VERSION, ' ']],
  ])('%i %s: %j', async (exit, code, args) => {
    expect(await hfv('notes', ...args)).toMatchObject({ exit, found: { error: { code } } });
    expect(openMetadataStore(file).registry.find(VERSION)?.notes).toBeNull();
  });
});

describe('what is shown of the versions', () => {
  test('by the registry alone, where nothing was ever switched', async () => {
    expect(await hfv('versions')).toMatchObject({
      exit: 0,
      found: { versions: [{ versionId: VERSION, current: true, committedBy: 'me', bytes: null, lastVerified: null }] },
    });
    expect(await hfv('show', 'current')).toMatchObject({
      exit: 0,
      found: { name: VERSION, version: { versionId: VERSION }, current: true, switches: [], pin: null },
    });
    expect(await hfv('show', SECOND)).toMatchObject({ exit: 7, found: { error: { code: 'VERSION_UNKNOWN' } } });
    expect(await hfv('show', 'latest-copy')).toMatchObject({ exit: 7 });
    expect(await hfv('stats')).toMatchObject({
      exit: 0,
      found: { predicted: null, fits: null, nextToGo: null, operations: { commit: { success: 1 } } },
    });
  });
});

describe('how a version was found', () => {
  const found: Verification = {
    ...{ version: VERSION, folder: '/b', place: 'beside', passed: true, files: [], problems: [] },
    contents: [{ store: 'qdrant', state: 'skipped', found: '', comparison: null, milliseconds: 0 }],
  };
  const note = (verification: Verification, at = new Date()) =>
    noteVerified(
      { metadata: openMetadataStore(file), artifacts: openArtifactStore(join(root, 'backups')) },
      verification,
      at,
    );
  const noted = () =>
    openMetadataStore(file)
      .registry.operations(VERSION)
      .filter(({ operationType }) => operationType === 'verify');

  test('is noted, and shows', async () => {
    expect(await note(found)).toBeNull();
    expect(noted()).toMatchObject([{ status: 'success', details: { contents: { qdrant: 'skipped' } } }]);
    expect((await hfv('versions')).found).toMatchObject({ versions: [{ lastVerified: { passed: true } }] });
  });

  test('is noted where it is damaged, too: what was intact before is not shown for it', async () => {
    expect(await note(found, new Date(Date.UTC(2026, 0, 1)))).toBeNull();
    const problems = Array.from({ length: 12 }, (_, i) => `file ${i} is missing`);
    expect(await note({ ...found, passed: false, problems })).toBeNull();
    expect(noted()).toMatchObject([
      { status: 'success' },
      { status: 'failed', details: { contents: { qdrant: 'skipped' }, problems: problems.slice(0, 10) } },
    ]);
    for (const command of [['versions'], ['show', VERSION]]) {
      const { found: shown } = await hfv(...command);
      expect(JSON.stringify(shown)).toMatch(/"lastVerified":\{"at":"[^"]+","passed":false\}/);
    }
  });

  test('is not, where a service was missing alone, or where the registry does not know it', async () => {
    const unchecked = { ...found.contents[0], state: 'unchecked' } as VerifiedContent;
    const unsure = { ...found, passed: false, contents: [unchecked], problems: ['Qdrant could not be checked'] };
    expect(await note(unsure)).toBeNull();
    expect(await note({ ...found, version: 'latest-copy' })).toBeNull();
    expect(noted()).toEqual([]);
    // What is wrong besides is no matter of the service.
    expect(await note({ ...unsure, problems: [...unsure.problems, 'metadata.db is damaged'] })).toBeNull();
    expect(noted()).toMatchObject([{ status: 'failed' }]);
  });

  test('is not while a change is under way, which watches who writes', async () => {
    const lease = { notAfter: Date.now() + 60_000 };
    const counts = { chapterCount: 3, paragraphCount: 25 };
    openMetadataStore(file).registry.open({ versionId: SECOND, workflowId: 'w', runId: 'r2', ...counts }, lease);
    expect(await note(found)).toMatch(
      /not noted in operation_log: the registry has v2_minor_20260102_000000 as pending/,
    );
    expect(noted()).toEqual([]);
  });

  test('fails nothing where metadata.db cannot be written', async () => {
    const db = new Database(file);
    db.exec('BEGIN IMMEDIATE');
    const metadata = openMetadataStore(file, { busyTimeoutMs: 1 });
    const artifacts = openArtifactStore(join(root, 'backups'));
    try {
      expect(await noteVerified({ metadata, artifacts }, found, new Date())).toMatch(/not noted in operation_log/);
    } finally {
      db.close();
    }
  });

  test('only the newest are kept', async () => {
    for (let i = 0; i < 25; i += 1) await note(found, new Date(Date.UTC(2026, 0, 1, 0, i)));
    expect(noted()).toHaveLength(20);
    expect(noted()[0]?.createdAt).toBe('2026-01-01 00:05:00');
  });
});
