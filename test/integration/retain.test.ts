import { randomUUID } from 'node:crypto';
import { mkdirSync, utimesSync, rmSync, writeFileSync } from 'node:fs';
import { loadSettings } from '../../config/load';
import type { RetentionPlanView } from '../../client/render/retention';
import { REHEARSAL_PREFIX, retentionScheduleId, TASK_QUEUE } from '../../domain/names';
import type { WindowApplied } from '../../domain/retention';
import { versionLabel } from '../../domain/version-id';
import type { ActivityDeps } from '../../activities';
import type { ScheduleView } from '../../client/schedules';
import { TestBase } from '../support/base';
import { hfv, killChildren } from '../support/children';
import { fingerprint } from '../support/fingerprint';
import { connectLive, type Live } from '../support/live';
import { registerAs } from '../support/registered';
import { sealVersion } from '../support/sealed';
import { until } from '../support/until';

jest.setTimeout(240_000);

const VERSIONS = [1, 2, 3, 4, 5, 6, 7, 8].map((n) => `v${n}_${n === 1 ? 'baseline' : 'minor'}_20260101_00000${n}`);
const [V1 = '', V2 = '', V3 = '', V4 = '', V5 = '', V6 = '', V7 = '', V8 = ''] = VERSIONS;
const DEAD_RUN = randomUUID();

let live: Live;
let base: TestBase;
let deps: ActivityDeps;

/** Four committed versions of one small base, with their labels, and what a killed run might have left. */
beforeAll(async () => {
  live = await connectLive();
  base = await TestBase.make({ paragraphs: 120 });
  base.settings.retention = { keep: 2, emergencyKeep: 1, archiveDays: 90, graceMinutes: 60 };
  deps = live.open(base.settings);
  deps.metadata.createTables({ notAfter: Number.MAX_SAFE_INTEGER });
  for (const versionId of [V1, V2, V3, V4]) {
    await add(versionId, versionId === V2 ? DEAD_RUN : versionId);
  }
  base.sql(`UPDATE version_registry SET updated_at = datetime('now', '-2 days')`);
});
afterAll(async () => {
  await killChildren();
  const gone = () => undefined;
  await live?.client.schedule.getHandle(retentionScheduleId(base?.settings.base)).delete().catch(gone);
  await live?.close().finally(() => base?.close());
});

async function json<T>(...args: string[]): Promise<{ code: number | null; value: T }> {
  const child = hfv(live.stack.root, ['--base', base.settings.base, ...args, '--json']);
  const { code, stdout, stderr } = await child.ended;
  if (stdout.trim() === '') throw new Error(`nothing on stdout; on stderr: ${stderr}`);
  return { code, value: JSON.parse(stdout) as T };
}
const labelled = (versionId: string) => base.count(`MATCH (p:${versionLabel(versionId)}) RETURN count(p)`);
const statuses = () =>
  base.sql<{ status: string }>('SELECT status FROM version_registry ORDER BY id').map(({ status }) => status);

test('a dry run says what would leave, and changes nothing, with Temporal down too', async () => {
  const before = base.backups();
  const { code, value } = await json<RetentionPlanView>('retain', '--dry-run');
  expect([code, value.dryRun, value.schedule, value.notes]).toEqual([0, true, null, []]);
  // The command line reads its own settings: with five to keep, nothing is to leave.
  expect([value.plan.archive, value.plan.keep.length, value.leftovers]).toEqual([[], 4, []]);
  const emergency = await json<RetentionPlanView>(
    '--temporal-address',
    '127.0.0.1:9',
    'retain',
    '--dry-run',
    '--emergency',
  );
  expect([emergency.code, emergency.value.schedule, emergency.value.plan.delete]).toEqual([0, undefined, []]);
  expect(emergency.value.notes.join()).toContain('Temporal was not asked');
  expect(base.backups()).toEqual(before);
  expect(statuses()).toEqual(Array(4).fill('committed'));
});

test('a pin is set and shown, of a registered version only', async () => {
  expect(await json('pin', V2, '--reason', 'the release', '--by', 'me')).toMatchObject({
    code: 0,
    value: { pin: { versionId: V2, reason: 'the release', by: 'me' } },
  });
  expect((await json('pin', 'latest-copy', '--reason', 'x')).code).toBe(7);
  const { value } = await json<RetentionPlanView>('retain', '--dry-run');
  expect(value.plan.keep.find(({ versionId }) => versionId === V2)).toMatchObject({ rule: 'pinned' });
  expect(await json('unpin', V2)).toMatchObject({ code: 0, value: { removed: true } });
});

test('what is beyond the window is archived, unlabelled and logged; what killed runs left is swept', async () => {
  await leave();
  const worker = await live.work(base.settings, TASK_QUEUE);
  try {
    const { code, value } = await json<WindowApplied>('retain', '--yes');
    expect([code, value.warnings]).toEqual([0, []]);
    expect(value.archived).toEqual([V2]);
    expect(value.freedBytes).toBeGreaterThan(0);
    expect(value.leftovers.swept.map(({ kind }) => kind).sort()).toEqual(
      ['building', 'rehearsal collection', 'staging data', 'staging data', 'temporary'].sort(),
    );
    expect(value.leftovers.reported.map(({ kind }) => kind).sort()).toEqual(['rehearsal collection', 'snapshot']);
  } finally {
    await worker.stop();
  }
  expect(statuses()).toEqual(['committed', 'archived', 'committed', 'committed']);
  expect([await labelled(V1), await labelled(V2), await labelled(V3), await labelled(V4)]).toEqual([120, 0, 120, 120]);
  expect(await deps.artifacts.verifyArchived(V2)).toMatchObject({ intact: true, problems: [] });
  expect(base.backups().filter((path) => path.startsWith('.'))).toEqual([]);
  expect(await base.collections()).toEqual([`${REHEARSAL_PREFIX}${'0'.repeat(8)}_stranger`, 'textbook_chunks']);
  expect(await base.count('MATCH (n:staging) RETURN count(n)')).toBe(0);
  expect(base.sql(`SELECT version_id, status FROM operation_log WHERE operation_type = 'retention'`)).toEqual([
    { version_id: null, status: 'success' },
  ]);
});

test('the schedule is made, shown, run to its end and removed', async () => {
  const scheduleId = retentionScheduleId(base.settings.base);
  expect(await json('retain', 'schedule', '--every', '12h')).toMatchObject({
    code: 0,
    value: { schedule: { scheduleId, everySeconds: 43_200 } },
  });
  const { value } = await json<{ schedule: ScheduleView }>('retain', '--dry-run');
  expect(value.schedule).toMatchObject({ everySeconds: 43_200, paused: false });
  // One version more than the window holds, and one that has been in the archive for long.
  await add(V5);
  base.sql(`UPDATE version_registry SET updated_at = datetime('now', '-91 days') WHERE version_id = '${V2}'`);
  const worker = await live.work(base.settings, TASK_QUEUE);
  try {
    expect(await triggered(scheduleId)).toMatchObject({
      ...{ base: base.settings.base, emergency: false, startedBy: 'schedule' },
      ...{ archived: [V3], deleted: [V2], warnings: [] },
    });
  } finally {
    await worker.stop();
  }
  expect(statuses()).toEqual(['committed', 'archived', 'archived', 'committed', 'committed']);
  expect(await places()).toEqual([`${V1} beside`, `${V3} archive`, `${V4} beside`, `${V5} beside`]);
  expect([await labelled(V3), await labelled(V4)]).toEqual([0, 120]);
  expect(await json('retain', 'unschedule')).toMatchObject({ code: 0, value: { removed: true } });
});

test('in an emergency all but three go at once, from the archive too, and as it was foretold', async () => {
  for (const versionId of [V6, V7, V8]) await add(versionId);
  const before = await fingerprint(base);
  const { value: plan } = await json<RetentionPlanView>('retain', '--dry-run', '--emergency');
  expect(plan.plan.delete.map(({ versionId }) => versionId)).toEqual([V3, V4, V5]);
  expect(await places()).toHaveLength(7);
  const { retention } = loadSettings({ env: { HYBRIDFLOW_STACK_ENV: live.stack.envFile } });
  const worker = await live.work({ ...base.settings, retention }, TASK_QUEUE);
  try {
    const { code, value } = await json<WindowApplied>('retain', '--emergency', '--yes');
    expect([code, value.emergency, value.warnings]).toEqual([0, true, []]);
    expect([value.deleted, value.archived]).toEqual([[V3, V4, V5], []]);
    expect(value.freedBytes).toBe(plan.plan.freesBytes);
  } finally {
    await worker.stop();
  }
  expect(await places()).toEqual([V1, V6, V7, V8].map((versionId) => `${versionId} beside`));
  const labels = await Promise.all([V1, V3, V4, V5, V6, V7, V8].map(labelled));
  expect(labels).toEqual([120, 0, 0, 0, 120, 120, 120]);
  for (const versionId of [V1, V6, V7, V8]) {
    expect(await json('verify', versionId)).toMatchObject({ code: 0 });
  }
  // Production itself is none of what is tidied up.
  const { sqlite, qdrant } = await fingerprint(base);
  expect([sqlite, qdrant]).toEqual([before.sqlite, before.qdrant]);
  expect((await json<RetentionPlanView>('retain', '--dry-run', '--emergency')).value.plan.delete).toEqual([]);
});

/** Where each version's files are. */
const places = async () =>
  (await deps.artifacts.listVersions()).map(({ versionId, place }) => `${versionId} ${place}`).sort();

/** Has the schedule run now, and waits for what it started. */
async function triggered(scheduleId: string): Promise<WindowApplied> {
  const schedule = live.client.schedule.getHandle(scheduleId);
  await schedule.trigger();
  const { info } = await until(
    'the run that the schedule started',
    () => schedule.describe(),
    ({ info: { recentActions } }) => recentActions.length > 0,
  );
  const action = info.recentActions[0]?.action;
  const { workflowId = '' } = action?.type === 'startWorkflow' ? action.workflow : {};
  expect(workflowId.startsWith(`${scheduleId}-`)).toBe(true);
  return live.client.workflow.getHandle<() => Promise<WindowApplied>>(workflowId).result();
}

/** Commits a version of its own, with its labels. */
async function add(versionId: string, runId = versionId): Promise<void> {
  registerAs(deps.metadata, versionId, 'committed', runId);
  // Each version takes a latest-copy of its own, as each commit does.
  rmSync(base.backup('latest-copy'), { recursive: true, force: true });
  await sealVersion(deps, versionId);
  await base.cypher(`MATCH (p:Paragraph) SET p:${versionLabel(versionId)}`);
}

/** As a run that was killed two hours ago leaves things; and what others have put beside it. */
async function leave(): Promise<void> {
  const [building, temporary] = [`.latest-copy.${DEAD_RUN}`, '.claim.0123456789ab.tmp'];
  mkdirSync(base.backup(building));
  writeFileSync(base.backup(building, 'metadata.db'), 'half');
  writeFileSync(base.backup(temporary), '{');
  const then = new Date(Date.now() - 2 * 3_600_000);
  for (const path of [base.backup(building, 'metadata.db'), base.backup(building), base.backup(temporary)]) {
    utimesSync(path, then, then);
  }
  const collection = { vectors: { size: 4, distance: 'Cosine' } };
  for (const name of [
    `${REHEARSAL_PREFIX}${DEAD_RUN}_qdrant_1`,
    `${REHEARSAL_PREFIX}${'0'.repeat(8)}_stranger`,
    'textbook_chunks_staging',
  ]) {
    await base.qdrant('PUT', `/collections/${name}`, collection);
  }
  await base.qdrant('POST', '/collections/textbook_chunks/snapshots?wait=true');
  await base.cypher('CREATE (:StagedChapter:staging {id: "x"})');
}
