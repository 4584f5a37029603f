import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import type { World } from '../../../client/context';
import { runProgram } from '../../../client/program';
import {
  renderApplied,
  renderRetentionPlan,
  retentionScheduleText,
  type RetentionPlanView,
} from '../../../client/render/retention';
import type { ScheduleView } from '../../../client/schedules';
import type { Session } from '../../../client/temporal';
import type { Leftover } from '../../../domain/leftovers';
import { HybridFlowError } from '../../../domain/errors';
import type { WindowApplied } from '../../../domain/retention';
import { windowMarkdown } from '../../../domain/window-markdown';
import { openArtifactStore } from '../../../stores/artifacts';
import { openMetadataStore } from '../../../stores/sqlite';
import { registerAs } from '../../support/registered';
import { sealFiles } from '../../support/sealed-files';
import { ANSI, fakeWorld, painted, plain } from './support';

const idOf = (number: number) =>
  number === 1 ? 'v1_baseline_20260101_000001' : `v${number}_minor_20260101_00000${number}`;

const schedule: ScheduleView = {
  ...{ scheduleId: 's', everySeconds: 86_400, paused: false, note: null, nextAt: 'T1', skipped: 0 },
};
const leftover: Leftover = {
  ...{ kind: 'snapshot', where: 'qdrant', name: 'c.snapshot', bytes: 2_000_000, since: 'T0', ownerRunId: null },
  ...{ run: 'stranger', verdict: 'report', reason: 'whoever took it cannot be known' },
};
const item = {
  versionId: idOf(2),
  rule: 'beyond the window',
  reason: 'older than the newest 5',
  bytes: 3_000,
  sharedBytes: 0,
} as const;
const plan: RetentionPlanView = {
  base: 'kb',
  dryRun: true,
  plan: {
    ...{ emergency: false, archive: [item], delete: [], freesBytes: 0, archivesBytes: 3_000 },
    keep: [
      { ...item, versionId: idOf(1), rule: 'baseline', reason: 'the baseline is never removed', sharedBytes: 1_000 },
    ],
  },
  leftovers: [leftover],
  schedule,
  notes: ['Neo4j was not looked into: down'],
};
const applied: WindowApplied = {
  ...{ base: 'kb', emergency: true, startedBy: 'me', archived: [idOf(2)], deleted: [idOf(3)], kept: plan.plan.keep },
  left: [
    { versionId: idOf(3), state: 'deleted', reason: 'space', bytes: 5_000, storedBytes: 0, freedBytes: 5_000 },
    { versionId: idOf(2), state: 'archived', reason: 'old', bytes: 3_000, storedBytes: 1_000, freedBytes: -6_000 },
    { versionId: idOf(4), state: 'kept', reason: 'one byte is not right', bytes: 0, storedBytes: 0, freedBytes: 0 },
  ],
  leftovers: { swept: [], reported: [leftover], counts: { swept: 3, waiting: 1, reported: 1 }, notes: ['n'] },
  freedBytes: -1_000,
  warnings: ['v4 stays'],
};

describe('what would leave', () => {
  test('is told with sizes and reasons, and what is left of whom', () => {
    const text = renderRetentionPlan(plan, plain);
    expect(text).toContain('kb 1 version archived (3 kB before compression)');
    expect(text).toMatch(/archive +v2_minor\S+ +3 kB +older than the newest 5/);
    expect(text).toMatch(/keep +v1_baseline\S+ +3 kB, 1 kB shared +the baseline is never removed/);
    expect(text).toMatch(/look at +snapshot in qdrant +c\.snapshot +2 MB +T0 +whoever took it/);
    expect(text).toContain('applied every 1 d, next at T1');
    expect(text).toContain('note Neo4j was not looked into: down');
    expect(text).not.toContain(ANSI);
    expect(renderRetentionPlan(plan, painted)).toContain(ANSI);
  });

  test('is nothing, where nothing is', () => {
    const none = { emergency: false, archive: [], delete: [], keep: [], freesBytes: 0, archivesBytes: 0 };
    const text = renderRetentionPlan({ ...plan, plan: none, leftovers: [], schedule: null, notes: [] }, plain);
    expect(text).toMatch(/kb no version is to leave\n +no version has files yet/);
    expect(text).toContain('not applied by schedule (`hfv retain schedule`)');
    expect(renderRetentionPlan({ ...plan, schedule: undefined }, plain)).toContain('is not known');
  });
});

test('what has left is told with what it was and what it takes now', () => {
  const text = renderApplied(applied, null, plain);
  expect(text).toContain('kb 2 versions left the window, -1 kB freed (emergency)');
  expect(text).toMatch(/deleted +v3_minor\S+ +5 kB +space/);
  expect(text).toMatch(/archived +v2_minor\S+ +3 kB -> 1 kB +old/);
  expect(text).toMatch(/left as it is +v4_minor\S+ +one byte is not right/);
  expect(text).toContain('3 leftovers swept, 1 not yet, 1 to be looked at');
  expect(text).toContain('warning v4 stays');
  const markdown = windowMarkdown(applied);
  expect(markdown).toContain(`- archived \`${idOf(2)}\`: old`);
  expect(markdown).toContain('- 3 leftovers swept, 1 not yet, 1 to be looked at');
});

test('the schedule is one sentence', () => {
  const paused = { ...schedule, everySeconds: 90, paused: true, note: 'night', skipped: 2 };
  expect(retentionScheduleText(paused)).toBe(
    'applied every 90 s, PAUSED (night), 2 skipped because the one before had not ended',
  );
});

describe('hfv retain', () => {
  let cwd: string;
  beforeEach(async () => {
    cwd = mkdtempSync(join(tmpdir(), 'hfv-retain-'));
    new Database(join(cwd, 'metadata.db')).exec('CREATE TABLE chapter_metadata (textbook_id, chapter_number)').close();
    const store = openMetadataStore(join(cwd, 'metadata.db'));
    store.createTables({ notAfter: Number.MAX_SAFE_INTEGER });
    for (let number = 1; number <= 7; number += 1) {
      registerAs(store, idOf(number), 'committed', `r${number}`);
      await sealFiles(openArtifactStore(join(cwd, 'backups')), idOf(number));
    }
    store.close();
  });
  afterEach(() => {
    rmSync(cwd, { recursive: true, force: true });
  });

  const down: World['connect'] = () =>
    Promise.reject(new HybridFlowError('TEMPORAL_UNREACHABLE', { found: 'nobody there' }));
  const env = { QDRANT_URL: 'http://127.0.0.1:9', NEO4J_URI: 'bolt://127.0.0.1:9', NEO4J_PASSWORD: 'x' };
  const tree = () =>
    readdirSync(cwd, { recursive: true, encoding: 'utf8' }).filter((name) => !/-(wal|shm)$/.test(name));

  test('--dry-run tells with every service down, and changes nothing', async () => {
    const world = fakeWorld({ cwd, env, connect: down });
    const before = tree();
    expect(await runProgram(['retain', '--dry-run', '--json'], world)).toBe(0);
    const view = JSON.parse(world.printed.stdout) as RetentionPlanView;
    expect(view.plan.archive.map(({ versionId }) => versionId)).toEqual([idOf(2)]);
    expect(view.plan.keep).toHaveLength(6);
    expect(view.notes.map((note) => note.split(' was')[0])).toEqual(['Qdrant', 'Neo4j', 'Temporal']);
    expect(tree().sort()).toEqual(before.sort());
  });

  test('--emergency tells of another window', async () => {
    const world = fakeWorld({ cwd, env, connect: down });
    expect(await runProgram(['retain', '--dry-run', '--emergency', '--json'], world)).toBe(0);
    const { plan: told } = JSON.parse(world.printed.stdout) as RetentionPlanView;
    expect(told.delete.map(({ versionId }) => versionId)).toEqual([2, 3, 4].map(idOf));
    expect(told.freesBytes).toBeGreaterThan(0);
  });

  test('without it nothing goes on where Temporal is down', async () => {
    for (const argv of [[], ['schedule'], ['unschedule']]) {
      expect(await runProgram(['retain', ...argv], fakeWorld({ cwd, env, connect: down }))).toBe(8);
    }
  });

  test('starts it, waits for its end, and hands on what was asked', async () => {
    const started: unknown[] = [];
    const handle = { result: async () => applied };
    const session = {
      client: {
        workflow: {
          start: async (type: string, options: object) => (started.push(type, options), { firstExecutionRunId: 'r' }),
          getHandle: () => handle,
        },
        schedule: { getHandle: () => ({ describe: () => Promise.reject(new Error('not asked')) }) },
      },
      uiLink: () => null,
      explain: (error: unknown) => error,
      close: async () => undefined,
    } as unknown as Session;
    const world = fakeWorld({ cwd, env, connect: async () => session });
    expect(await runProgram(['retain', '--emergency', '--by', 'me', '--json'], world)).toBe(0);
    // Even where the schedule cannot be asked after, what was done is told.
    expect(JSON.parse(world.printed.stdout)).toMatchObject({ ...applied, runId: 'r' });
    expect(started).toMatchObject([
      'applyRetention',
      {
        workflowId: 'hybridflow/hybridflow/retention',
        args: [{ base: 'hybridflow', emergency: true, startedBy: 'me' }],
      },
    ]);
  });
});
