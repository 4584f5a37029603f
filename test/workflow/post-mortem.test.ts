import type { BaselineOutcome } from '../../domain/baseline';
import type { CheckResult } from '../../domain/checks';
import { HybridFlowError } from '../../domain/errors';
import type { Operation } from '../../domain/registry';
import type { RunReport } from '../../domain/report';
import type { RollbackStep } from '../../domain/rollback';
import { fakeRuns } from '../support/fake-runs';
import { FakeWorld } from '../support/fake-world';
import { withFaults, type Fault } from '../support/faults';
import { failureOf } from '../support/workflow-env';

jest.setTimeout(120_000);

/** What a run that was undone leaves of itself: in its result, in operation_log, and in its report. */

const runs = fakeRuns('post-mortem');
const refused = () => new HybridFlowError('NEO4J_REFUSED', { found: 'not allowed' });
const NO_COMMIT: Fault = { call: 'metadata.registry.commit', when: 'before', times: Infinity, error: refused };
const NO_UNDO: Fault = { call: 'graph.removeLabel', when: 'before', times: Infinity, error: refused };

const operations = ({ registry }: FakeWorld, type: string): Operation[] =>
  registry.log.map(({ operation }) => operation).filter((operation) => operation.type === type);
const told = (world: FakeWorld) => ({
  criteria: operations(world, 'success_criteria').map(({ status, details }) => [status, details.criteria]),
  postMortems: operations(world, 'post_mortem').map(({ status }) => status),
});
const reportOf = (world: FakeWorld, versionId: string) =>
  JSON.parse(world.reports.get(`${versionId}/report.json`) ?? 'null') as RunReport;

/** A run that cannot commit, and how it ended. */
async function fail(world: FakeWorld, faults: Fault[] = [NO_COMMIT], deps = world.deps()): Promise<BaselineOutcome> {
  const failure = await failureOf((await runs.start(withFaults(deps, faults).deps)).result());
  return failure.details[1] as BaselineOutcome;
}

/** A run that is killed while it labels; answers its version and run id. */
async function killed(world: FakeWorld): Promise<{ versionId: string; runId: string }> {
  let reached = () => undefined as void;
  const atSecond = new Promise<void>((resolve) => (reached = resolve));
  let release = () => undefined as void;
  const held = new Promise<void>((resolve) => (release = resolve));
  world.onBatch = async (batch) => {
    if (batch !== 2) return;
    reached();
    await held;
  };
  const handle = await runs.start(world.deps());
  await atSecond;
  await handle.terminate('killed');
  release();
  return { versionId: world.claim?.versionId ?? '', runId: world.claim?.runId ?? '' };
}

test('the eight criteria of what the run had reached are the same wherever they are told', async () => {
  const world = new FakeWorld();
  const outcome = await fail(world);
  expect(outcome.outcome).toBe('rolled_back');
  const { criteria = [] } = outcome;
  // Judged before anything was undone: all but the commit itself was there.
  expect(criteria.map(({ number, passed }) => [number, passed])).toEqual([
    [1, false],
    ...[2, 3, 4, 5, 6, 7, 8].map((number) => [number, true]),
  ]);
  expect(criteria[0]?.actual).toContain('status: validating');
  expect(told(world).criteria).toEqual([['failed', criteria]]);
  expect(reportOf(world, outcome.versionId)).toMatchObject({ criteria, rollback: { criteria } });
});

test('the validation after the rollback is in operation_log, with all eight steps', async () => {
  const world = new FakeWorld();
  const { versionId, rollback, trigger } = await fail(world);
  const [operation] = operations(world, 'post_mortem');
  expect(operation).toMatchObject({ status: 'success', completedAt: expect.any(String) as string });
  const { steps, checks, ...rest } = operation?.details as { steps: RollbackStep[]; checks: CheckResult[] };
  expect(rest).toMatchObject({ trigger, reason: rollback?.reason, proven: true, restored: [], left: [] });
  expect(steps).toEqual(rollback?.steps);
  expect(steps.map(({ number }) => number)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
  expect(steps[7]).toMatchObject({ state: 'done', detail: expect.stringContaining('checks passed') as string });
  expect(new Set(checks.map(({ number }) => number))).toEqual(new Set([1, 2, 3, 4, 5, 6, 7]));
  expect(checks).toEqual(
    rollback?.checks.map(({ number, name, passed, actual, expected }) => ({ number, name, passed, actual, expected })),
  );
  expect(world.registry.log.filter((one) => one.operation === operation)).toMatchObject([{ versionId }]);
});

test('a refusal changes nothing and leaves no row: its report tells that nothing was reached', async () => {
  const world = new FakeWorld();
  const handle = await runs.start(world.deps(), { input: { planHash: '0'.repeat(64) } });
  expect((await failureOf(handle.result())).code).toBe('PLAN_CHANGED');
  expect(world.registry.log).toEqual([]);
  const [text = 'null'] = [...world.reports].flatMap(([path, each]) => (path.endsWith('/report.json') ? [each] : []));
  const { criteria } = JSON.parse(text) as RunReport;
  expect(criteria.map(({ passed }) => passed)).toEqual(Array(8).fill(false));
});

test('what is left half undone keeps the judgement of its run, whoever ends the undo', async () => {
  const world = new FakeWorld();
  const outcome = await fail(world, [NO_COMMIT, NO_UNDO]);
  const { criteria, versionId } = outcome;
  expect([outcome.outcome, criteria?.length]).toEqual(['needs_operator', 8]);
  expect(told(world)).toEqual({ criteria: [['failed', criteria]], postMortems: ['failed'] });
  const runId = world.claim?.runId;
  const record = await (await runs.rollBack(world.deps(), {}, runId)).result();
  expect(record.criteria).toEqual(criteria);
  expect(operations(world, 'post_mortem').map(({ status, details }) => [status, details.proven])).toEqual([
    ['failed', false],
    ['success', true],
  ]);
  expect(operations(world, 'success_criteria').at(-1)?.details).toEqual({ criteria });
  expect(operations(world, 'post_mortem')[1]?.details).toMatchObject({ steps: record.steps, left: [] });
  expect(reportOf(world, versionId).criteria).toEqual(criteria);
});

test('of a run that was killed it is said that nothing is judged', async () => {
  const world = new FakeWorld(45);
  const { versionId, runId } = await killed(world);
  const record = await (await runs.rollBack(world.deps(), {}, runId)).result();
  const { criteria = [] } = record;
  expect(criteria.map(({ number, passed }) => [number, passed])).toEqual(
    [1, 2, 3, 4, 5, 6, 7, 8].map((n) => [n, false]),
  );
  expect(new Set(criteria.map(({ actual }) => actual))).toEqual(new Set([expect.stringMatching(/^not judged: /)]));
  expect(told(world)).toEqual({ criteria: [['failed', criteria]], postMortems: ['success'] });
  expect(operations(world, 'post_mortem')[0]?.details).toMatchObject({ steps: record.steps, proven: true });
  expect(reportOf(world, versionId)).toMatchObject({ outcome: 'rolled_back', criteria });
});

describe('telling it never spoils a rollback that is good', () => {
  /** The registry as it is, but for the last word on a rollback. */
  function withTelling(world: FakeWorld, tell: (write: () => void) => void): FakeWorld {
    const { registry } = world;
    const write = registry.logOperations.bind(registry);
    registry.logOperations = (versionId, given) => {
      const last = given.some(({ type }) => type === 'post_mortem');
      if (last) tell(() => write(versionId, given));
      else write(versionId, given);
    };
    return world;
  }

  test('where it cannot be written, the report has it', async () => {
    const world = withTelling(new FakeWorld(), () => {
      throw refused();
    });
    const outcome = await fail(world);
    expect(outcome).toMatchObject({ outcome: 'rolled_back', rollback: { proven: true } });
    expect(told(world)).toEqual({ criteria: [], postMortems: [] });
    expect(reportOf(world, outcome.versionId).criteria).toEqual(outcome.criteria);
    expect(world.traces).toEqual(new FakeWorld().traces);
  });

  test('where its answer is lost, it is there once', async () => {
    let lost = 0;
    const world = withTelling(new FakeWorld(), (write) => {
      write();
      if (++lost === 1) throw new HybridFlowError('NEO4J_UNREACHABLE', { found: 'the answer is lost' });
    });
    const { criteria } = await fail(world);
    expect([lost, told(world)]).toEqual([2, { criteria: [['failed', criteria]], postMortems: ['success'] }]);
  });

  test('where the base has become somebody else’s, nothing is written beside their change', async () => {
    const world = new FakeWorld();
    const deps = world.deps();
    const { releaseClaim } = deps.artifacts;
    const theirs = { workflowId: 'w', runId: 'theirs', versionId: 'v2', label: 'v2', claimedAt: 'now' };
    deps.artifacts.releaseClaim = async (runId) => {
      await releaseClaim(runId);
      world.claim = { base: 'test', ...theirs };
    };
    expect(await fail(world, [NO_COMMIT], deps)).toMatchObject({ outcome: 'rolled_back' });
    expect(told(world)).toEqual({ criteria: [], postMortems: [] });
  });
});
