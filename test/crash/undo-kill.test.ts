import type { WorkflowHandle } from '@temporalio/client';
import type { RollbackRecord } from '../../domain/rollback';
import { openStores } from '../../client/stores';
import { TestBase } from '../support/base';
import { CrashPool } from '../support/crash-pool';
import { dying, type Death } from '../support/crash-traps';
import { fingerprint, type Fingerprint } from '../support/fingerprint';
import { connectLive, type Live } from '../support/live';
import { until } from '../support/until';
import { failureOf } from '../support/workflow-env';

jest.setTimeout(240_000);

/** Workers that are killed at the last words of a migration's undo: verdict, latest-copy, claim. */

const PARAGRAPHS = 60;
const LAST_WORDS: readonly Death[] = [
  ['before', 'metadata.registry.rollBack'],
  ['after', 'metadata.registry.rollBack'],
  ['before', 'artifacts.settleLatestCopy'],
  ['after', 'artifacts.settleLatestCopy'],
  ['before', 'artifacts.releaseClaim'],
  ['after', 'artifacts.releaseClaim'],
];

let live: Live;
let base: TestBase;
let pool: CrashPool;
let before: Fingerprint;
let runs = 0;
let open: WorkflowHandle | undefined;

beforeAll(async () => {
  live = await connectLive();
  base = await TestBase.make({ paragraphs: PARAGRAPHS, migration: { batchSize: 30 } });
  pool = await CrashPool.open(live, base.settings);
  before = await fingerprint(base);
});
beforeEach(async () => {
  await pool.clear();
  const { metadata, graph } = openStores(base.settings);
  metadata.createTables({ notAfter: Date.now() + 60_000 });
  await graph.close();
  // So that every migration is undone, and from its very end.
  base.sql(`CREATE TRIGGER refuse BEFORE UPDATE OF status ON version_registry WHEN NEW.status = 'committed'
    BEGIN SELECT RAISE(ABORT, 'CHECK_FAILED: nobody may commit'); END`);
});
afterEach(async () => {
  await open?.terminate('the test is over').catch(() => undefined);
  await base.unregister();
});
afterAll(async () => {
  await pool?.close();
  await live?.close().finally(() => base?.close());
});

async function start(type: string, input: object): Promise<WorkflowHandle> {
  const { taskQueue } = pool;
  const workflowId = `${taskQueue}-${++runs}`;
  return (open = await live.client.workflow.start(type, { taskQueue, workflowId, args: [input] }));
}

const rows = () => base.sql<{ status: string }>('SELECT status FROM version_registry').map(({ status }) => status);
const folders = () => base.backups().filter((path) => !path.includes('/'));

async function expectUndone(): Promise<void> {
  expect(await fingerprint(base)).toEqual(before);
  expect([rows(), await base.labelled(), await base.fence()]).toEqual([['rolled_back'], 0, undefined]);
  expect(folders()).toEqual(['reports']);
  expect(await base.snapshots('textbook_chunks')).toEqual([]);
}

test('a worker is killed at each of them, and another goes on', async () => {
  const traps = LAST_WORDS.map(dying);
  await pool.start(traps);
  const handle = await start('registerBaseline', { confirm: 'hash' });
  expect(await failureOf(pool.through(handle))).toMatchObject({ code: 'ROLLED_BACK' });
  expect([pool.missed, pool.deaths]).toEqual([[], traps.length]);
  await expectUndone();
});

/** Right before one of them is right after the one before it. */
const DEATHS = LAST_WORDS.filter(([when], i) => i === 0 || when === 'after');

test.each(DEATHS.map((word) => [word.join(' '), word] as const))(
  'worker and run die %s: a rollback ends what is left',
  async (name, word) => {
    await pool.start([dying(word)]);
    const dead = await start('registerBaseline', { confirm: 'hash' });
    await until(
      'a death',
      () => pool.deaths,
      (deaths) => deaths === 1,
      { seconds: 120 },
    );
    await dead.terminate('by a test');
    // Until the verdict is given, the copy is there; until the claim is let go, there is something to end.
    const judged = name !== 'before metadata.registry.rollBack';
    const copyIsThere = !name.includes('Claim') && name !== 'after artifacts.settleLatestCopy';
    expect([rows(), folders().includes('latest-copy')]).toEqual([
      [judged ? 'rolled_back' : 'rolling_back'],
      copyIsThere,
    ]);
    const rollback = pool.through<RollbackRecord>(await start('rollBackVersion', {}));
    if (name === 'after artifacts.releaseClaim') {
      expect((await failureOf(rollback)).code).toBe('NOT_RUNNING');
    } else {
      expect(await rollback).toMatchObject({ proven: true, left: [], restored: [] });
    }
    await expectUndone();
  },
);
