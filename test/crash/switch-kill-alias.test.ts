import type { WorkflowHandle } from '@temporalio/client';
import type { ActivityDeps } from '../../activities';
import type { PublishOutcome } from '../../domain/publish';
import type { RollbackRecord } from '../../domain/rollback';
import { LATEST_COPY, versionLabel } from '../../domain/version-id';
import { TestBase } from '../support/base';
import { CrashPool } from '../support/crash-pool';
import { dying, type Death } from '../support/crash-traps';
import {
  digestsOf,
  expectNothingLeft,
  expectProductionIs,
  other,
  stageEdition,
  writeEdition,
  type Digests,
  type Edition,
} from '../support/editions';
import { fingerprint } from '../support/fingerprint';
import { connectLive, type Live } from '../support/live';
import { Publishing } from '../support/publishing';
import { until } from '../support/until';

jest.setTimeout(240_000);

const PARAGRAPHS = 60;
const PLAIN = 'textbook_chunks';
const LATEST = `${PLAIN}_latest`;
const physical = (versionId: string) => `${PLAIN}_${versionId}`;
/** Every switch of Neo4j has a transaction for each chapter. */
const ONE_BY_ONE = { mostInOne: 1 };

let live: Live;
let base: TestBase;
let deps: ActivityDeps;
let pool: CrashPool;
let runs = 0;
/** What production is now, and what each edition is, switched as a whole and without an alias, where nobody is killed. */
let present: Edition;
const undisturbed = {} as Record<Edition, Digests>;
const versions = {} as Record<Edition, string>;
let open: WorkflowHandle | undefined;

beforeAll(async () => {
  live = await connectLive();
  base = await TestBase.make({ paragraphs: PARAGRAPHS });
  const settings = {
    ...base.settings,
    // A health check that falls due meanwhile would be killed, too, and writes to the stores.
    health: { ...base.settings.health, delaySeconds: 86_400 },
    retention: { ...base.settings.retention, graceMinutes: 0 },
  };
  deps = live.open(settings);
  pool = await CrashPool.open(live, settings);
  await pool.start();
  await run('registerBaseline', { confirm: 'hash' });
  for (const edition of ['one', 'two'] as const) {
    await publish(edition);
    undisturbed[edition] = await digestsOf(deps, base);
  }
  await deps.vectors.adoptAlias();
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

async function run<T>(type: string, input: object): Promise<T> {
  const { taskQueue } = pool;
  open = await live.client.workflow.start(type, {
    ...{ taskQueue, workflowId: `${taskQueue}-${++runs}`, args: [input] },
  });
  return pool.through<T>(open);
}

/** Stages an edition and makes it production; from its beginning on whoever dies is buried. */
async function publish(edition: Edition): Promise<{ versionId: string; runId: string }> {
  const publishing = await Publishing.begin(live, base, pool.taskQueue);
  const { handle } = publishing;
  open = handle;
  const end = pool.through<PublishOutcome>(handle);
  end.catch(() => undefined);
  await publishing.reaches('open');
  await writeEdition(publishing, edition);
  expect((await publishing.ready()).failed).toEqual([]);
  const outcome = await end;
  expect(outcome).toMatchObject({ outcome: 'committed', proven: true, warnings: [] });
  [present, versions[edition]] = [edition, outcome.versionId];
  return { versionId: outcome.versionId, runId: (await handle.describe()).runId };
}

const journalOf = (runId: string) =>
  base.sql<{ state: string; version_id: string }>(`SELECT * FROM switch_journal WHERE run_id = '${runId}'`);
const statusOf = (versionId: string) => deps.metadata.registry.find(versionId)?.status;

/** Production is this version in all three stores and behind its aliases, and nothing else is there. */
async function expectProduction(edition: Edition, aliases: readonly string[], collection: string): Promise<void> {
  const versionId = versions[edition];
  expect(await digestsOf(deps, base)).toEqual(undisturbed[edition]);
  for (const folder of [versionId, LATEST_COPY]) await expectProductionIs(deps, folder);
  expect([deps.metadata.journal.current()?.versionId, statusOf(versionId)]).toEqual([versionId, 'committed']);
  const label = versionLabel(versionId);
  expect(await base.count(`MATCH (p:Paragraph) WHERE NOT p:${label} RETURN count(p)`)).toBe(0);
  // Who was killed while a file was written has left it half written, until it is swept.
  if (base.backups().some((name) => name.endsWith('.tmp'))) await run('applyRetention', {});
  await expectNothingLeft(deps, base, { collection, aliases });
}

/** What an edition's chapters are called, of those that only editions have. */
async function titles(): Promise<string[]> {
  const rows = await base.cypher<{ title: string }>(
    `MATCH (c:Chapter) WHERE c.id STARTS WITH 'bailey:ch90' RETURN c.title AS title ORDER BY c.id`,
  );
  return rows.map(({ title }) => title);
}

/** What a promote does otherwise where production is behind an alias, and where it is too large for one transaction. */
const STEPS: readonly Death[] = [
  ['before', 'graph.switchStaged'],
  ['within', 'graph.switchStaged'],
  ['after', 'graph.switchStaged'],
  ['before', 'metadata.journal.amend'],
  ['after', 'metadata.journal.amend'],
  ['before', 'vectors.switchAlias'],
  ['after', 'vectors.switchAlias'],
];
const COMMITTED: readonly Death[] = [
  ['after', 'metadata.journal.commitPromote'],
  ['before', 'vectors.retire'],
  ['after', 'vectors.retire'],
];
/** Behind an alias a staging has a collection of its own. */
const STAGING: readonly Death[] = [
  ['before', 'vectors.prepareStaging'],
  ['after', 'vectors.prepareStaging'],
];

test('a worker is killed at each step of the first promote behind an alias, and another goes on', async () => {
  const traps = [...STAGING, ...STEPS, ...COMMITTED].map(dying);
  await pool.start(traps, ONE_BY_ONE);
  const edition = other(present);
  const { versionId, runId } = await publish(edition);
  expect([pool.missed, pool.deaths]).toEqual([[], traps.length]);
  expect(journalOf(runId)).toMatchObject([{ state: 'done' }]);
  await expectProduction(edition, [LATEST, PLAIN], physical(versionId));
});

describe('worker and run die in a promote behind an alias, with a transaction for each chapter', () => {
  /** What is found of it by whoever comes next. */
  async function deadAt(step: Death, edition: Edition): Promise<string> {
    await pool.start([dying(step)], ONE_BY_ONE);
    const publishing = await stageEdition(live, base, pool.taskQueue, edition);
    open = publishing.handle;
    expect((await publishing.ready()).failed).toEqual([]);
    await until(
      'a death',
      () => pool.deaths,
      (deaths) => deaths === 1,
    );
    await publishing.handle.terminate('by a test');
    return (await publishing.handle.describe()).runId;
  }

  const nextPublication = async () => {
    const next = await Publishing.begin(live, base, pool.taskQueue);
    open = next.handle;
    await next.reaches('open');
    await next.cancel({ by: 'a test' });
    expect(await pool.through(next.handle)).toMatchObject({ outcome: 'cancelled' });
  };
  const rollBack = async () => {
    expect(await run<RollbackRecord>('rollBackVersion', {})).toMatchObject({ proven: true, left: [] });
  };
  const ENDS = [
    ['the next publication', nextPublication],
    ['a rollback', rollBack],
  ] as const;
  /** Each step with one of them, in turn. */
  const cases = (steps: typeof STEPS, from: number) =>
    steps.map((step, nth) => [step.join(' '), ENDS[(from + nth) % 2]?.[0] ?? '', step] as const);
  const endedBy = (name: string) => ENDS.find(([one]) => one === name)?.[1] ?? rollBack;

  test.each(cases(STEPS, 0))('%s, before the commit: %s takes it back', async (name, by, step) => {
    const [before, edition, collection] = [await fingerprint(base), other(present), physical(versions[present])];
    const there = await titles();
    const dead = await deadAt(step, edition);
    const [{ state, version_id: versionId } = { state: '', version_id: '' }] = journalOf(dead);
    expect(state).toBe('switching');
    // Where it died is where it says: between the first chapter and the second, or with the alias moved.
    const half = await titles();
    if (name === 'within graph.switchStaged') expect(half).toEqual([`Chapter 900, edition ${edition}`, there[1]]);
    const moved = name === 'after vectors.switchAlias';
    expect((await base.aliases())[LATEST]).toBe(moved ? physical(versionId) : collection);
    await endedBy(by)();
    expect([journalOf(dead)[0]?.state, statusOf(versionId)]).toEqual(['undone', 'rolled_back']);
    expect(await fingerprint(base)).toEqual(before);
    await expectProduction(present, [LATEST, PLAIN], collection);
  });

  test.each(cases(COMMITTED, 1))('%s, after the commit: %s drives it forward', async (name, by, step) => {
    const [edition, previous] = [other(present), physical(versions[present])];
    const dead = await deadAt(step, edition);
    const [{ state, version_id: versionId } = { state: '', version_id: '' }] = journalOf(dead);
    expect(state).toBe('committed');
    const retired = name === 'after vectors.retire';
    expect(await base.collections()).toEqual([...(retired ? [] : [previous]), physical(versionId)].sort());
    await endedBy(by)();
    [present, versions[edition]] = [edition, versionId];
    expect(journalOf(dead)).toMatchObject([{ state: 'done' }]);
    await expectProduction(edition, [LATEST, PLAIN], physical(versionId));
  });
});
