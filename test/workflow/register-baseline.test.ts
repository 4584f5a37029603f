import type { BaselineOutcome, ProgressView, RegisterBaselineInput } from '../../domain/baseline';
import { HybridFlowError } from '../../domain/errors';
import { REPORT_FILES } from '../../domain/report';
import { fakeRuns } from '../support/fake-runs';
import { FakeWorld } from '../support/fake-world';
import { faultCases, HARMLESS, TIDYING, WAITED_FOR } from '../support/fault-cases';
import { withFaults, type Fault } from '../support/faults';
import { eachOf } from '../support/lanes';
import { failureOf } from '../support/workflow-env';

jest.setTimeout(300_000);

const runs = fakeRuns('baseline');

async function run(world: FakeWorld, faults: Fault[] = [], input: RegisterBaselineInput | null = {}) {
  const { deps, calls } = withFaults(world.deps(), faults);
  const handle = await runs.start(deps, { input, deadRunId: deadRun(world) });
  const end = await handle.result().then(
    (outcome) => ({ outcome, failure: undefined }),
    async (error: unknown) => ({ outcome: undefined, failure: await failureOf(Promise.reject(error as Error)) }),
  );
  return { ...end, view: await handle.query<ProgressView>('progress'), calls };
}

/** The run whose leftovers a test lays out; each test has its own, since each is undone once. */
const deadRun = (world: FakeWorld) => world.claim?.runId ?? world.registry.rows.at(-1)?.runId ?? '';

const notAllowed = () => new HybridFlowError('NEO4J_REFUSED', { found: 'not allowed' });

const clean = (world: FakeWorld) => expect(world.traces).toEqual(new FakeWorld().traces);

describe('registerBaseline', () => {
  test('ends committed, with every paragraph labelled exactly once and the artifacts of both copies', async () => {
    const world = new FakeWorld(25);
    const { outcome, view } = await run(world);
    expect(outcome).toMatchObject({
      outcome: 'committed',
      base: 'test',
      counts: { chapters: 3, points: 25, paragraphs: 25, labelled: 25 },
      warnings: [],
      compensations: [],
    });
    expect(outcome?.versionId).toMatch(/^v1_baseline_\d{8}_\d{6}$/);
    expect(outcome?.checks.every(({ passed }) => passed)).toBe(true);
    expect(outcome?.labelLatencyMs?.batches).toBe(3);
    expect([world.labelled.size, world.labelledTwice]).toEqual([25, 0]);
    expect([...world.folders.keys()].sort()).toEqual(['latest-copy', outcome?.versionId].sort());
    expect([...(world.folders.get('latest-copy')?.files ?? [])].sort()).toEqual([
      'manifest.json',
      'metadata.db',
      'metadata.fingerprint.txt',
      'neo4j.fingerprint.txt',
      'neo4j.jsonl.gz',
      'textbook_chunks.fingerprint.txt',
      'textbook_chunks.snapshot',
    ]);
    expect(world.snapshots).toEqual([]);
    expect(world.fence).toBeUndefined();
    expect(world.claim).toBeUndefined();
    expect(world.registry.rows).toMatchObject([{ status: 'committed', validationPassed: true, paragraphCount: 25 }]);
    expect(view).toMatchObject({
      state: 'committed',
      phase: 'validation',
      labels: { done: 25, total: 25, batch: 3, batches: 3 },
    });
  });

  test('tells what it will do, then takes latest-copy, sealed and verified, before it modifies anything', async () => {
    const world = new FakeWorld();
    const deps = world.deps();
    let toldAtSeal: string[] = [];
    const { seal } = deps.artifacts;
    deps.artifacts.seal = async (...given) => {
      if (toldAtSeal.length === 0) toldAtSeal = [...world.reports.keys()];
      return seal(...given);
    };
    world.deps = () => deps;
    const { calls, outcome } = await run(world);
    // Sealing reads and hashes every file of the folder; what is published is what was sealed.
    const order = ['artifacts.writeReport', 'artifacts.seal', 'artifacts.publishLatestCopy'].map((c) =>
      calls.indexOf(c),
    );
    expect(Math.min(...order)).toBeGreaterThan(0);
    expect(order).toEqual([...order].sort((a, b) => a - b));
    const report = `${outcome?.versionId}/${REPORT_FILES.preMigration}`;
    expect(toldAtSeal).toEqual(expect.arrayContaining([`${report}.json`, `${report}.md`]));
    const modifications = [
      'metadata.createTables',
      'metadata.registry.registerBaseline',
      'graph.acquireFence',
      'graph.labelBatch',
    ];
    for (const call of modifications) expect(calls.indexOf(call)).toBeGreaterThan(Math.max(...order));
  });

  test('trigger 2 once there is a row: the row and its tables are kept as evidence, and all else goes', async () => {
    const world = new FakeWorld();
    const fault: Fault = {
      call: 'metadata.registry.recordSnapshots',
      when: 'before',
      times: Infinity,
      error: notAllowed,
    };
    const { failure } = await run(world, [fault]);
    expect(failure).toMatchObject({ code: 'ROLLED_BACK', message: expect.stringContaining('Trigger 2') as string });
    expect(world.registry.rows).toMatchObject([
      { status: 'rolled_back', statusMessage: expect.stringContaining('Trigger 2') as string },
    ]);
    expect([world.tables, world.labelled.size, world.claim, [...world.folders.keys()]]).toEqual([
      ...['ours', 0, undefined],
      [],
    ]);
    const { rollback } = failure?.details[1] as BaselineOutcome;
    expect(rollback).toMatchObject({
      ...{ proven: true, left: [] },
      trigger: { trigger: 2, action: expect.stringContaining('kept as rolled_back') as string },
    });
  });

  test('does nothing where the base has its baseline, and shows it', async () => {
    const world = new FakeWorld();
    const first = await run(world);
    const second = await run(world);
    expect(second.outcome).toMatchObject({ outcome: 'already_registered', versionId: first.outcome?.versionId });
    expect(second.calls.filter((call) => /label|write|create|artifacts.claim/i.test(call))).toEqual([]);
    expect(world.registry.rows).toHaveLength(1);
  });

  test.each([
    ['a field that is not known', { batchsize: 5 }],
    ['a batch size of zero', { batchSize: 0 }],
    ['text', 'everything'],
    ['attempts that are no number', { maxAttempts: 'many' }],
  ])('refuses %s as input, and touches nothing', async (_, input) => {
    const world = new FakeWorld();
    const { failure } = await run(world, [], input as RegisterBaselineInput);
    expect(failure?.code).toBe('CONFIG_INVALID');
    clean(world);
    expect(world.tables).toBe('absent');
  });

  test('takes null for {}', async () => {
    expect((await run(new FakeWorld(), [], null)).outcome?.outcome).toBe('committed');
  });

  test('refuses, as such and not as a rollback, what preflight finds unfit', async () => {
    const world = new FakeWorld();
    world.labelled.add(world.chunks[0] ?? '');
    const { failure } = await run(world);
    expect(failure?.code).toBe('LABEL_IN_USE');
    expect(world.labelled.size).toBe(1);
    expect([world.claim, world.tables, world.folders.size]).toEqual([undefined, 'absent', 0]);
  });

  test('refuses where another run holds the base', async () => {
    const world = new FakeWorld();
    world.claim = {
      base: 'test',
      workflowId: 'other',
      runId: 'r1',
      versionId: 'v1_baseline_20260101_000000',
      label: 'v1_baseline',
      claimedAt: 'then',
    };
    world.openRuns.add('r1');
    const { failure } = await run(world);
    expect(failure).toMatchObject({ code: 'BASE_BUSY' });
    expect(failure?.message).toContain('other');
    expect(world.claim.runId).toBe('r1');
  });

  test('first undoes what a run left that could not undo it itself, and what was left on the server', async () => {
    const world = new FakeWorld();
    const faults: Fault[] = [
      { call: 'metadata.registry.commit', when: 'before', times: Infinity },
      { call: 'graph.removeLabel', when: 'before', times: Infinity, error: notAllowed },
    ];
    world.snapshots = ['theirs'];
    const { failure } = await run(world, faults, { maxAttempts: 1 });
    expect(failure?.code).toBe('NEEDS_OPERATOR');
    const { claim } = world;
    if (claim) world.claim = { ...claim, qdrantSnapshotsBefore: ['theirs'], qdrantSnapshots: ['left behind'] };
    world.snapshots = ['theirs', 'left behind', 'taken by hand since'];
    const { outcome } = await run(world);
    expect(outcome).toMatchObject({ outcome: 'committed', counts: { labelled: 25 } });
    expect(world.registry.rows).toMatchObject([{ status: 'rolled_back' }, { status: 'committed' }]);
    expect([...world.folders.keys()].sort()).toEqual(['latest-copy', outcome?.versionId].sort());
    // Only what the dead run wrote down as its own: anybody may have taken the other one.
    expect(world.snapshots).toEqual(['theirs', 'taken by hand since']);
    const report = [...world.reports].find(
      ([path]) => path.includes('report.md') && path.includes(claim?.versionId ?? ''),
    );
    expect(report?.[1]).toContain("taken by hand since on the server: taken meanwhile, not known to be this run's");
    expect(world.labelledTwice).toBe(0);
  });

  test('recognises a dead change by the registry alone, where its claim was lost', async () => {
    const world = new FakeWorld();
    const versionId = 'v1_baseline_20260101_000000';
    world.tables = 'ours';
    world.registry.registerBaseline({
      versionId,
      workflowId: 'dead',
      runId: 'dead1',
      chapterCount: 3,
      paragraphCount: 25,
    });
    world.labelled.add(world.chunks[3] ?? '');
    world.snapshots = ['theirs'];
    const { outcome } = await run(world);
    expect(outcome).toMatchObject({ outcome: 'committed', counts: { labelled: 25 } });
    expect(world.registry.rows).toMatchObject([{ status: 'rolled_back' }, { status: 'committed' }]);
    expect([world.snapshots, world.labelledTwice]).toEqual([['theirs'], 0]);
  });

  test('drives a dead run forward whose commit landed after all', async () => {
    const world = new FakeWorld();
    const versionId = 'v1_baseline_20260101_000000';
    world.tables = 'ours';
    const ids = { workflowId: 'dead', runId: 'dead2' };
    const row = world.registry.registerBaseline({ versionId, ...ids, chapterCount: 3, paragraphCount: 25 });
    world.labelled = new Set(world.chunks);
    world.folders.set(versionId, { runId: 'dead2', files: new Set() });
    world.claim = { base: 'test', ...ids, versionId, label: 'v1_baseline', claimedAt: 'then', tablesBefore: [] };
    world.onIsOpen = () => (row.status = 'committed');
    const { outcome } = await run(world);
    expect(outcome).toMatchObject({ outcome: 'already_registered', versionId });
    expect([world.labelled.size, world.folders.has(versionId), world.claim]).toEqual([25, true, undefined]);
  });

  test.each([
    ['more points than paragraphs', (world: FakeWorld) => (world.points += 1)],
    ['no paragraphs at all', (world: FakeWorld) => ((world.points = 0), world.chunks.splice(0))],
  ])('refuses a base with %s, before anything is touched', async (_, spoil) => {
    const world = new FakeWorld();
    spoil(world);
    const { failure } = await run(world);
    expect(failure?.code).toBe('CHECK_FAILED');
    expect([world.claim, world.tables, world.folders.size]).toEqual([undefined, 'absent', 0]);
  });

  test('refuses where the registry shows a living change, and gives its own claim back', async () => {
    const world = new FakeWorld();
    world.tables = 'ours';
    const versionId = 'v1_baseline_20260101_000000';
    world.registry.registerBaseline({
      versionId,
      workflowId: 'other',
      runId: 'r1',
      chapterCount: 3,
      paragraphCount: 25,
    });
    world.openRuns.add('r1');
    expect((await run(world)).failure?.code).toBe('BASE_BUSY');
    expect(world.claim).toBeUndefined();
    expect(world.registry.rows).toMatchObject([{ status: 'validating' }]);
  });

  test('retries an outage and goes on', async () => {
    const world = new FakeWorld();
    const { outcome, calls } = await run(world, [
      { call: 'vectors.createSnapshot', when: 'after', times: 2 },
      { call: 'graph.labelBatch', when: 'after', skip: 1, times: 1 },
      { call: 'metadata.registry.commit', when: 'after', times: 1 },
    ]);
    expect(outcome).toMatchObject({ outcome: 'committed', counts: { labelled: 25 } });
    expect(calls.filter((call) => call === 'vectors.createSnapshot').length).toBe(3);
    expect(world.snapshots).toEqual([]);
  });

  test.each([
    ['is too much for the server three times is given up for smaller ones', { tooMuch: true }, 1],
    ['meets an outage is repeated as it is', {}, 0],
  ])('a batch of labels that %s', async (_, details, retries) => {
    const world = new FakeWorld();
    const error = () => new HybridFlowError('NEO4J_UNREACHABLE', { found: 'it is busy', details });
    const { outcome } = await run(world, [{ call: 'graph.labelBatch', when: 'before', skip: 1, times: 3, error }]);
    expect(outcome).toMatchObject({ outcome: 'committed', counts: { labelled: 25 } });
    expect(outcome?.warnings.map((said) => said.replace(/^.*(\(3 attempts\)).*$/, '$1'))).toEqual(
      Array(retries).fill('(3 attempts)'),
    );
  });

  test('a copy that cannot be taken is trigger 2, before anything was modified', async () => {
    const world = new FakeWorld();
    const error = () => new HybridFlowError('QDRANT_REFUSED', { found: 'no space for a snapshot' });
    const faults: Fault[] = [{ call: 'vectors.createSnapshot', when: 'before', times: Infinity, error }];
    const { failure, calls } = await run(world, faults);
    expect([failure?.code, failure?.message]).toEqual(['ROLLED_BACK', expect.stringContaining('Trigger 2')]);
    expect(calls).not.toContain('metadata.createTables');
    clean(world);
  });

  test('drives a commit forward whose answer was lost for ever', async () => {
    const world = new FakeWorld();
    const { outcome } = await run(world, [{ call: 'metadata.registry.commit', when: 'after', times: Infinity }], {
      maxAttempts: 2,
    });
    expect(outcome).toMatchObject({ outcome: 'committed', counts: { labelled: 25 } });
    expect(world.labelled.size).toBe(25);
  });

  test('says needs operator where an undo fails, keeps the claim, and the next run continues the undo', async () => {
    const world = new FakeWorld();
    const refused = () => new HybridFlowError('NEO4J_REFUSED', { found: 'removing labels is not allowed' });
    const faults: Fault[] = [
      { call: 'metadata.registry.commit', when: 'before', times: Infinity },
      { call: 'graph.removeLabel', when: 'before', times: Infinity, error: refused },
    ];
    const { failure, view } = await run(world, faults, { maxAttempts: 1 });
    expect(failure?.code).toBe('NEEDS_OPERATOR');
    expect(failure?.message).toContain('labels :v1_baseline');
    expect(view.compensations.find(({ state }) => state === 'failed')?.name).toBe('labels :v1_baseline');
    expect(world.registry.rows).not.toMatchObject([{ status: 'rolled_back' }]);
    expect(world.claim).toBeDefined();
    const next = await run(world);
    expect([next.failure, next.outcome?.outcome]).toEqual([undefined, 'committed']);
    expect(world.registry.rows).toMatchObject([{ status: 'rolled_back' }, { status: 'committed' }]);
    expect(world.labelledTwice).toBe(0);
  });

  test('keeps a secret out of history even where a driver puts it into its message', async () => {
    const leak = () => new HybridFlowError('NEO4J_REFUSED', { found: 'password s3cret is wrong' });
    const { failure } = await run(new FakeWorld(), [
      { call: 'graph.inventory', when: 'before', times: Infinity, error: leak },
    ]);
    expect(failure?.code).toBe('NEO4J_REFUSED');
    expect(JSON.stringify(failure)).not.toContain('s3cret');
  });
});

/** Every port call of a good run, learned from a good run, so that a new step cannot be forgotten here. */
describe('every step made to fail', () => {
  let steps: string[] = [];
  beforeAll(async () => {
    steps = [...new Set((await run(new FakeWorld())).calls)].filter((call) => !HARMLESS.includes(call));
  });

  test('once, before and after its effect: the run still ends committed', async () => {
    await eachOf(faultCases(steps), async ({ call, when }) => {
      const world = new FakeWorld();
      const { outcome } = await run(world, [{ call, when, times: 1 }]);
      expect([call, when, outcome?.outcome, world.labelled.size]).toEqual([call, when, 'committed', 25]);
      expect([call, world.fence, world.snapshots, world.claim]).toEqual([call, undefined, [], undefined]);
    });
  });

  test('for good, before and after its effect: every store is as it was, and the registry says why', async () => {
    const tidying = [...TIDYING, ...WAITED_FOR, 'graph.revokeFence'];
    const forward = steps.filter((call) => !tidying.includes(call));
    expect(forward.length).toBeGreaterThan(20);
    await eachOf(faultCases(forward), async ({ call, when }) => {
      // A commit whose answer is lost is a commit: another test's.
      if (call === 'metadata.registry.commit' && when === 'after') return;
      const world = new FakeWorld();
      // Both attempts of the step fail; the undo, which may use the same port, gets more and finds it mended.
      const { failure } = await run(world, [{ call, when, times: 2, perActivity: true }], { maxAttempts: 2 });
      expect([call, when, failure?.code]).toEqual([
        call,
        when,
        expect.stringMatching(/^(ROLLED_BACK|NEO4J_UNREACHABLE)$/),
      ]);
      expect([call, when, world.traces]).toEqual([call, when, new FakeWorld().traces]);
      const [row] = world.registry.rows;
      expect([call, when, row?.status ?? world.tables]).toEqual([call, when, row ? 'rolled_back' : 'absent']);
      if (row) expect(row.statusMessage).toContain('injected outage');
    });
  });
});
