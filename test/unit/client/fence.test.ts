import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { waitUntilFree } from '../../../client/commands/fence';
import { runProgram } from '../../../client/program';
import type { ErrorView } from '../../../client/render/error';
import { renderFence, type FenceView } from '../../../client/render/fence';
import { HybridFlowError } from '../../../domain/errors';
import { openArtifactStore } from '../../../stores/artifacts';
import { openMetadataStore } from '../../../stores/sqlite';
import { fakeWorld, plain } from './support';

const LEASE = { notAfter: Number.MAX_SAFE_INTEGER };
const CLAIM = {
  base: 'hybridflow',
  workflowId: 'w',
  runId: 'r',
  versionId: 'v1',
  label: 'v1_baseline',
  claimedAt: 'then',
};

let cwd: string;

beforeEach(() => {
  cwd = mkdtempSync(join(tmpdir(), 'hfv-fence-'));
  new Database(join(cwd, 'metadata.db')).exec('CREATE TABLE chapter_metadata (textbook_id, chapter_number)').close();
});

afterEach(() => {
  rmSync(cwd, { recursive: true, force: true });
});

/** Nothing but the two files may be asked: neither Temporal nor another store. */
async function fence(...argv: string[]): Promise<{ exit: number; view: FenceView; stdout: string }> {
  const world = fakeWorld({ cwd, connect: () => Promise.reject(new Error('Temporal is not asked')) });
  const exit = await runProgram(['fence', ...argv], world);
  const { stdout } = world.printed;
  return { exit, stdout, view: (argv.includes('--json') ? JSON.parse(stdout) : undefined) as FenceView };
}

function hold(expiresAt = '2999-01-01T00:00:00.000Z'): void {
  const store = openMetadataStore(join(cwd, 'metadata.db'));
  store.createTables(LEASE);
  const at = { acquiredAt: '2026-01-01T00:00:00.000Z', expiresAt };
  store.fence.hold({ owner: 'registerBaseline v1', workflowId: 'w', runId: 'r', reason: 'because', ...at }, LEASE);
}

test('nobody holds it: check, show and wait are 0', async () => {
  for (const action of ['check', 'show', 'wait']) {
    const { exit, view } = await fence(action, '--json');
    expect([exit, view]).toEqual([0, { base: 'hybridflow', state: 'free', fence: null, claim: null }]);
  }
  expect((await fence()).stdout).toContain('hybridflow is free');
});

test('the row in metadata.db: check is 6, show is 0, both say by whom, why and until when', async () => {
  hold();
  const check = await fence('check', '--json');
  expect(check).toMatchObject({
    exit: 6,
    view: { state: 'held', fence: { owner: 'registerBaseline v1' }, claim: null },
  });
  const { exit, stdout } = await fence('show');
  expect(exit).toBe(0);
  for (const told of ['held', 'registerBaseline v1', 'because', '2999-01-01T00:00:00.000Z'])
    expect(stdout).toContain(told);
});

test('a row that has expired holds nobody', async () => {
  hold('2026-01-01T00:00:00.000Z');
  expect((await fence('check')).exit).toBe(0);
});

test('the claim alone, before there are any tables: check is 6', async () => {
  const artifacts = openArtifactStore(join(cwd, 'backups'));
  await artifacts.claim({ ...CLAIM, tablesBefore: [] });
  const { exit, view } = await fence('check', '--json');
  expect([exit, view.state, view.fence]).toEqual([6, 'held', null]);
  expect(view.claim).toEqual({ base: 'hybridflow', versionId: 'v1', workflowId: 'w', runId: 'r', claimedAt: 'then' });
  expect(renderFence(view, plain)).toMatch(/the change that makes v1[\s\S]*hfv migrate/);
  await artifacts.releaseClaim('r');
  expect((await fence('check')).exit).toBe(0);
});

test('no metadata.db is 2, for every action; an unknown action too', async () => {
  rmSync(join(cwd, 'metadata.db'));
  for (const action of ['check', 'show', 'wait']) {
    const { exit, stdout } = await fence(action, '--json');
    expect([exit, (JSON.parse(stdout) as ErrorView).error.code]).toEqual([2, 'METADATA_DB_MISSING']);
  }
  expect((await fence('break')).exit).toBe(2);
});

test('wait gives up after its time: 8', async () => {
  hold();
  const { exit, stdout } = await fence('wait', '--timeout', '0.01', '--json');
  expect([exit, (JSON.parse(stdout) as ErrorView).error]).toMatchObject([
    8,
    { code: 'WAIT_TIMED_OUT', found: 'after 0.01 s the base is still held by registerBaseline v1' },
  ]);
});

describe('waiting', () => {
  const free: FenceView = { base: 'kb', state: 'free', fence: null, claim: null };
  const held: FenceView = { ...free, state: 'held', claim: CLAIM };
  /** A clock that goes on by what is slept. */
  const clock = () => {
    const slept: number[] = [];
    const now = () => slept.reduce((sum, ms) => sum + ms, 0);
    return { slept, now, pause: async (ms: number) => slept.push(ms) };
  };
  const answers = (...views: (FenceView | Error)[]) => {
    return async () => {
      const next = views.length > 1 ? views.shift() : views[0];
      if (next instanceof Error) throw next;
      if (!next) throw new Error('no answer is left');
      return next;
    };
  };

  test('looks again until it is free, also past a database that is locked', async () => {
    const locked = new HybridFlowError('METADATA_DB_BUSY', { found: 'locked' });
    const { slept, ...time } = clock();
    expect(await waitUntilFree(answers(held, locked, held, free), { timeoutMs: Infinity, ...time })).toEqual(free);
    expect(slept).toEqual([1_000, 1_000, 1_000]);
  });

  test('sleeps no longer than its time, and looks a last time', async () => {
    const { slept, ...time } = clock();
    await expect(waitUntilFree(answers(held), { timeoutMs: 2_500, ...time })).rejects.toMatchObject({
      code: 'WAIT_TIMED_OUT',
      facts: { details: { state: 'held' } },
    });
    expect(slept).toEqual([1_000, 1_000, 500]);
    const again = clock();
    expect(await waitUntilFree(answers(held, held, free), { timeoutMs: 1_500, ...again })).toEqual(free);
  });

  test('does not hide any other failure', async () => {
    const missing = new HybridFlowError('METADATA_DB_MISSING', { found: 'none' });
    await expect(waitUntilFree(answers(missing), { timeoutMs: Infinity })).rejects.toBe(missing);
  });
});
