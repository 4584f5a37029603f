import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { HybridFlowError } from '../../domain/errors';
import { openArtifactStore } from '../../stores/artifacts';
import type { ArtifactStore } from '../../stores/ports';

const VERSION = 'v1_baseline_20251225_200000';

let parent: string;
let root: string;
let store: ArtifactStore;

beforeEach(() => {
  parent = mkdtempSync(join(tmpdir(), 'hfv-reports-'));
  root = join(parent, 'backups');
  store = openArtifactStore(root);
});

afterEach(() => rmSync(parent, { recursive: true, force: true }));

const at = (...names: string[]) => join(root, 'reports', ...names);
const codeOf = (work: Promise<unknown>) =>
  work.then(
    () => 'no error',
    (error: HybridFlowError) => error.code,
  );

test('a report is there for its owner only, and writing it again replaces it', async () => {
  const path = await store.writeReport(VERSION, 'report.md', 'first');
  expect(path).toBe(at(VERSION, 'report.md'));
  expect(await store.writeReport(VERSION, 'report.md', 'second, and longer')).toBe(path);
  expect(await store.readReport(VERSION, 'report.md')).toBe('second, and longer');
  expect(readdirSync(at(VERSION))).toEqual(['report.md']);
  expect(statSync(path).mode & 0o777).toBe(0o600);
  for (const folder of [root, at(), at(VERSION)]) expect(statSync(folder).mode & 0o777).toBe(0o700);
});

test('reading where nothing is makes nothing', async () => {
  expect(await store.readReport(VERSION, 'report.md')).toBeUndefined();
  expect(await store.reportedVersions()).toEqual([]);
  expect(readdirSync(parent)).toEqual([]);
});

test.each(['', '.', '..', '../x', 'a/b', 'a\\b', 'a\u0000b'])('the name %j leads nowhere', async (name) => {
  expect(await codeOf(store.writeReport(name, 'report.md', 'x'))).toBe('CONFIG_INVALID');
  expect(await codeOf(store.writeReport(VERSION, name, 'x'))).toBe('CONFIG_INVALID');
  expect(await codeOf(store.readReport(VERSION, name))).toBe('CONFIG_INVALID');
  expect(await codeOf(store.readReport(name, 'report.md'))).toBe('CONFIG_INVALID');
  expect(readdirSync(parent)).toEqual([]);
});

test('a write that fails leaves what was there, and no half of a file', async () => {
  mkdirSync(at(VERSION, 'report.md', 'in the way'), { recursive: true });
  expect(await codeOf(store.writeReport(VERSION, 'report.md', 'x'))).toBe('ARTIFACT_WRITE_FAILED');
  expect(readdirSync(at(VERSION))).toEqual(['report.md']);
});

test('what a killed attempt left is neither read nor listed', async () => {
  await store.writeReport(VERSION, 'report.md', 'whole');
  const killed = 'v1_baseline_20251226_200000';
  for (const version of [VERSION, killed]) {
    mkdirSync(at(version), { recursive: true });
    writeFileSync(at(version, '.report.md.0123456789ab.tmp'), 'ha');
  }
  expect(await store.readReport(VERSION, 'report.md')).toBe('whole');
  expect(await store.readReport(killed, 'report.md')).toBeUndefined();
  expect(await store.reportedVersions()).toEqual([VERSION]);
});

test('many writers at once leave one whole report', async () => {
  const texts = Array.from({ length: 8 }, (_, i) => `${i}`.repeat(100_000));
  await Promise.all(texts.map((text) => store.writeReport(VERSION, 'report.json', text)));
  expect(texts).toContain(readFileSync(at(VERSION, 'report.json'), 'utf8'));
  expect(readdirSync(at(VERSION))).toEqual(['report.json']);
});

test('versions are listed oldest first, whatever their number, and only versions that have a report', async () => {
  const versions = ['v10_minor_20260301_000000', 'v2_minor_20260101_000000', VERSION, 'v3_major_20260201_000000'];
  for (const version of versions) await store.writeReport(version, 'report.md', 'x');
  mkdirSync(at('v4_minor_20260401_000000'));
  mkdirSync(at('notes'));
  writeFileSync(at('notes', 'report.md'), 'x');
  expect(await store.reportedVersions()).toEqual([VERSION, versions[1], versions[3], versions[0]]);
});

test('reports stay where the version is removed', async () => {
  await store.openFolder(VERSION, 'run-1');
  await store.writeReport(VERSION, 'report.md', 'x');
  await store.removeFolder(VERSION, 'run-1');
  expect(await store.readReport(VERSION, 'report.md')).toBe('x');
  expect(readdirSync(root)).toEqual(['reports']);
});

test('of one kind the last by name stay; what is named otherwise, or half written, is left alone', async () => {
  for (const name of ['health-1.json', 'health-2.json', 'health-3.json', 'report.json']) {
    await store.writeReport(VERSION, name, name);
  }
  expect(await store.pruneReports(VERSION, 'health-', 2)).toBe(1);
  expect(readdirSync(at(VERSION)).sort()).toEqual(['health-2.json', 'health-3.json', 'report.json']);
  expect(await store.pruneReports(VERSION, 'health-', 2)).toBe(0);
  expect(await store.pruneReports('v2_minor_20260101_000000', 'health-', 2)).toBe(0);
  expect(await codeOf(store.pruneReports('..', 'health-', 2))).toBe('CONFIG_INVALID');
});
