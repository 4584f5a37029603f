import { mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { MockActivityEnvironment } from '@temporalio/testing';
import type { ActivityDeps } from '../../activities';
import { createRetentionActivities } from '../../activities/retention';
import { HybridFlowError } from '../../domain/errors';
import type { Leftover } from '../../domain/leftovers';
import { ARTIFACT_FILES, REHEARSAL_PREFIX } from '../../domain/names';
import type { LeftoversSwept } from '../../domain/retention';
import type { VersionStatus } from '../../domain/status';
import { findLeftovers } from '../../inspection/leftovers';
import type { IsOpen } from '../../inspection/holders';
import { openArtifactStore } from '../../stores/artifacts';
import type { ArtifactStore, QdrantSnapshotRef } from '../../stores/ports';
import { openMetadataStore } from '../../stores/sqlite';
import { registerAs } from '../support/registered';
import { sealFiles } from '../support/sealed-files';
import { timelyAttempt } from '../support/attempt';

const RUN = '11111111-2222-4333-8444-555555555555';
const STRANGER = '99999999-2222-4333-8444-555555555555';
const V2 = 'v2_minor_20260102_030405';
const V3 = 'v3_minor_20260103_030405';
const RETENTION = { keep: 5, emergencyKeep: 3, archiveDays: 90, graceMinutes: 60 };
const HOUR = 3_600_000;

let root: string;
let artifacts: ArtifactStore;
let deps: ActivityDeps;
/** What the two services hold. */
let collections: string[];
let snapshots: QdrantSnapshotRef[];
let labels: { label: string; nodes: number }[];
let open: Set<string>;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'hfv-leftovers-'));
  artifacts = openArtifactStore(at());
  new Database(join(root, 'metadata.db'))
    .exec('CREATE TABLE chapter_metadata (textbook_id TEXT NOT NULL, chapter_number INTEGER NOT NULL)')
    .close();
  const metadata = openMetadataStore(join(root, 'metadata.db'));
  metadata.createTables({ notAfter: Number.MAX_SAFE_INTEGER });
  [collections, snapshots, labels, open] = [['textbook_chunks'], [], [], new Set()];
  const gone = (name: string) => void (collections = collections.filter((one) => one !== name));
  deps = {
    ...{ metadata, artifacts, retention: RETENTION, settings: { base: 'test' } },
    runs: { isOpen: async (_: string, runId: string) => open.has(runId) },
    vectors: {
      inventory: async () => ({ name: 'textbook_chunks', collection: 'textbook_chunks' }),
      collectionsNamed: async (prefix: string) => collections.filter((name) => name.startsWith(prefix)),
      listSnapshots: async () => snapshots,
      deleteSnapshot: async (name: string) => void (snapshots = snapshots.filter((one) => one.name !== name)),
      dropAside: async (name: string) => gone(name),
      dropStaging: async () =>
        collections.includes('textbook_chunks_staging') && (gone('textbook_chunks_staging'), true),
    },
    graph: {
      markerLabels: async () => labels,
      removeLabel: async (label: string) => (labels = labels.filter((one) => one.label !== label)).length + 1,
      removeStaging: async () => (labels = labels.filter(({ label }) => label !== 'staging')).length + 1,
    },
  } as unknown as ActivityDeps;
});
afterEach(() => {
  deps.metadata.close();
  rmSync(root, { recursive: true, force: true });
});

const at = (...names: string[]) => join(root, 'backups', ...names);
const names = () => readdirSync(at()).sort();
const isOpen: IsOpen = async ({ runId }) => open.has(runId);
const find = async (): Promise<Leftover[]> => (await findLeftovers(deps, { isOpen })).leftovers;
const verdicts = (found: Leftover[]) => Object.fromEntries(found.map(({ name, verdict }) => [name, verdict]));
const sweep = () =>
  new MockActivityEnvironment(timelyAttempt()).run<[], LeftoversSwept, () => Promise<LeftoversSwept>>(
    createRetentionActivities(deps).sweepLeftovers,
  );

function register(versionId: string, status: VersionStatus, runId = RUN, hoursAgo = 3): void {
  // No version comes before a baseline.
  const first = versionId.startsWith('v1_') || deps.metadata.registry.committedBaseline() !== undefined;
  if (!first) register('v1_baseline_20251231_000000', 'committed', 'the run of the baseline', 24);
  registerAs(deps.metadata, versionId, status, runId);
  const db = new Database(join(root, 'metadata.db'));
  const moment = new Date(Date.now() - hoursAgo * HOUR).toISOString().slice(0, 19).replace('T', ' ');
  db.prepare('UPDATE version_registry SET updated_at = ? WHERE version_id = ?').run(moment, versionId);
  db.close();
}

function age(path: string, hours: number): void {
  const then = new Date(Date.now() - hours * HOUR);
  for (const name of readdirSync(path)) utimesSync(join(path, name), then, then);
  utimesSync(path, then, then);
}

function folder(name: string, hours: number): void {
  mkdirSync(at(name), { recursive: true });
  writeFileSync(at(name, 'half'), 'x');
  age(at(name), hours);
}

test('where nothing was left nothing is found', async () => {
  register('v1_baseline_20260101_000000', 'committed');
  await sealFiles(artifacts, 'v1_baseline_20260101_000000');
  labels = [{ label: 'v1_baseline', nodes: 3 }];
  expect(await find()).toEqual([]);
  expect(await sweep()).toEqual({ swept: [], reported: [], counts: { swept: 0, waiting: 0, reported: 0 }, notes: [] });
});

describe('in the backups folder', () => {
  const OURS = [
    `.latest-copy.${RUN}`,
    `.removed.${V2}.${RUN}`,
    `.copy.${REHEARSAL_PREFIX}${RUN}_sqlite_1`,
    `.${V2}.0123456789ab.tmp`,
  ];

  test('what a dead run was making goes, once the grace period is over', async () => {
    register(V2, 'rolled_back');
    OURS.forEach((name) => folder(name, 0.5));
    expect(new Set((await find()).map(({ verdict }) => verdict))).toEqual(new Set(['wait']));
    OURS.forEach((name) => folder(name, 2));
    const { counts, swept } = await sweep();
    expect([counts.swept, swept.map(({ kind }) => kind).sort()]).toEqual([
      4,
      ['building', 'copy', 'removed', 'temporary'],
    ]);
    expect(names()).toEqual([]);
  });

  test('copies stay while somebody reads a version, whichever it is: they name no owner', async () => {
    register(V2, 'rolled_back');
    OURS.forEach((name) => folder(name, 2));
    const use = { id: '0123456789ab', versionId: V3, kind: 'verify' as const, host: 'h', pid: 1 };
    await artifacts.markUse({ ...use, until: new Date(Date.now() + HOUR).toISOString() });
    const waiting = (await find()).filter(({ verdict }) => verdict === 'wait');
    expect(waiting.map(({ kind, reason }) => [kind, reason.includes(`${V3}: it is being verified`)])).toEqual([
      ['copy', true],
      ['temporary', true],
    ]);
  });

  test('nothing of a run that goes on, or that cannot be asked after', async () => {
    register(V2, 'committed');
    folder(`.latest-copy.${RUN}`, 20);
    open.add(RUN);
    expect(await find()).toMatchObject([{ verdict: 'wait', reason: 'its run goes on', ownerRunId: RUN }]);
    const { leftovers } = await findLeftovers(deps, { isOpen: async () => undefined });
    expect(leftovers).toMatchObject([{ verdict: 'wait', reason: 'whether its run goes on cannot be asked now' }]);
    expect((await sweep()).counts).toEqual({ swept: 0, waiting: 1, reported: 0 });
    expect(names()).toEqual([`.latest-copy.${RUN}`]);
  });

  test('names that no run gives are nobody’s business', async () => {
    for (const name of ['notes', '.hidden', 'v2_minor', 'latest-copy', 'reports']) folder(name, 5_000);
    expect(await find()).toEqual([]);
    await expect(artifacts.removeResidue({ path: 'latest-copy', changedAt: '' })).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
    });
    await expect(artifacts.removeResidue({ path: '../.x.0123456789ab.tmp', changedAt: '' })).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
    });
  });

  test('what was written to since it was judged stays', async () => {
    folder(`.latest-copy.${RUN}`, 2);
    const [found] = await artifacts.residues();
    writeFileSync(at(`.latest-copy.${RUN}`, 'more'), 'x');
    expect(await artifacts.removeResidue(found ?? { path: '', changedAt: '' })).toBe(false);
    expect(names()).toEqual([`.latest-copy.${RUN}`]);
  });

  test('a version’s folder goes where its version is rolled back; a whole one that nobody knows is for a person', async () => {
    register(V2, 'rolled_back');
    for (const versionId of [V2, V3]) {
      await sealFiles(artifacts, versionId);
      age(at(versionId), 2);
    }
    folder('v4_minor_20260104_030405', 2);
    expect(verdicts(await find())).toEqual({ [V2]: 'sweep', [V3]: 'report', v4_minor_20260104_030405: 'sweep' });
    await sweep();
    expect(names()).toEqual([V3]);
  });

  test('the twin that a broken-off archiving left goes, the version beside the others stays', async () => {
    register(V2, 'committed');
    await sealFiles(artifacts, V2);
    await artifacts.archive(V2, 'r', async () => false);
    age(at('archived', V2), 2);
    expect(await find()).toMatchObject([{ kind: 'archive', verdict: 'sweep' }]);
    await sweep();
    expect([readdirSync(at('archived')), names()]).toEqual([[], ['archived', V2]]);
  });

  test('a copy that was set aside goes only where its run committed and there is a latest-copy', async () => {
    register(V2, 'committed');
    await sealFiles(artifacts, V2);
    folder(`.latest-copy.previous.${RUN}`, 2);
    expect(await find()).toMatchObject([{ kind: 'previous', verdict: 'report' }]);
    renameSync(at(V2), at('latest-copy'));
    expect(await find()).toMatchObject([{ kind: 'previous', verdict: 'sweep' }]);
  });

  test('what was there before a restore is kept for as long as an archived version', async () => {
    folder(`rescue-${V2}-11111111`, 24 * 89);
    folder(`rescue-${V3}-11111111`, 24 * 91);
    folder(`rescue-restore-${V2}-11111111`, 24 * 91);
    expect(verdicts(await find())).toEqual({
      [`rescue-${V2}-11111111`]: 'wait',
      [`rescue-${V3}-11111111`]: 'sweep',
      [`rescue-restore-${V2}-11111111`]: 'sweep',
    });
  });
});

describe('on the services', () => {
  test('of side collections those of our own dead runs go; a stranger’s are told of', async () => {
    register(V2, 'committed');
    collections.push(
      `${REHEARSAL_PREFIX}${RUN}_qdrant_1`,
      `${REHEARSAL_PREFIX}${STRANGER}_qdrant_1`,
      `${REHEARSAL_PREFIX}verify_1a2b3c4d`,
    );
    const { counts, reported } = await sweep();
    expect(counts).toEqual({ swept: 1, waiting: 0, reported: 2 });
    expect(reported.map(({ ownerRunId }) => ownerRunId)).toEqual([STRANGER, null]);
    expect(collections).not.toContain(`${REHEARSAL_PREFIX}${RUN}_qdrant_1`);
  });

  test('of staging’s collections those of versions that are over; of another base none', async () => {
    register(V2, 'committed');
    collections.push(`textbook_chunks_${V2}`, `textbook_chunks_${V3}`, `other_${V2}`, 'textbook_chunks_staging');
    expect(verdicts(await find())).toEqual({
      [`textbook_chunks_${V2}`]: 'sweep',
      [`textbook_chunks_${V3}`]: 'report',
      textbook_chunks_staging: 'sweep',
    });
    await sweep();
    expect(collections).toEqual(['textbook_chunks', `textbook_chunks_${V3}`, `other_${V2}`]);
  });

  test('nothing of staging while a version is under way, or where none ever was', async () => {
    collections.push('textbook_chunks_staging');
    labels = [{ label: 'staging', nodes: 2 }];
    expect((await find()).map(({ verdict }) => verdict)).toEqual(['report', 'report']);
    register(V2, 'committed');
    register(V3, 'staging');
    collections.push(`textbook_chunks_${V2}`, `textbook_chunks_${V3}`);
    expect(verdicts(await find())).toEqual({ [`textbook_chunks_${V2}`]: 'wait' });
    expect((await sweep()).counts.swept).toBe(0);
  });

  test('a snapshot goes only where its very bytes lie in the backups folder', async () => {
    register(V2, 'committed');
    const taken = new Date(Date.now() - 2 * HOUR);
    const { artifacts: sealed } = await sealFiles(artifacts, V2, { capturedAt: taken.toISOString() });
    const { sha256 = '', bytes = 0 } = sealed.find(({ store }) => store === 'qdrant') ?? {};
    const named = (number: number, at: Date) =>
      `textbook_chunks-${number}-${at.toISOString().slice(0, 19).replace('T', '-').replaceAll(':', '-')}.snapshot`;
    snapshots = [
      { name: named(1, taken), checksum: sha256, bytes },
      { name: named(2, taken), checksum: 'b'.repeat(64), bytes },
      // Somebody else's, of a collection that nobody had written to since.
      { name: named(3, new Date(taken.getTime() + HOUR / 2)), checksum: sha256, bytes },
      { name: 'by-hand.snapshot', checksum: sha256, bytes },
    ];
    expect((await find()).map(({ verdict }) => verdict)).toEqual(['sweep', 'report', 'report', 'report']);
    await sweep();
    expect(snapshots.map(({ name }) => name[16])).toEqual(['2', '3', undefined]);
    const now = new Date();
    await sealFiles(artifacts, V3, { capturedAt: now.toISOString(), shareWith: V2 });
    snapshots = [{ name: named(4, now), checksum: sha256, bytes }];
    expect((await find()).find(({ kind }) => kind === 'snapshot')).toMatchObject({ proven: true, verdict: 'wait' });
  });

  test('a snapshot that a run was just downloading is known by the half-built copy', async () => {
    await artifacts.openFolder(`.latest-copy.${RUN}`, RUN);
    await artifacts.write(`.latest-copy.${RUN}`, ARTIFACT_FILES.qdrant, async (path) =>
      writeFileSync(path, 'snapshot'),
    );
    const { sha256: checksum } = await artifacts.digest(`.latest-copy.${RUN}`, ARTIFACT_FILES.qdrant);
    age(at(`.latest-copy.${RUN}`), 2);
    const moment = new Date(Date.now() - 2 * HOUR - 60_000).toISOString().slice(0, 19).replace('T', '-');
    snapshots = [{ name: `c-${moment.replaceAll(':', '-')}.snapshot`, checksum, bytes: 8 }];
    expect((await find()).find(({ kind }) => kind === 'snapshot')).toMatchObject({ proven: true, verdict: 'sweep' });
  });

  test('labels go with versions that are over, and never where one that stands bears them', async () => {
    register('v1_baseline_20260101_000000', 'rolled_back', STRANGER);
    register('v1_baseline_20260101_000001', 'committed', RUN);
    register(V2, 'archived');
    labels = ['v1_baseline', 'v2_minor', 'v7_major'].map((label) => ({ label, nodes: 3 }));
    expect(verdicts(await find())).toEqual({ v2_minor: 'sweep', v7_major: 'report' });
    await sweep();
    expect(labels.map(({ label }) => label)).toEqual(['v1_baseline', 'v7_major']);
  });

  test('what has no age waits until nothing of the base has changed for long enough', async () => {
    register(V2, 'rolled_back', RUN, 0.5);
    labels = [{ label: 'v2_minor', nodes: 3 }];
    expect(await find()).toMatchObject([{ verdict: 'wait', reason: 'within the grace period' }]);
    register(V3, 'archived', RUN, 0);
    labels = [{ label: 'v3_minor', nodes: 3 }];
    expect(await find()).toMatchObject([{ verdict: 'wait' }]);
  });

  test('one that does not answer is a note, and what it refuses to remove is one too', async () => {
    deps.graph.markerLabels = () => Promise.reject(new HybridFlowError('NEO4J_UNREACHABLE', { found: 'nobody there' }));
    deps.vectors.dropAside = () =>
      Promise.reject(new HybridFlowError('CONFIG_INVALID', { found: 'an alias stands for it' }));
    register(V2, 'committed');
    collections.push(`textbook_chunks_${V2}`);
    folder(`.latest-copy.${RUN}`, 2);
    const { counts, notes } = await sweep();
    expect(counts.swept).toBe(1);
    expect(notes).toEqual([
      'Neo4j was not looked into: nobody there',
      `textbook_chunks_${V2} could not be removed: an alias stands for it`,
    ]);
  });
});
