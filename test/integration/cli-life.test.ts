import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { PublishOutcome } from '../../domain/publish';
import type { RestoreOutcome, RestorePlan } from '../../domain/restore';
import type { RunReport } from '../../domain/report';
import type { RollbackRecord } from '../../domain/rollback';
import type { ReadyAnswer, StagingView } from '../../domain/staging';
import type { VersionComparison } from '../../domain/compare';
import type { DoctorReport } from '../../inspection/doctor';
import type { World } from '../../client/context';
import { runProgram } from '../../client/program';
import type { ErrorView } from '../../client/render/error';
import type { VersionView } from '../../client/version-views';
import { changeWorkflowId, TASK_QUEUE } from '../../domain/names';
import { TestBase } from '../support/base';
import { hfv, killChildren, script } from '../support/children';
import { connectLive, type Live } from '../support/live';
import { registerBaseline } from '../support/publishing';
import { until } from '../support/until';

jest.setTimeout(240_000);

const PARAGRAPHS = 300;

let live: Live;
let base: TestBase;
let folder: string;
let baseline: string;
let version = '';
let chapters: string[];
/** The chapter that the example takes out. */
let removed = '';

beforeAll(async () => {
  live = await connectLive();
  base = await TestBase.make({ paragraphs: PARAGRAPHS });
  folder = mkdtempSync(join(tmpdir(), 'hfv-life-'));
  const worker = hfv(live.stack.root, ['--base', base.settings.base, 'worker']);
  await worker.says('worker is ready');
  baseline = await registerBaseline(live, TASK_QUEUE);
  chapters = base
    .sql<{ id: string }>(`SELECT textbook_id || ':ch' || chapter_number AS id FROM chapter_metadata ORDER BY id`)
    .map(({ id }) => id);
  removed = chapters.at(-1) ?? '';
});
afterEach(async () => {
  // What a test that failed has left open would fail the next one.
  const left = live.client.workflow.getHandle(changeWorkflowId(base.settings.base));
  await left
    .signal('cancel')
    .then(() => left.result())
    .catch(() => undefined);
});
afterAll(async () => {
  await killChildren();
  await live?.close().finally(() => base?.close());
  if (folder) rmSync(folder, { recursive: true, force: true });
});

interface Ran {
  code: number | null;
  stdout: string;
  stderr: string;
}

const typed = (args: readonly string[]) => ['--base', base.settings.base, ...args];

/** As a person types it: what it says, and its exit code. */
const run = (...args: string[]): Promise<Ran> => hfv(live.stack.root, typed(args)).ended;

/** The same command line without a process of its own, which is the most of what a quick command takes. */
async function look(...args: string[]): Promise<Ran> {
  const written = { stdout: '', stderr: '' };
  const stream = (name: keyof typeof written) => ({ write: (text: string) => void (written[name] += text) });
  const world: World = {
    ...{ stdout: stream('stdout'), stderr: stream('stderr'), cwd: live.stack.root },
    env: { HYBRIDFLOW_STACK_ENV: live.stack.envFile },
  };
  return { code: await runProgram(typed(args), world), ...written };
}

/** As a script asks: the exit code, and the one object on stdout. */
async function json<T = object>(how: typeof run, ...args: string[]): Promise<{ code: number | null; value: T }> {
  const { code, stdout } = await how(...args, '--json');
  expect(stdout.trim().split('\n')).toHaveLength(1);
  const value = JSON.parse(stdout) as T;
  expect(typeof value === 'object' && value !== null && !Array.isArray(value)).toBe(true);
  return { code, value };
}

/** The example, as docs/staging.md runs it. */
async function ingest(): Promise<string> {
  const args = [join('examples', 'ingestion', 'chapters.json'), '--remove', removed];
  const { code, stdout, stderr } = await script('examples/ingestion/ingest.ts', args, {
    HYBRIDFLOW_STACK_ENV: live.stack.envFile,
  }).ended;
  expect([code, stderr]).toEqual([0, '']);
  return stdout.trim();
}

interface Staged {
  versionId: string;
  staging: StagingView;
  attached: boolean;
  workflowId: string;
  runId: string;
}

/** The few chapters of a small corpus are all near to every query. */
const stage = (...flags: string[]) => json<Staged>(run, 'stage', '--minimum-overlap', '0', ...flags);

/** Production holds what the baseline does, whatever is staged beside it. */
const expectBaseline = async () =>
  expect(await look('compare', 'baseline', 'production', '--exit-code')).toMatchObject({ code: 0 });

/** As somebody's bug would: its point is there, and its paragraph is not. */
const loseParagraph = () => base.cypher(`MATCH (p:StagedParagraph {chunk_id: 'bailey:ch93:1.2'}) DETACH DELETE p`);

test('a version is staged, ingested, compared, refused, and cancelled', async () => {
  const opened = await stage('--kind', 'minor', '--notes', 'second edition');
  const { versionId } = opened.value;
  expect(opened).toMatchObject({
    code: 0,
    value: { attached: false, staging: { stage: 'open', kind: 'minor', from: 'production', requireApproval: false } },
  });
  const again = await json<ErrorView>(run, 'stage');
  expect([again.code, again.value.error.code]).toEqual([6, 'BASE_BUSY']);
  expect(again.value.error.next).toContain('hfv stage --attach');
  expect(await json(run, 'stage', '--attach')).toMatchObject({ code: 0, value: { attached: true, versionId } });

  expect(await ingest()).toBe(`staged 2 chapters, removed 1; staging now has ${chapters.length} chapters`);
  await expectBaseline();
  const { code, value } = await json<VersionComparison>(look, 'compare', 'production', 'staging');
  const seen = value.stores.map((of) => of.chapters.list.map(({ chapter, change }) => [chapter, change]));
  const expected = [
    ['bailey:ch1', 'changed'],
    ['bailey:ch93', 'added'],
    [removed, 'removed'],
  ];
  expect([code, ...seen]).toEqual([0, expected, expected, expected]);
  const page = join(folder, 'review.html');
  expect(await look('compare', 'production', 'staging', '--html', page)).toMatchObject({ code: 0 });
  expect(readFileSync(page, 'utf8')).toContain('bailey:ch93');

  await loseParagraph();
  const refused = await json<ReadyAnswer>(run, 'ready');
  expect([refused.code, refused.value.accepted]).toEqual([5, false]);
  expect(refused.value.failed.join()).toMatch(/1 only in Qdrant/);
  // Its own end, and not the refusal of before.
  const cancelled = await run('cancel', '--yes', '--reason', 'wrong file');
  expect([cancelled.code, cancelled.stdout]).toEqual([0, expect.stringContaining(`Cancelled ${versionId}`)]);
  expect(cancelled.stdout).not.toContain('staging stays open');
  await expectBaseline();
});

test('another one is refused, mended, approved and promoted', async () => {
  const { value: opened } = await stage('--require-approval', '--by', 'ann', '--notes', 'second edition');
  version = opened.versionId;
  await ingest();
  await loseParagraph();
  const refused = await run('ready');
  expect([refused.code, refused.stdout]).toEqual([5, expect.stringContaining('staging stays open')]);
  expect(refused.stdout).toContain('only in Qdrant: bailey:ch93:1.2');
  await ingest();
  const ready = await run('ready');
  expect([ready.code, ready.stdout]).toEqual([
    0,
    expect.stringMatching(/`hfv compare production staging`, then `hfv approve`/),
  ]);
  const unapproved = await json<ErrorView>(run, 'commit');
  expect([unapproved.code, unapproved.value.error.code]).toEqual([7, 'NOT_STAGING']);
  expect(unapproved.value.error.next).toContain('hfv approve');
  const waiting = await until(
    'the staging that waits',
    () => json<DoctorReport>(look, 'doctor'),
    ({ value }) => value.verdict === 'a staging waits for approval',
  );
  expect([waiting.code, waiting.value.command]).toEqual([6, 'hfv compare production staging']);
  const extended = await json<{ staging: StagingView }>(run, 'extend', '--minutes', '60');
  expect(extended).toMatchObject({ code: 0, value: { staging: { stage: 'waiting for approval' } } });
  expect(Date.parse(extended.value.staging.deadline ?? '')).toBeLessThan(Date.now() + 61 * 60_000);
  const status = await json(look, 'status');
  expect(status).toMatchObject({
    code: 0,
    value: { change: { status: 'RUNNING', type: 'publishVersion' }, progress: { versionId: version } },
  });

  const approved = await json<PublishOutcome>(run, 'approve', '--by', 'ben');
  const delta = { added: ['bailey:ch93'], changed: ['bailey:ch1'], removed: [removed] };
  expect(approved).toMatchObject({
    code: 0,
    value: {
      ...{ outcome: 'committed', versionId: version, proven: true },
      delta: { sqlite: delta, qdrant: delta, neo4j: delta },
    },
  });
  const watched = await run('watch');
  expect([watched.code, watched.stdout]).toEqual([0, expect.stringContaining(`Committed ${version}`)]);
});

test('the version is looked at, noted, pinned, verified and drilled', async () => {
  expect(await json(run, 'notes', 'current', 'made by a test')).toEqual({
    code: 0,
    value: { versionId: version, notes: 'made by a test' },
  });
  expect(await json(look, 'pin', version, '--reason', 'audit')).toMatchObject({
    code: 0,
    value: { pin: { reason: 'audit' } },
  });
  expect(await json(run, 'verify', version)).toMatchObject({ code: 0, value: { passed: true, problems: [] } });
  expect(await json(run, 'drill', version)).toMatchObject({ code: 0, value: { drill: { passed: true } } });
  const listed = await json<{ versions: VersionView[] }>(look, 'versions');
  expect(listed.value.versions.find(({ current }) => current)).toMatchObject({
    ...{ versionId: version, status: 'committed', notes: 'made by a test', committedBy: 'ann' },
    ...{ pin: { reason: 'audit' }, lastVerified: { passed: true }, lastDrill: { passed: true } },
  });
  const table = await run('versions');
  expect(table.stdout).toMatch(new RegExp(`^\\* +${version} +committed`, 'm'));
  expect(await json(look, 'unpin', version)).toMatchObject({ code: 0, value: { removed: true } });
  expect(await json(look, 'show', 'current')).toMatchObject({
    code: 0,
    value: { name: version, current: true, pin: null },
  });
  expect(await json(look, 'stats')).toMatchObject({
    code: 0,
    value: { versions: [{ versionId: baseline }, { versionId: version }] },
  });
  expect((await json<RunReport>(look, 'report', version)).value).toMatchObject({
    versionId: version,
    approvedBy: 'ben',
  });
  expect(await json(look, 'retain', '--dry-run')).toMatchObject({ code: 0 });
  expect(await json(look, 'doctor')).toMatchObject({
    code: 0,
    value: { verdict: 'quiet', current: { versionId: version } },
  });
});

test('the baseline is restored, and one store of the version alone', async () => {
  const planned = await json<RestorePlan>(look, 'restore', 'baseline', '--dry-run');
  const back = { added: 1, changed: 1, removed: 1 };
  expect([planned.code, ...planned.value.changes.map(({ chapters: of }) => of)]).toEqual([0, back, back, back]);
  // Nobody is there to be asked.
  const unasked = await json<ErrorView>(run, 'restore', 'baseline');
  expect([unasked.code, unasked.value.error.next]).toEqual([2, expect.stringContaining('--yes')]);
  const restored = await json<RestoreOutcome>(run, 'restore', 'baseline', '--yes', '--reason', 'tutorial');
  expect(restored).toMatchObject({ code: 0, value: { outcome: 'restored', versionId: baseline, proven: true } });
  await expectBaseline();

  const drift = await json<RestorePlan>(look, 'restore', version, '--store', 'qdrant', '--dry-run');
  expect([drift.code, drift.value.drift?.chapters]).toEqual([0, 3]);
  const partly = await json<RestoreOutcome>(run, 'restore', version, '--store', 'qdrant', '--yes');
  expect(partly).toMatchObject({ code: 0, value: { stores: ['qdrant'], proven: true } });
  const told = await json<DoctorReport>(look, 'doctor');
  expect([told.code, told.value.verdict]).toEqual([5, 'production differs']);
  expect(await json(run, 'restore', 'baseline', '--store', 'qdrant', '--yes')).toMatchObject({ code: 0 });
  await expectBaseline();
});

test('a staging is rolled back: by its run, and where that was ended from outside', async () => {
  const { value: open } = await stage();
  const back = await json<{ rollback: RollbackRecord }>(run, 'rollback', '--yes', '--reason', 'second thoughts');
  expect(back).toMatchObject({ code: 0, value: { rollback: { versionId: open.versionId, proven: true, left: [] } } });

  const { value } = await stage();
  await ingest();
  await live.client.workflow.getHandle(value.workflowId, value.runId).terminate('by a test');
  const found = await json<DoctorReport>(look, 'doctor');
  expect([found.code, found.value.command]).toEqual([4, 'hfv rollback --continue']);
  const watched = await json<ErrorView>(look, 'watch');
  expect([watched.code, watched.value.error.next]).toEqual([4, expect.stringContaining('hfv rollback --continue')]);
  const continued = await run('rollback', '--continue');
  expect([continued.code, continued.stdout]).toEqual([0, expect.stringContaining(`Rolled back ${value.versionId}`)]);
  const nothing = await json<ErrorView>(run, 'rollback', '--continue');
  expect([nothing.code, nothing.value.error.code]).toEqual([7, 'NOT_RUNNING']);
  expect((await look('doctor')).code).toBe(0);
  await expectBaseline();
});

test('where production was written to from outside nothing is staged before it is put back', async () => {
  await base.cypher(`MATCH (p:Paragraph) WITH p ORDER BY p.chunk_id LIMIT 1 SET p.text = 'by hand'`);
  const refused = await json<ErrorView>(run, 'stage');
  expect([refused.code, refused.value.error.code]).toEqual([5, 'CHECK_FAILED']);
  expect(refused.value.error.next).toContain('hfv restore latest-copy');
  expect(await look('compare', 'latest-copy', 'production', '--exit-code')).toMatchObject({ code: 5 });
  expect(await json(run, 'restore', 'latest-copy', '--yes')).toMatchObject({ code: 0, value: { proven: true } });
  await expectBaseline();
  expect((await look('doctor')).code).toBe(0);
});
