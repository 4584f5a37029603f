import type { WorkflowHandle } from '@temporalio/client';
import type { ActivityDeps } from '../../activities';
import { manifestSchema } from '../../domain/manifest';
import { STORE_NAMES } from '../../domain/names';
import type { PublishOutcome } from '../../domain/publish';
import type { RestoreDetails, RestoreOutcome } from '../../domain/restore';
import type { RollbackRecord } from '../../domain/rollback';
import { LATEST_COPY, versionLabel } from '../../domain/version-id';
import { liveFingerprint } from '../../inspection/fingerprints';
import { answerProbes } from '../../inspection/restore';
import { TestBase } from '../support/base';
import { contaminate } from '../support/contaminate';
import { CrashPool } from '../support/crash-pool';
import type { Side } from '../support/crash-traps';
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
import { Publishing, type PublishHandle } from '../support/publishing';
import { killServices, useStackAgain } from '../support/stack';

jest.setTimeout(420_000);

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
  const settings = {
    ...base.settings,
    // A health check that falls due meanwhile would be killed, too, and writes to the stores.
    health: { ...base.settings.health, delaySeconds: 86_400 },
    // A window so small that a promote has a version to archive; and what the dead have left is swept at once.
    retention: { ...base.settings.retention, keep: 2, emergencyKeep: 1, graceMinutes: 0 },
  };
  deps = live.open(settings);
  pool = await CrashPool.open(live, settings);
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
  [present, versions[edition]] = [edition, outcome.versionId];
  expect(outcome).toMatchObject({ outcome: 'committed', proven: true, warnings: [] });
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
  await expectSwept();
}

/** Who was killed while a file was written has left it half written, under a name of its own, until it is swept. */
async function expectSwept(): Promise<void> {
  await expectNothingLeft(deps, base, { halfWritten: true });
  if (base.backups().some((name) => name.endsWith('.tmp'))) await run('applyRetention', {});
  await expectNothingLeft(deps, base);
}

const journalEntry = async (handle: WorkflowHandle) => deps.metadata.journal.find((await handle.describe()).runId);

/** What must be among the steps, whatever else there is: otherwise they were not written down whole. */
const ANY = ['artifacts.claim', 'metadata.fence.hold', 'metadata.journal.begin', 'metadata.journal.close'].concat([
  'artifacts.publishLatestCopy',
  'metadata.fence.release',
  'graph.labelBatch',
  'artifacts.releaseClaim',
]);
const PROMOTE = [
  ...ANY,
  ...['metadata.prepareStaging', 'vectors.prepareStaging', 'graph.removeStaging', 'graph.acquireFence'],
  ...['graph.switchStaged', 'vectors.applyDelta', 'metadata.journal.commitPromote'],
  ...['metadata.dropStaging', 'vectors.dropStaging', 'metadata.snapshotTo', 'vectors.createSnapshot'],
  ...['vectors.downloadSnapshot', 'graph.exportTo', 'artifacts.seal', 'artifacts.archive', 'graph.removeLabel'],
];
const RESTORE = [
  ...ANY,
  ...['vectors.restoreAside', 'metadata.snapshotTo', 'vectors.createSnapshot', 'vectors.downloadSnapshot'],
  ...['graph.exportTo', 'graph.restoreFrom', 'vectors.restoreFrom', 'metadata.journal.commitRestore'],
];
const LAST_OF_FOUR = 'writePublishReport: artifacts.writeText(report.md) 1';
const callsOf = (steps: readonly string[]) => steps.map((step) => /: ([\w.]+)\(/.exec(step)?.[1]);

/** Stages an edition, makes it production, and answers with what its run has left. */
async function publish(edition: Edition): Promise<void> {
  const publishing = await Publishing.begin(live, base, pool.taskQueue);
  const handle = (open = publishing.handle);
  // From the beginning on: who dies while it is staged is told of, too.
  const end = promoted(handle, edition);
  end.catch(() => undefined);
  await publishing.reaches('open');
  await writeEdition(publishing, edition);
  expect((await publishing.ready()).failed).toEqual([]);
  const { versionId } = await end;
  await expectCommitted(edition, versionId, (await handle.describe()).runId);
}

/** The steps that a run takes where nobody is killed: at each of them a worker has to die. */
async function stepsOf(work: () => Promise<void>): Promise<string[]> {
  // A worker that writes nothing down must not take a step away.
  await pool.clear();
  await pool.start([], { every: 'never' });
  await work();
  await pool.clear();
  return pool.sprung;
}

/** `spared`: what only tells of a run is tried four times, and would be given up with the fourth death. */
async function killedAtEvery(
  when: Side,
  steps: readonly string[],
  work: () => Promise<void>,
  spared: readonly string[] = [],
): Promise<void> {
  await pool.start([], { every: when });
  await work();
  const { trapped } = pool;
  expect(pool.spared).toEqual(spared);
  // Who comes after a death may have to do more than who was never disturbed: there somebody is killed as well. And less,
  // where what the dead one did makes a later step of the same activity needless.
  const missed = steps.filter((step) => !spared.includes(step) && !trapped.includes(step));
  const activityOf = (step: string) => step.split(':')[0];
  const begun = new Set(trapped.map(activityOf));
  expect(when === 'before' ? missed : missed.filter((step) => !begun.has(activityOf(step)))).toEqual([]);
  expect(pool.deaths).toBe(new Set(trapped).size);
}

describe('a worker is killed at every step of a promote, and another goes on', () => {
  let steps: string[];
  beforeAll(async () => {
    steps = await stepsOf(() => publish(other(present)));
  });

  test('steps are those of each store, of the journal, the fence, the artifacts, the window, and the claim', () => {
    expect(callsOf(steps)).toEqual(expect.arrayContaining(PROMOTE));
  });

  test.each(['before', 'after'] as const)('%s each step', (when) =>
    killedAtEvery(when, steps, () => publish(other(present)), [LAST_OF_FOUR]),
  );

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
  let steps: string[];
  beforeAll(async () => {
    steps = await stepsOf(() => restoreContaminated(other(present)));
  });

  /** What somebody has written meanwhile is in no version, so that it is saved first. */
  async function restoreContaminated(edition: Edition): Promise<void> {
    await contaminate(base);
    const found = await Promise.all(STORE_NAMES.map(async (store) => (await liveFingerprint(deps, store)).summary));
    const version = versions[edition];
    const told = operations(version, 'restore').length;
    const handle = await start('restoreVersion', { version });
    const outcome = await pool.through<RestoreOutcome>(handle);
    present = edition;
    expect(outcome).toMatchObject({ versionId: version, proven: true, warnings: [] });
    await expectRestored(version);
    const entry = await journalEntry(handle);
    expect(entry?.state).toBe('done');
    const { saved } = entry?.details as unknown as RestoreDetails;
    expect(STORE_NAMES.map((store) => saved?.[store]?.fingerprint)).toEqual(found);
    for (const { file, sha256 } of Object.values(saved ?? {})) {
      expect((await deps.artifacts.digest(outcome.rescue ?? '', file)).sha256).toBe(sha256);
    }
    expect(operations(version, 'restore')).toHaveLength(told + 1);
  }

  async function expectRestored(version: string): Promise<void> {
    expect(await digestsOf(deps, base)).toEqual(undisturbed[present]);
    await expectProductionIs(deps, version);
    await expectProductionIs(deps, LATEST_COPY);
    expect((await manifestOf(LATEST_COPY)).versionId).toBe(version);
    expect(deps.metadata.journal.current()?.versionId).toBe(version);
    await expectSwept();
  }

  test('steps are those of the rehearsal, of what is saved, of each store, the journal, the fence, and the claim', () => {
    expect(callsOf(steps)).toEqual(expect.arrayContaining(RESTORE));
  });

  test.each(['before', 'after'] as const)('%s each step', (when) =>
    killedAtEvery(when, steps, () => restoreContaminated(other(present))),
  );

  test('Neo4j and Qdrant are killed after it and started again: they hold the version, and answer as it did', async () => {
    await killServices(['neo4j', 'qdrant']);
    await useStackAgain();
    await expectRestored(versions[present]);
    const means = { embedder: deps.embedder, settings: deps.probes, secrets: [], control: {} };
    // What they answer: servers that have just been started are slower than they were.
    const { recorded, comparisons } = await answerProbes(
      deps,
      { versionId: versions[present], folder: versions[present] },
      means,
    );
    expect(recorded).toBe(true);
    expect(comparisons.length).toBeGreaterThan(0);
    expect(comparisons.filter(({ identical }) => !identical)).toEqual([]);
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
