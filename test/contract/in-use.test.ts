import { mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MockActivityEnvironment } from '@temporalio/testing';
import Database from 'better-sqlite3';
import type { ActivityDeps } from '../../activities';
import { createDrillActivities } from '../../activities/drill';
import { createRetentionActivities } from '../../activities/retention';
import { runProgram } from '../../client/program';
import { judgeLeftovers } from '../../domain/leftovers';
import { whileInUse } from '../../inspection/in-use';
import { findHold, findHolds, lookAtWindow } from '../../inspection/retention';
import { openArtifactStore } from '../../stores/artifacts';
import { UseMarks } from '../../stores/artifacts/uses';
import type { ArtifactStore, MetadataStore } from '../../stores/ports';
import { openMetadataStore } from '../../stores/sqlite';
import { timelyAttempt } from '../support/attempt';
import { registerAs } from '../support/registered';
import { sealFiles } from '../support/sealed-files';
import { until } from '../support/until';

jest.setTimeout(60_000);

const [V1, V2, V3] = ['v1_baseline_20260101_030405', 'v2_minor_20260102_030405', 'v3_minor_20260103_030405'] as const;
const RETENTION = { keep: 1, emergencyKeep: 1, archiveDays: 90, graceMinutes: 60 };

let root: string;
let artifacts: ArtifactStore;
let metadata: MetadataStore;
let deps: ActivityDeps;

beforeEach(async () => {
  root = mkdtempSync(join(tmpdir(), 'hfv-in-use-'));
  artifacts = openArtifactStore(join(root, 'backups'));
  new Database(join(root, 'metadata.db')).exec('CREATE TABLE chapter_metadata (textbook_id, chapter_number)').close();
  metadata = openMetadataStore(join(root, 'metadata.db'));
  metadata.createTables({ notAfter: Number.MAX_SAFE_INTEGER });
  for (const versionId of [V1, V2, V3]) {
    registerAs(metadata, versionId, 'committed', `run of ${versionId}`);
    await sealFiles(artifacts, versionId);
  }
  deps = { metadata, artifacts, retention: RETENTION, settings: { base: 'test' }, secrets: [] } as never;
});
afterEach(() => {
  jest.restoreAllMocks();
  metadata.close();
  rmSync(root, { recursive: true, force: true });
});

const marks = () => readdirSync(join(root, 'backups')).filter((name) => name.startsWith('.in-use.'));
const within = <T>(work: () => Promise<T>) =>
  new MockActivityEnvironment(timelyAttempt()).run<[], T, () => Promise<T>>(work);
const archive = () => within(() => createRetentionActivities(deps).archiveVersion(V2));
const gone = async () => (await lookAtWindow(deps)).archive.map(({ versionId }) => versionId);

test('what is marked is neither archived nor, in an emergency, deleted; afterwards it may leave', async () => {
  expect(await gone()).toEqual([V2]);
  await whileInUse(artifacts, [V2, V2, 'latest-copy', 'production'], 'verify', async (own) => {
    expect([own.length, marks().length]).toEqual([1, 1]);
    expect(await gone()).toEqual([]);
    expect(await archive()).toMatchObject({
      state: 'kept',
      reason: expect.stringMatching(/^it is being verified by process/) as string,
    });
    expect((await lookAtWindow(deps, { emergency: true })).delete).toEqual([]);
    const left = await within(() => createRetentionActivities(deps).deleteArchivedVersion(V2, true));
    expect(left).toMatchObject({ state: 'kept' });
    expect(await artifacts.exists(V2)).toBe(true);
  });
  expect(marks()).toEqual([]);
  expect(await archive()).toMatchObject({ state: 'archived' });
});

test('what is marked while it is being archived stays', async () => {
  const { archive: original } = artifacts;
  const until = new Date(Date.now() + 60_000).toISOString();
  jest.spyOn(artifacts, 'archive').mockImplementation(async (versionId, runId, mayStill) => {
    await artifacts.markUse({ id: '0123456789ab', versionId, kind: 'drill', host: 'h', pid: 1, until });
    return original(versionId, runId, mayStill);
  });
  expect(await archive()).toMatchObject({ state: 'kept', reason: expect.stringContaining('being drilled') as string });
  expect(await artifacts.exists(V2)).toBe(true);
});

test('an archived version that is looked into is not deleted, however long it has been there', async () => {
  await archive();
  const later = new Date(Date.now() + 200 * 86_400_000);
  expect((await lookAtWindow(deps, { now: later })).delete.map(({ versionId }) => versionId)).toEqual([V2]);
  await whileInUse(artifacts, [V2], 'compare', async () => {
    expect((await lookAtWindow(deps, { now: later })).delete).toEqual([]);
  });
});

test('marks go with what failed, are renewed while it lasts, and do not come back', async () => {
  await expect(whileInUse(artifacts, [V2], 'drill', () => Promise.reject(new Error('no')))).rejects.toThrow('no');
  expect(marks()).toEqual([]);
  const untilOf = async () => (await artifacts.uses())[0]?.until ?? '';
  await whileInUse(
    artifacts,
    [V2],
    'drill',
    async () => {
      const first = await untilOf();
      await until('the mark is renewed', untilOf, (now) => now > first);
    },
    { milliseconds: 2_000 },
  );
  expect(marks()).toEqual([]);
});

test('a mark whose process was killed ends by its time, and is swept after the grace period', async () => {
  const use = { id: '0123456789ab', versionId: V2, kind: 'drill' as const, host: 'h', pid: 1 };
  await artifacts.markUse({ ...use, until: new Date(Date.now() + 60_000).toISOString() });
  expect((await findHold(deps, V2))?.rule).toBe('in use');
  await artifacts.markUse({ ...use, until: new Date(Date.now() - 1).toISOString() });
  expect(await findHold(deps, V2)).toBeUndefined();
  const path = join(root, 'backups', marks()[0] ?? '');
  const quiet = { underWay: null, inUse: null, quietSince: null, everStaged: false, latestCopy: true };
  const facts = { settings: RETENTION, ...quiet };
  const judged = async (minutes: number) => {
    const then = new Date(Date.now() - minutes * 60_000);
    utimesSync(path, then, then);
    const found = (await artifacts.residues()).filter(({ kind }) => kind === 'mark');
    return judgeLeftovers(
      found.map(({ path: name, changedAt, ...one }) => ({
        ...one,
        name,
        since: changedAt,
        where: 'backups',
        run: 'stranger',
      })),
      { ...facts, now: new Date() },
    ).map(({ verdict }) => verdict);
  };
  expect([await judged(1), await judged(30), await judged(90)]).toEqual([[], ['wait'], ['sweep']]);
  const [residue] = (await artifacts.residues()).filter(({ kind }) => kind === 'mark');
  expect(residue && (await artifacts.removeResidue(residue))).toBe(true);
  expect(marks()).toEqual([]);
});

test('what is no mark holds nothing, and what cannot be marked is read all the same', async () => {
  writeFileSync(join(root, 'backups', `.in-use.${V2}.x.json`), '{');
  expect([...(await findHolds(deps)).inUse.keys()]).toEqual([]);
  const nowhere = openArtifactStore(join(root, 'nowhere'));
  expect(await whileInUse(nowhere, [V2], 'verify', async () => 7)).toBe(7);
  const work = jest.fn();
  const alone = whileInUse(nowhere, [V2], 'unarchive', work, { demanded: true });
  await expect(alone).rejects.toMatchObject({ code: 'ARTIFACT_WRITE_FAILED' });
  expect(work).not.toHaveBeenCalled();
  rmSync(join(root, 'backups', `.in-use.${V2}.x.json`));
});

test('a drill, a verification and a comparison mark what they read', async () => {
  const seen: string[] = [];
  const spy = (store: ArtifactStore) => {
    const { markUse } = store;
    store.markUse = async (use) => {
      seen.push(`${use.kind} ${use.versionId}`);
      await markUse(use);
    };
    return store;
  };
  deps.artifacts = spy({ ...artifacts });
  await within(() => createDrillActivities(deps).drill({ versionId: V2, base: 'theirs' })).catch(() => undefined);
  expect(seen).toEqual([]);
  // Without vectors and graph it comes to nothing, but not before it is marked.
  await within(() => createDrillActivities(deps).drill({ versionId: V2, base: 'test' })).catch(() => undefined);
  expect(seen).toEqual([`drill ${V2}`]);
  const put = jest.spyOn(UseMarks.prototype, 'markUse');
  const env = {
    NEO4J_PASSWORD: 'x',
    HYBRIDFLOW_BACKUPS: join(root, 'backups'),
    HYBRIDFLOW_METADATA_DB: join(root, 'metadata.db'),
  };
  const world = { stdout: { write: () => true }, stderr: { write: () => true }, env, cwd: root };
  await runProgram(['compare', V2, V3], world);
  await runProgram(['verify', V3, '--no-qdrant', '--no-record'], world);
  expect(put.mock.calls.map(([{ kind, versionId }]) => `${kind} ${versionId}`)).toEqual([
    ...[`compare ${V2}`, `compare ${V3}`, `verify ${V3}`],
  ]);
  expect(marks()).toEqual([]);
});
