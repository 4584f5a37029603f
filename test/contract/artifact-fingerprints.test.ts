import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Manifest } from '../../domain/manifest';
import { FINGERPRINT_FILES, STORE_NAMES, type StoreName } from '../../domain/names';
import { openArtifactStore } from '../../stores/artifacts';
import { listText, rootFingerprint, summaryOf } from '../../stores/fingerprint-text';
import type { ArtifactStore } from '../../stores/ports';
import { failureOf } from '../support/errors';

const VERSION = 'v1_baseline_20251225_200000';
const FILES = { sqlite: 'metadata.db', qdrant: 'textbook_chunks.snapshot', neo4j: 'neo4j.jsonl.gz' };
const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');
const groups = (store: string) => [{ group: `${store}:ch1`, items: 3, sha256: sha256(store) }];

let root: string;
let store: ArtifactStore;

beforeEach(async () => {
  root = mkdtempSync(join(tmpdir(), 'hfv-lists-'));
  store = openArtifactStore(root);
  await store.openFolder(VERSION, 'run-1');
  for (const name of STORE_NAMES) {
    await store.write(VERSION, FILES[name], (path) => writeFile(path, name));
    await store.writeText(VERSION, FINGERPRINT_FILES[name], listText(groups(name)));
  }
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const at = (file: string) => join(root, VERSION, file);

function manifest(change: (m: Manifest) => void = () => undefined): Manifest {
  const moment = '2025-12-25T20:00:00.000Z';
  const artifact = (name: StoreName): Manifest['artifacts'][number] => ({
    ...{ store: name, file: FILES[name], bytes: name.length, sha256: sha256(name), counts: {}, serverVersion: '1' },
    ...{ capturedFrom: moment, capturedTo: moment },
    fingerprint: { file: FINGERPRINT_FILES[name], ...summaryOf(groups(name)) },
  });
  const artifacts = STORE_NAMES.map(artifact);
  const made: Manifest = {
    ...{
      format: 'hybridflow-version/1',
      versionId: VERSION,
      base: 'b',
      createdAt: moment,
      workflowId: 'w',
      runId: 'r',
    },
    counts: { chapters: 1, chaptersPerTextbook: {}, points: 1, paragraphs: 1, nodes: 1, relationships: 1 },
    qdrant: { name: 'a', collection: 'a', aliases: [], config: {}, payloadSchema: {} },
    artifacts,
    fingerprint: rootFingerprint(artifacts),
  };
  change(made);
  return made;
}

const list = (m: Manifest, index = 0) =>
  m.artifacts[index]?.fingerprint ?? { file: '', sha256: '', items: 0, groups: 0 };

describe('lists of fingerprints', () => {
  it('are covered by checksums.txt, sealed with the version, and read back', async () => {
    await store.seal(VERSION, manifest());
    const checked = execFileSync('sha256sum', ['--strict', '-c', 'checksums.txt'], {
      cwd: join(root, VERSION),
      encoding: 'utf8',
    });
    const all = [...Object.values(FILES), ...Object.values(FINGERPRINT_FILES)].sort();
    expect(checked).toBe(all.map((file) => `${file}: OK\n`).join(''));
    expect(await store.readManifest(VERSION)).toEqual(manifest());
    expect(await store.readText(VERSION, FINGERPRINT_FILES.neo4j)).toBe(listText(groups('neo4j')));
    expect((await failureOf(store.writeText(VERSION, FINGERPRINT_FILES.neo4j, 'x'))).code).toBe('FENCED');
    expect(readFileSync(at(FINGERPRINT_FILES.neo4j), 'utf8')).toBe(listText(groups('neo4j')));
  });

  it('may be missing as a whole, as they are in versions made before there were any', async () => {
    const old = manifest((m) => {
      for (const artifact of m.artifacts) delete artifact.fingerprint;
      delete m.fingerprint;
    });
    await store.seal(VERSION, old);
    expect(await store.readManifest(VERSION)).toEqual(old);
    expect(readFileSync(at('checksums.txt'), 'utf8')).not.toContain('fingerprint');
  });

  it('that are not there read as nothing', async () => {
    expect(await store.readText(VERSION, 'nothing.txt')).toBeUndefined();
    expect(await store.readText('nowhere', 'nothing.txt')).toBeUndefined();
  });

  it.each<[string, string, () => void]>([
    ['is missing', 'is missing', () => rmSync(at(FINGERPRINT_FILES.qdrant))],
    [
      'is cut short',
      'cut short',
      () => writeFileSync(at(FINGERPRINT_FILES.qdrant), listText(groups('qdrant')).slice(0, -1)),
    ],
    [
      'is that of another store',
      'has SHA-256',
      () => writeFileSync(at(FINGERPRINT_FILES.qdrant), listText(groups('neo4j'))),
    ],
  ])('refuse the seal where one %s', async (_, said, damage) => {
    damage();
    const error = await failureOf(store.seal(VERSION, manifest()));
    expect(error.code).toBe('ARTIFACT_DAMAGED');
    expect(error.message).toContain(FINGERPRINT_FILES.qdrant);
    expect(error.message).toContain(said);
    expect(readdirSync(join(root, VERSION))).not.toContain('manifest.json');
  });

  it.each<[string, string, (m: Manifest) => void]>([
    ['counts other items', 'lists 3 items in 1 groups', (m) => (list(m).items = 4)],
    ['names a file twice', 'twice', (m) => (list(m).file = 'metadata.db')],
    ['states another root', 'states the fingerprint', (m) => (m.fingerprint = sha256('x'))],
    ['states no root', 'states the fingerprint (none)', (m) => delete m.fingerprint],
    ['has a field that nobody knows', 'artifacts.0.fingerprint', (m) => Object.assign(list(m), { extra: 1 })],
    [
      'lacks a field',
      'artifacts.0.fingerprint.groups',
      (m) => delete (list(m) as Partial<ReturnType<typeof list>>).groups,
    ],
  ])('refuse the seal where the manifest %s', async (_, said, change) => {
    const error = await failureOf(store.seal(VERSION, manifest(change)));
    expect(error.code).toBe('ARTIFACT_DAMAGED');
    expect(error.message).toContain(said);
  });
});
