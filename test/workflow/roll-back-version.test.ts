import type { BaselineOutcome, CompensationResult } from '../../domain/baseline';
import { HybridFlowError } from '../../domain/errors';
import type { RunReport } from '../../domain/report';
import type { RollBackInput } from '../../domain/rollback';
import { fakeRuns } from '../support/fake-runs';
import { FakeWorld } from '../support/fake-world';
import { withFaults, type Fault } from '../support/faults';
import { failureOf } from '../support/workflow-env';

jest.setTimeout(120_000);

const runs = fakeRuns('rollback');
const refused = () => new HybridFlowError('NEO4J_REFUSED', { found: 'removing labels is not allowed' });

/** A run of which one undo fails for good: what it leaves is a rollback's to do. */
async function leaveHalfUndone(world: FakeWorld): Promise<{ versionId: string; runId: string }> {
  const faults: Fault[] = [
    { call: 'metadata.registry.commit', when: 'before', times: Infinity },
    { call: 'graph.removeLabel', when: 'before', times: Infinity, error: refused },
  ];
  const handle = await runs.start(withFaults(world.deps(), faults).deps, { input: { maxAttempts: 1 } });
  const failure = await failureOf(handle.result());
  expect(failure.code).toBe('NEEDS_OPERATOR');
  const { versionId, rollback } = failure.details[1] as BaselineOutcome;
  expect(rollback).toMatchObject({ proven: false, next: 'hfv rollback --continue' });
  expect(rollback?.left).toEqual([expect.stringContaining('labels :v1_baseline (NEO4J_REFUSED')]);
  const row = world.registry.find(versionId);
  return { versionId, runId: row?.runId ?? '' };
}

const reportOf = (world: FakeWorld, versionId: string) =>
  JSON.parse(world.reports.get(`${versionId}/report.json`) ?? 'null') as RunReport;

test('goes on where an undo was left half done, to a proven end, and the report says so', async () => {
  const world = new FakeWorld(25);
  const { versionId, runId } = await leaveHalfUndone(world);
  expect(reportOf(world, versionId).outcome).toBe('needs_operator');
  const rollbacks = () =>
    world.registry.log.map(({ operation }) => operation).filter(({ type }) => type === 'rollback');
  expect(rollbacks()).toMatchObject([{ status: 'failed', completedAt: expect.any(String) as string }]);
  const { compensations } = rollbacks()[0]?.details as { compensations: CompensationResult[] };
  expect(compensations.find(({ state }) => state === 'failed')?.name).toBe('labels :v1_baseline');
  const record = await (await runs.rollBack(world.deps(), {}, runId)).result();
  expect(record).toMatchObject({ versionId, proven: true, left: [], next: null, restored: [] });
  expect(record.steps.map(({ number, state }) => [number, state])).toEqual([
    [1, 'done'],
    [2, 'done'],
    [3, 'not needed'],
    [4, 'not needed'],
    [5, 'done'],
    [6, 'done'],
    [7, 'not needed'],
    [8, 'done'],
  ]);
  expect(world.traces).toEqual(new FakeWorld(25).traces);
  expect(world.registry.rows).toMatchObject([{ versionId, status: 'rolled_back' }]);
  expect(rollbacks().map(({ status }) => status)).toEqual(['failed', 'success']);
  const report = reportOf(world, versionId);
  expect(report).toMatchObject({ outcome: 'rolled_back', trigger: { trigger: 3 }, rollback: { proven: true } });
});

test('says again what is left where the cause is not mended, and can be run again', async () => {
  const world = new FakeWorld(25);
  const { versionId, runId } = await leaveHalfUndone(world);
  const faults: Fault[] = [{ call: 'graph.removeLabel', when: 'before', times: Infinity, error: refused }];
  const failure = await failureOf((await runs.rollBack(withFaults(world.deps(), faults).deps, {}, runId)).result());
  expect(failure).toMatchObject({
    code: 'NEEDS_OPERATOR',
    message: expect.stringContaining('NEO4J_REFUSED') as string,
  });
  expect(world.claim?.versionId).toBe(versionId);
  const open = world.registry.log.filter(({ operation }) => operation.type === 'rollback' && !operation.completedAt);
  expect(open).toEqual([]);
  expect(world.registry.rows).toMatchObject([{ status: 'rolling_back' }]);
  const record = await (await runs.rollBack(world.deps(), {}, runId)).result();
  expect([record.proven, world.labelled.size]).toEqual([true, 0]);
});

test('a copy that somebody took away before the row was judged is asked for', async () => {
  const world = new FakeWorld(25);
  const { runId } = await leaveHalfUndone(world);
  const copy = world.folders.get('latest-copy');
  if (!copy) throw new Error('there is no latest-copy');
  world.folders.delete('latest-copy');
  const failure = await failureOf((await runs.rollBack(world.deps(), {}, runId)).result());
  expect(failure).toMatchObject({ code: 'NEEDS_OPERATOR', message: expect.stringContaining('no copy') as string });
  world.folders.set('latest-copy', copy);
  expect(await (await runs.rollBack(world.deps(), {}, runId)).result()).toMatchObject({ proven: true, left: [] });
});

test('asks a run under way to stop, and answers what it told of its own undo', async () => {
  const world = new FakeWorld(60);
  const { reached, letGo } = world.holdBatch(3);
  const run = await runs.start(world.deps());
  await reached;
  const { runId } = await run.describe();
  world.openRuns.add(runId);
  void run.result().then(
    () => world.openRuns.delete(runId),
    () => world.openRuns.delete(runId),
  );
  const rolling = await runs.rollBack(world.deps(), { reason: 'wrong night', startedBy: 'ada' });
  letGo();
  const record = await rolling.result();
  expect(record).toMatchObject({
    proven: true,
    trigger: null,
    reason: expect.stringContaining('wrong night') as string,
  });
  expect((await failureOf(run.result())).code).toBe('ROLLED_BACK');
  expect(world.traces).toEqual(new FakeWorld(60).traces);
});

test.each<[string, RollBackInput, string]>([
  ['a committed baseline', {}, 'BASELINE_IMMUTABLE'],
  ['a version that nobody knows', { versionId: 'v2_minor_20260101_000000' }, 'VERSION_UNKNOWN'],
])('refuses %s, and changes nothing', async (_, input, code) => {
  const world = new FakeWorld(25);
  const outcome = await (await runs.start(world.deps())).result();
  const { labelled } = world;
  const wanted = input.versionId ?? outcome.versionId;
  const failure = await failureOf((await runs.rollBack(world.deps(), { versionId: wanted })).result());
  expect(failure.code).toBe(code);
  expect([world.labelled.size, labelled.size]).toEqual([25, 25]);
  expect(world.registry.rows).toMatchObject([{ status: 'committed' }]);
});

test('refuses where there is nothing to roll back', async () => {
  const failure = await failureOf((await runs.rollBack(new FakeWorld().deps())).result());
  expect(failure.code).toBe('NOT_RUNNING');
});
