import type { BaselineOutcome, RegisterBaselineInput } from '../../domain/baseline';
import { TestBase } from '../support/base';
import { changesSomething, faultCases, HARMLESS, TIDYING, WAITED_FOR } from '../support/fault-cases';
import { withFaults, type Fault } from '../support/faults';
import { fingerprint, type Fingerprint } from '../support/fingerprint';
import { connectLive, type Live } from '../support/live';
import { failureOf, startWorkers, type FailureFacts, type SharedWorkers } from '../support/workflow-env';
import type { ActivityDeps } from '../../activities';

jest.setTimeout(900_000);

const PARAGRAPHS = 60;

const RUNS_FOR_ONCE = 6;

let live: Live;
let base: TestBase;
let deps: ActivityDeps;
let workers: SharedWorkers;
let before: Fingerprint;
let calls: string[];

beforeAll(async () => {
  live = await connectLive();
  base = await TestBase.make({ paragraphs: PARAGRAPHS, migration: { batchSize: 10, batchesPerSpan: 3 } });
  deps = live.open(base.settings);
  workers = await startWorkers(live, deps);
  before = await fingerprint(base);
  const good = await run();
  expect(good.outcome?.outcome).toBe('committed');
  calls = [...new Set(good.calls)].filter((call) => !HARMLESS.includes(call));
  await base.unregister();
});
afterAll(async () => {
  await workers?.stop();
  await live?.close().finally(() => base?.close());
});

interface End {
  outcome?: BaselineOutcome;
  failure?: FailureFacts;
  calls: string[];
}

let runs = 0;

async function run(faults: Fault[] = [], input: RegisterBaselineInput = {}): Promise<End> {
  const faulty = withFaults(deps, faults);
  const workflowId = `${workers.taskQueue}-${Date.now()}-${++runs}`;
  workers.assign(workflowId, faulty.deps);
  const start = { taskQueue: workers.taskQueue, workflowId, args: [input] };
  const handle = await live.client.workflow.start('registerBaseline', start);
  const result = handle.result() as Promise<BaselineOutcome>;
  return result.then(
    (outcome) => ({ outcome, calls: faulty.calls }),
    async () => ({ failure: await failureOf(result), calls: faulty.calls }),
  );
}

interface Row {
  status: string;
  status_message: string | null;
}

/** What the registry says; undefined where the migration took its tables away again. */
function registry(): Row[] | undefined {
  const tables = base.sql(`SELECT name FROM sqlite_master WHERE name IN ('version_registry', 'operation_log')`);
  return tables.length === 0 ? undefined : base.sql<Row>('SELECT status, status_message FROM version_registry');
}

test('every port that a migration uses is among the cases', () => {
  expect(calls.length).toBeGreaterThan(25);
  for (const port of ['metadata.', 'metadata.registry.', 'artifacts.', 'vectors.', 'graph.']) {
    expect(calls.filter((call) => call.startsWith(port)).length).toBeGreaterThan(2);
  }
});

/** Runs with faults that no retry gets over: all stores must be as before, and the registry must say why. */
async function expectRollback(told: string[], faults: Fault[]): Promise<void> {
  const { failure } = await run(faults, { maxAttempts: 2 });
  expect([...told, failure?.code]).toEqual([...told, expect.stringMatching(/^(ROLLED_BACK|NEO4J_UNREACHABLE)$/)]);
  expect([...told, await fingerprint(base)]).toEqual([...told, before]);
  const rows = registry();
  const verdict = { status: 'rolled_back', status_message: expect.stringContaining('injected outage') as string };
  expect([...told, rows]).toEqual([...told, rows && [verdict]]);
  await base.unregister();
}

// A call that only reads leaves the same behind wherever it fails: those are tried on stores in memory.
test('every step that changes something made to fail for good: all three stores are as they were, and the registry says why', async () => {
  for (const { call, when } of faultCases(
    calls.filter((each) => changesSomething(each) && ![...TIDYING, ...WAITED_FOR].includes(each)),
  )) {
    // A commit whose answer is lost is a commit: see below.
    if (call === 'metadata.registry.commit' && when === 'after') continue;
    // Both attempts of the step fail; its undo, which may use the same port, is given more and gets through.
    await expectRollback([call, when], [{ call, when, times: 2, perActivity: true }]);
  }
});

test.each<[what: string, call: string, skip: number, times?: number]>([
  ['the folder of the version', 'artifacts.openFolder', 1],
  ['the second copy of metadata.db', 'artifacts.write', 3],
  ['the manifest of the version', 'artifacts.seal', 1],
  // Labelling is tried with three sizes of batches, twice each.
  ['a later batch of labels', 'graph.labelBatch', 4, 6],
  ['the counts after the labels', 'vectors.status', 0, 6],
])('a port that went well before fails for good at %s: the same', async (what, call, skip, times = 2) => {
  await expectRollback([what, call], [{ call, when: 'before', skip, times }]);
});

test.each(['before', 'after'] as const)(
  'every step made to fail once, %s its effect: committed all the same',
  async (when) => {
    const left = faultCases(calls).filter((each) => each.when === when);
    // Several to a run, far from each other, so that hardly two of them meet in one activity.
    for (let group = 0; group < RUNS_FOR_ONCE; group++) {
      const faults = left.filter((_, i) => i % RUNS_FOR_ONCE === group).map((each): Fault => ({ ...each, times: 1 }));
      const told = faults.map(({ call }) => call);
      const { outcome, failure, calls: made } = await run(faults);
      expect([told, failure, outcome?.outcome]).toEqual([told, undefined, 'committed']);
      // Each of them did strike, and was tried again.
      expect(
        told.filter((call) => made.filter((each) => each === call).length < 2 && !WAITED_FOR.includes(call)),
      ).toEqual([]);
      expect([told, await base.labelled(), outcome?.counts?.labelled]).toEqual([told, PARAGRAPHS, PARAGRAPHS]);
      const folders = base.backups().filter((name) => !name.includes('/'));
      expect([told, folders]).toEqual([told, ['latest-copy', 'reports', outcome?.versionId].sort()]);
      expect([told, await base.fence()]).toEqual([told, undefined]);
      // Without the version, nothing is left of the migration.
      await base.unregister();
      expect([told, await fingerprint(base)]).toEqual([told, before]);
    }
  },
);

test('a commit whose answer is lost for good is driven forward', async () => {
  const fault: Fault = { call: 'metadata.registry.commit', when: 'after', times: 2, perActivity: true };
  const { outcome } = await run([fault], { maxAttempts: 2 });
  expect(outcome).toMatchObject({ outcome: 'committed', counts: { labelled: PARAGRAPHS } });
  expect([await base.labelled(), registry()?.[0]?.status]).toEqual([PARAGRAPHS, 'committed']);
  await base.unregister();
  expect(await fingerprint(base)).toEqual(before);
});
