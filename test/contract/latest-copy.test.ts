import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LATEST_COPY_FOLDERS } from '../../domain/names';
import { openArtifactStore } from '../../stores/artifacts';
import { LatestCopy } from '../../stores/artifacts/latest-copy';
import { pathsBelow } from '../../stores/artifacts/names';
import type { ArtifactStore } from '../../stores/ports';

const moment = '2025-12-25T20:00:00.000Z';
const MANIFEST = JSON.stringify({
  format: 'hybridflow-version/1',
  versionId: 'v1_baseline_20251225_200000',
  base: 'b',
  createdAt: moment,
  workflowId: 'w',
  runId: 'r',
  counts: { chapters: 0, chaptersPerTextbook: {}, points: 0, paragraphs: 0, nodes: 0, relationships: 0 },
  qdrant: { name: 'a', collection: 'b', aliases: [], config: {}, payloadSchema: {} },
  artifacts: ['sqlite', 'qdrant', 'neo4j'].map((store) => ({
    store,
    file: store,
    bytes: 0,
    sha256: '0'.repeat(64),
    capturedFrom: moment,
    capturedTo: moment,
    counts: {},
    serverVersion: '1',
  })),
});

let root: string;
let store: ArtifactStore;
let steps: LatestCopy;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'hfv-latest-'));
  store = openArtifactStore(root);
  steps = new LatestCopy(root, pathsBelow(root));
});

afterEach(() => {
  rmSync(root, { recursive: true, force: true });
});

const building = (runId: string) => LATEST_COPY_FOLDERS.building(runId);
const folders = () => readdirSync(root).sort();
const current = () => readFileSync(join(root, 'latest-copy', 'text'), 'utf8');

/** The folder that a run has built; its text is the run's id. */
async function build(runId: string): Promise<void> {
  await store.openFolder(building(runId), runId);
  writeFileSync(join(root, building(runId), 'text'), runId);
  writeFileSync(join(root, building(runId), 'manifest.json'), MANIFEST);
}

/** A latest-copy that an earlier run has left, and `new` ready to take its place. */
async function withPrevious(): Promise<void> {
  await build('old');
  await store.publishLatestCopy(building('old'), 'old');
  await store.settleLatestCopy('old', 'new');
  await build('new');
}

it('is published and settled, each step twice', async () => {
  await withPrevious();
  expect(current()).toBe('old');
  await store.publishLatestCopy(building('new'), 'new');
  await store.publishLatestCopy(building('new'), 'new');
  expect(folders()).toEqual(['.latest-copy.previous.new', 'latest-copy']);
  await store.settleLatestCopy('new', 'new');
  await store.settleLatestCopy('new', 'new');
  expect(folders()).toEqual(['latest-copy']);
  expect(current()).toBe('new');
});

it('goes back to the old one, or to none where there was none', async () => {
  await build('first');
  await store.publishLatestCopy(building('first'), 'first');
  await store.settleLatestCopy('first', 'old');
  await store.settleLatestCopy('first', 'old');
  expect(folders()).toEqual([]);
  await withPrevious();
  await store.publishLatestCopy(building('new'), 'new');
  await store.settleLatestCopy('new', 'old');
  await store.settleLatestCopy('new', 'old');
  expect(folders()).toEqual(['latest-copy']);
  expect(current()).toBe('old');
});

it('takes only a folder of this run that is sealed', async () => {
  await withPrevious();
  await expect(store.publishLatestCopy(building('new'), 'other')).rejects.toMatchObject({ code: 'ARTIFACT_DAMAGED' });
  rmSync(join(root, building('new'), 'manifest.json'));
  await expect(store.publishLatestCopy(building('new'), 'new')).rejects.toMatchObject({ code: 'ARTIFACT_DAMAGED' });
  expect(current()).toBe('old');
});

it('of a run that never published, settling removes what the run left and nothing else', async () => {
  await withPrevious();
  await store.settleLatestCopy('new', 'old');
  expect(folders()).toEqual(['latest-copy']);
  await store.settleLatestCopy('stranger', 'old');
  await store.settleLatestCopy('stranger', 'new');
  expect(current()).toBe('old');
  // An attempt that was frozen and wakes now has nothing to publish.
  await expect(store.publishLatestCopy(building('new'), 'new')).rejects.toMatchObject({ code: 'ARTIFACT_DAMAGED' });
  expect(current()).toBe('old');
});

describe('killed between the two renames', () => {
  beforeEach(async () => {
    await withPrevious();
    await steps.setAside('new');
    expect(existsSync(join(root, 'latest-copy'))).toBe(false);
  });

  it('is finished by the next publish', async () => {
    await store.publishLatestCopy(building('new'), 'new');
    expect(current()).toBe('new');
    await store.settleLatestCopy('new', 'old');
    expect(current()).toBe('old');
    expect(folders()).toEqual(['latest-copy']);
  });

  it.each(['old', 'new'] as const)(
    'is put right by settling in favour of the %s one: nothing new was in place',
    async (keep) => {
      await store.settleLatestCopy('new', keep);
      expect(current()).toBe('old');
      expect(folders()).toEqual(keep === 'old' ? ['latest-copy'] : [building('new'), 'latest-copy']);
    },
  );

  it('is put right by the publish of another run, which keeps the copy that was left aside', async () => {
    await build('third');
    await store.publishLatestCopy(building('third'), 'third');
    expect(current()).toBe('third');
    await store.settleLatestCopy('third', 'old');
    expect(current()).toBe('old');
  });
});

describe('killed after the second rename', () => {
  it('is published', async () => {
    await withPrevious();
    await steps.setAside('new');
    await steps.takePlace(building('new'));
    await store.publishLatestCopy(building('new'), 'new');
    expect(current()).toBe('new');
  });
});

describe('killed while the old one is put back', () => {
  const trash = () => join(root, '.removed.latest-copy.new');
  beforeEach(async () => {
    await withPrevious();
    await store.publishLatestCopy(building('new'), 'new');
    renameSync(join(root, 'latest-copy'), trash());
  });

  it('comes to the old one when the new one had been moved away', async () => {
    await store.settleLatestCopy('new', 'old');
    expect(current()).toBe('old');
    expect(folders()).toEqual(['latest-copy']);
  });

  it('comes to the old one when only the rest was to be removed', async () => {
    renameSync(join(root, '.latest-copy.previous.new'), join(root, 'latest-copy'));
    await store.settleLatestCopy('new', 'old');
    expect(current()).toBe('old');
    expect(folders()).toEqual(['latest-copy']);
  });
});

it('that a run published and never settled gives way to the next run, and can come back', async () => {
  await withPrevious();
  await store.publishLatestCopy(building('new'), 'new');
  await build('third');
  await store.publishLatestCopy(building('third'), 'third');
  expect(current()).toBe('third');
  await store.settleLatestCopy('third', 'old');
  expect(current()).toBe('new');
  await store.settleLatestCopy('new', 'old');
  expect(current()).toBe('old');
  expect(folders()).toEqual(['latest-copy']);
});

it('of unknown origin is kept aside like any other', async () => {
  mkdirSync(join(root, 'latest-copy'));
  writeFileSync(join(root, 'latest-copy', 'text'), 'by hand');
  await build('new');
  await store.publishLatestCopy(building('new'), 'new');
  await store.settleLatestCopy('new', 'old');
  expect(current()).toBe('by hand');
});
