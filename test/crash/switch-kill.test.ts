import type { WorkflowHandle } from '@temporalio/client';
import type { ActivityDeps } from '../../activities';
import { manifestSchema } from '../../domain/manifest';
import type { PublishOutcome } from '../../domain/publish';
import type { RestoreOutcome } from '../../domain/restore';
import type { RollbackRecord } from '../../domain/rollback';
import { LATEST_COPY, versionLabel } from '../../domain/version-id';
import { TestBase } from '../support/base';
import { CrashPool } from '../support/crash-pool';
import type { Trap } from '../support/crash-traps';
import {
  digestsOf,
  expectNothingLeft,
  expectProductionIs,
  other,
  stageEdition,
  type Digests,
  type Edition,
} from '../support/editions';
import { fingerprint } from '../support/fingerprint';
import { connectLive, type Live } from '../support/live';
import { Publishing, type PublishHandle } from '../support/publishing';

jest.setTimeout(240_000);

const PARAGRAPHS = 240;

let live: Live;
let base: TestBase;
let deps: ActivityDeps;
let pool: CrashPool;
let runs = 0;
/** What production is now, and what each edition is where nobody disturbs its promote. */
let present: Edition;
const undisturbed = {} as Record<Edition, Digests>;
const versions = {} as Record<Edition, string>;
let open: WorkflowHandle | undefined;

beforeAll(async () => {
  live = await connectLive();
  base = await TestBase.make({ paragraphs: PARAGRAPHS, migration: { batchSize: 100 } });
  deps = live.open(base.settings);
  pool = await CrashPool.open(live, base.settings);
  await pool.start();
  await run('registerBaseline', { confirm: 'hash' });
  for (const edition of ['one', 'two'] as const) {
    await promoted(await stage(edition), edition);
    undisturbed[edition] = await digestsOf(deps, base);
  }
});
beforeEach(() => pool.clear());
afterEach(async () => {
  // What a test that failed has left is taken back by the next run.
  await open?.terminate('the test is over').catch(() => undefined);
});
afterAll(async () => {
  await pool?.close();
  await live?.close().finally(() => base?.close());
});

async function start(type: string, input: object): Promise<WorkflowHandle> {
  const { taskQueue } = pool;
  return (open = await live.client.workflow.start(type, {
    ...{ taskQueue, workflowId: `${taskQueue}-${++runs}`, args: [input] },
  }));
}

async function run<T>(type: string, input: object): Promise<T> {
  return pool.through<T>(await start(type, input));
}

async function stage(edition: Edition): Promise<PublishHandle> {
  const publishing = await stageEdition(live, base, pool.taskQueue, edition);
  open = publishing.handle;
  const answer = await publishing.ready();
  expect(answer.failed).toEqual([]);
  return publishing.handle;
}

async function promoted(handle: PublishHandle, edition: Edition): Promise<PublishOutcome> {
  const outcome = await pool.through<PublishOutcome>(handle);
  expect(outcome).toMatchObject({ outcome: 'committed', proven: true, warnings: [] });
  present = edition;
  versions[edition] = outcome.versionId;
  return outcome;
}

const manifestOf = async (folder: string) => manifestSchema.parse(await deps.artifacts.readManifest(folder));
const journalOf = (runId: string) =>
  base.sql<{ state: string }>(`SELECT * FROM switch_journal WHERE run_id = '${runId}'`);
const operations = (versionId: string, type: string) =>
  deps.metadata.registry.operations(versionId).filter(({ operationType }) => operationType === type);

/** The version is production, sealed, and latest-copy; each thing was done once. */
async function expectCommitted(edition: Edition, versionId: string, runId: string): Promise<void> {
  expect(await digestsOf(deps, base)).toEqual(undisturbed[edition]);
  await expectProductionIs(deps, versionId);
  await expectProductionIs(deps, LATEST_COPY);
  expect((await manifestOf(LATEST_COPY)).fingerprint).toBe((await manifestOf(versionId)).fingerprint);
  expect(deps.metadata.journal.current()?.versionId).toBe(versionId);
  expect(journalOf(runId)).toMatchObject([{ state: 'done' }]);
  expect(deps.metadata.registry.find(versionId)?.status).toBe('committed');
  expect(operations(versionId, 'promote')).toMatchObject([{ status: 'success' }]);
  const label = versionLabel(versionId);
  expect(await base.count(`MATCH (p:Paragraph) WHERE NOT p:${label} RETURN count(p)`)).toBe(0);
  await expectNothingLeft(deps, base);
}

const PROMOTE = [
  'graph.switchStaged',
  'vectors.applyDelta',
  'metadata.journal.commitPromote',
  'artifacts.seal',
  'artifacts.publishLatestCopy',
  'metadata.journal.close',
];
const RESTORE = [
  'graph.restoreFrom',
  'vectors.restoreFrom',
  'metadata.journal.commitRestore',
  'artifacts.publishLatestCopy',
];
const killed = (when: Trap['when'], calls: string[]): Trap[] => calls.map((call) => ({ when, call, then: 'die' }));

describe('a worker is killed at every step of a promote, and another goes on', () => {
  test.each(['before', 'after'] as const)('%s the call', async (when) => {
    const edition = other(present);
    await pool.start(killed(when, PROMOTE));
    const handle = await stage(edition);
    const { versionId } = await promoted(handle, edition);
    expect(pool.missed).toEqual([]);
    expect(pool.deaths).toBe(PROMOTE.length);
    await expectCommitted(edition, versionId, (await handle.describe()).runId);
  });

  test('also where workflows die with it, and Temporal has to find out by itself', async () => {
    const edition = other(present);
    await pool.start([{ when: 'after', call: 'vectors.applyDelta', then: 'die' }], { role: 'all' });
    const handle = await stage(edition);
    const outcome = await handle.result();
    expect([outcome.outcome, outcome.proven, pool.missed]).toEqual(['committed', true, []]);
    [present, versions[edition]] = [edition, outcome.versionId];
    await expectCommitted(edition, outcome.versionId, (await handle.describe()).runId);
  });
});

describe('a worker is killed at every step of a restore, and another goes on', () => {
  test.each(['before', 'after'] as const)('%s the call', async (when) => {
    const edition = other(present);
    const version = versions[edition];
    const told = operations(version, 'restore').length;
    await pool.start(killed(when, RESTORE));
    const handle = await start('restoreVersion', { version });
    const outcome = await pool.through<RestoreOutcome>(handle);
    present = edition;
    expect(outcome).toMatchObject({ versionId: version, proven: true, warnings: [] });
    expect(pool.missed).toEqual([]);
    expect(pool.deaths).toBe(RESTORE.length);
    expect(await digestsOf(deps, base)).toEqual(undisturbed[edition]);
    await expectProductionIs(deps, version);
    await expectProductionIs(deps, LATEST_COPY);
    expect((await manifestOf(LATEST_COPY)).versionId).toBe(version);
    expect(deps.metadata.journal.current()?.versionId).toBe(version);
    expect(journalOf((await handle.describe()).runId)).toMatchObject([{ state: 'done' }]);
    expect(operations(version, 'restore')).toHaveLength(told + 1);
    await expectNothingLeft(deps, base);
  });
});

describe('a promote is ended from outside, with a worker frozen in it', () => {
  interface Dead {
    runId: string;
    versionId: string;
    /** Lets the worker go on where it stood, and sees it through what it was about to do. */
    wake: () => Promise<string>;
  }

  async function endedBefore(call: string, edition: Edition): Promise<Dead> {
    await pool.start([{ when: 'before', call, then: 'hold' }]);
    const handle = await stage(edition);
    const worker = await pool.held();
    await handle.terminate('by a test');
    const { runId } = await handle.describe();
    worker.kill('SIGSTOP');
    const versionId = base.sql<{ version_id: string }>(
      `SELECT version_id FROM switch_journal WHERE run_id = '${runId}'`,
    );
    await pool.start();
    const wake = async () => {
      worker.kill('SIGCONT');
      worker.kill('SIGUSR2');
      await worker.says(`the held ${call}`);
      await worker.killed();
      return /^the held .*$/m.exec(worker.stdout)?.[0] ?? '';
    };
    return { runId, versionId: versionId[0]?.version_id ?? '', wake };
  }

  /** The next run, which does nothing but find the dead one. */
  async function nextPublication(): Promise<void> {
    const next = await Publishing.open(live, base, pool.taskQueue);
    open = next.handle;
    await next.cancel({ by: 'a test' });
    expect(await pool.through(next.handle)).toMatchObject({ outcome: 'cancelled' });
  }

  const rollBack = async () => {
    expect(await run<RollbackRecord>('rollBackVersion', {})).toMatchObject({ proven: true, left: [] });
  };

  test.each([
    ['vectors.applyDelta', 'the next publication', nextPublication],
    ['metadata.journal.commitPromote', 'a rollback', rollBack],
  ])('before the commit, at %s: %s takes it back', async (call, _, next) => {
    const before = await fingerprint(base);
    const dead = await endedBefore(call, other(present));
    expect(journalOf(dead.runId)).toMatchObject([{ state: 'switching' }]);
    await next();
    expect(journalOf(dead.runId)).toMatchObject([{ state: 'undone' }]);
    expect(deps.metadata.registry.find(dead.versionId)?.status).toBe('rolled_back');
    expect(deps.metadata.journal.current()?.versionId).toBe(versions[present]);
    expect(await fingerprint(base)).toEqual(before);
    await expectNothingLeft(deps, base);
    // Who wakes late finds that it has lost.
    expect(await dead.wake()).toMatch(/failed/);
    expect(await fingerprint(base)).toEqual(before);
    expect(journalOf(dead.runId)).toMatchObject([{ state: 'undone' }]);
  });

  test.each([
    ['artifacts.seal', 'the next publication', nextPublication],
    ['artifacts.publishLatestCopy', 'a rollback', rollBack],
  ])('after the commit, at %s: %s drives it forward', async (call, _, next) => {
    const edition = other(present);
    const dead = await endedBefore(call, edition);
    expect(journalOf(dead.runId)).toMatchObject([{ state: 'committed' }]);
    await next();
    [present, versions[edition]] = [edition, dead.versionId];
    await expectCommitted(edition, dead.versionId, dead.runId);
    const after = await fingerprint(base);
    await dead.wake();
    expect(await fingerprint(base)).toEqual(after);
    await expectCommitted(edition, dead.versionId, dead.runId);
  });
});
