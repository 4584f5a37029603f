import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openStores } from '../../client/stores';
import { DEEP_FINGERPRINT_FILE } from '../../domain/manifest';
import { ARTIFACT_FILES, FINGERPRINT_FILES } from '../../domain/names';
import { LATEST_COPY } from '../../domain/version-id';
import { verifyVersion } from '../../inspection/verify';
import { openArtifactStore } from '../../stores/artifacts';
import type { Stores } from '../../stores/ports';
import { TestBase } from '../support/base';
import { sealVersion, Tampered } from '../support/sealed';
import { useStack } from '../support/stack';

jest.setTimeout(120_000);

const VERSION = 'v1_baseline_20260102_030405';
const SCRIPT = join(__dirname, '..', '..', 'scripts', 'verify_version.py');

let base: TestBase;
let stores: Stores;
let scratch: string;

beforeAll(async () => {
  await useStack();
  base = await TestBase.make({ paragraphs: 120 });
  stores = openStores(base.settings);
  await sealVersion(stores, VERSION, { deep: true });
});
afterAll(async () => {
  await stores?.graph.close();
  await base?.close();
});
beforeEach(() => {
  scratch = mkdtempSync(join(tmpdir(), 'hfv-verify-deep-'));
});
afterEach(() => rmSync(scratch, { recursive: true, force: true }));

const meddled = (original = base.backup(VERSION)) => new Tampered(scratch, VERSION, original);
const verifyCopy = (options: { qdrant?: boolean; deep?: boolean }) =>
  verifyVersion({ ...stores, artifacts: openArtifactStore(scratch) }, VERSION, options);

test('a version that was captured with its vectors is verified with them, and latest-copy too', async () => {
  const collections = await base.collections();
  for (const folder of [VERSION, LATEST_COPY]) {
    const found = await verifyVersion(stores, folder, { deep: true });
    expect(found).toMatchObject({ passed: true, problems: [] });
    expect(found.files.map(({ file, state }) => [file, state])).toContainEqual([DEEP_FINGERPRINT_FILE, 'intact']);
    expect(found.contents.map(({ store, deep, state }) => [store, deep, state])).toEqual([
      ['sqlite', undefined, 'same'],
      ['qdrant', undefined, 'same'],
      ['qdrant', true, 'same'],
      ['neo4j', undefined, 'same'],
    ]);
    const [, plain, vectors] = found.contents;
    expect(vectors?.comparison?.actual.sha256).not.toBe(plain?.comparison?.actual.sha256);
  }
  expect(await base.collections()).toEqual(collections);
  expect(spawnSync('python3', [SCRIPT, base.backup(VERSION)], { encoding: 'utf8' }).stdout).toBe('OK\n');
});

test('says in which chapter the vectors are others, where nothing but they are', async () => {
  const copy = meddled();
  copy.edit(DEEP_FINGERPRINT_FILE, (text) =>
    text.replace(/[0-9a-f]{64}( {2}\d+ {2}bailey:ch1\n)/, `${'0'.repeat(64)}$1`),
  );
  copy.reseal();
  expect(await verifyCopy({})).toMatchObject({ passed: true });
  const { passed, problems } = await verifyCopy({ deep: true });
  expect(passed).toBe(false);
  expect(problems).toEqual([
    expect.stringMatching(/^content of Qdrant, with vectors, is not what was recorded: .*bailey:ch1/),
  ]);
});

test('says plainly where no vectors were recorded, or no service may be asked', async () => {
  const copy = meddled();
  copy.manifest((manifest) => {
    for (const artifact of manifest.artifacts) delete artifact.deepFingerprint;
  });
  copy.edit('checksums.txt', (text) => text.replace(/.*deep-fingerprint.*\n/, ''));
  const { passed, contents } = await verifyCopy({ deep: true });
  expect([passed, contents[2]]).toEqual([
    true,
    expect.objectContaining({
      store: 'qdrant',
      deep: true,
      state: 'not recorded',
      found: expect.stringContaining('without the content of its vectors') as string,
    }),
  ]);
  const offline = await verifyCopy({ deep: true, qdrant: false });
  expect(offline.contents.map(({ state }) => state)).toEqual(['same', 'skipped', 'skipped', 'same']);
});

test('the list of the vectors is sealed as the others are', async () => {
  const sealed = readFileSync(base.backup(VERSION, 'checksums.txt'), 'utf8');
  for (const file of [ARTIFACT_FILES.qdrant, FINGERPRINT_FILES.qdrant, DEEP_FINGERPRINT_FILE]) {
    expect(sealed).toContain(`  ${file}\n`);
  }
  rmSync(meddled().at(DEEP_FINGERPRINT_FILE));
  const { passed, problems } = await verifyCopy({ qdrant: false });
  expect([passed, problems.join('; ')]).toEqual([
    false,
    expect.stringContaining(`${DEEP_FINGERPRINT_FILE} is missing`),
  ]);
});
