import { HybridFlowError } from '../../domain/errors';
import type { RunReport } from '../../domain/report';
import type { RollbackRecord } from '../../domain/rollback';
import { fakeRuns } from '../support/fake-runs';
import { FakeWorld } from '../support/fake-world';
import { withFaults, type Fault } from '../support/faults';
import { failureOf } from '../support/workflow-env';

jest.setTimeout(120_000);

/**
 * Undos that have proven production, given the row its verdict, and failed or died before the last word: whoever
 * continues goes by the verdict, and by nothing that may be gone or somebody else's by then.
 */

const runs = fakeRuns('judged');
const refused = () => new HybridFlowError('ARTIFACT_DAMAGED', { found: 'the backups folder is read-only' });
const NO_COMMIT: Fault = { call: 'metadata.registry.commit', when: 'before', times: Infinity };
const settling = (when: Fault['when'], times = Infinity): Fault => {
  return { call: 'artifacts.settleLatestCopy', when, times, error: refused };
};

type Deps = ReturnType<FakeWorld['deps']>;

/** A baseline that is undone but for latest-copy: `after` it is gone and nobody knows, `before` it is still there. */
async function judged(world: FakeWorld, when: Fault['when'], deps: Deps = world.deps()): Promise<string> {
  const run = await runs.start(withFaults(deps, [NO_COMMIT, settling(when)]).deps, { input: { maxAttempts: 1 } });
  const failure = await failureOf(run.result());
  expect([failure.code, failure.message]).toEqual(['NEEDS_OPERATOR', expect.stringContaining('read-only')]);
  const [row] = world.registry.rows;
  expect([row?.status, world.folders.has('latest-copy')]).toEqual(['rolled_back', when === 'before']);
  expect(world.claim?.versionId).toBe(row?.versionId);
  return row?.runId ?? '';
}

const continued = async (world: FakeWorld, runId: string): Promise<RollbackRecord> =>
  (await runs.rollBack(world.deps(), {}, runId)).result();
const stepOf = (record: RollbackRecord, wanted: number) => record.steps.find(({ number }) => number === wanted);
const rollbackRows = (world: FakeWorld) =>
  world.registry.log.flatMap(({ operation: { type, status } }) => (type === 'rollback' ? [status] : []));
const postMortems = (world: FakeWorld) =>
  world.registry.log.flatMap(({ operation }) => (operation.type === 'post_mortem' ? [operation] : []));

test('the copy that an undo let go of is not missed, even where that undo could tell nothing', async () => {
  const world = new FakeWorld(25);
  const runId = await judged(world, 'after');
  // As where its worker was killed.
  world.reports.clear();
  const record = await continued(world, runId);
  expect(record).toMatchObject({ proven: true, left: [], next: null, proof: [], verdict: { restored: [] } });
  expect(record.verdict?.proof.map(({ store, same }) => [store, same])).toEqual([
    ['sqlite', true],
    ['qdrant', true],
    ['neo4j', true],
  ]);
  expect(stepOf(record, 6)).toMatchObject({ state: 'not needed', detail: expect.stringContaining('judged') as string });
  expect(world.traces).toEqual(new FakeWorld(25).traces);
});

test('the rows and the report tell what the first undo proved, and how it ended', async () => {
  const world = new FakeWorld(25);
  const runId = await judged(world, 'before');
  expect(rollbackRows(world)).toEqual(['success']);
  await continued(world, runId);
  expect(rollbackRows(world)).toEqual(['success']);
  expect(postMortems(world).map(({ status }) => status)).toEqual(['failed', 'success']);
  expect(postMortems(world)[1]?.details).toMatchObject({ proven: true, proof: [{ same: true }, {}, {}] });
  const [row] = world.registry.rows;
  const report = JSON.parse(world.reports.get(`${row?.versionId}/report.json`) ?? 'null') as RunReport;
  expect(report).toMatchObject({ outcome: 'rolled_back', rollback: { proven: true, left: [] } });
  expect(report.rollback?.proof.map(({ same, expected }) => [same, expected.items > 0])).toEqual(
    Array(3).fill([true, true]),
  );
});

test.each<[string, (world: FakeWorld) => void]>([
  ['what others write to production after the verdict stays', (world) => (world.chunks[0] = 'bailey:ch1:new')],
  ['a copy that is damaged by then is not asked for', (world) => world.folders.delete('latest-copy')],
])('%s', async (_, happens) => {
  const world = new FakeWorld(25);
  const runId = await judged(world, 'before');
  happens(world);
  const chunks = [...world.chunks];
  expect(await continued(world, runId)).toMatchObject({ proven: true, left: [], restored: [], savedTo: null });
  expect([world.chunks, world.claim]).toEqual([chunks, undefined]);
  expect(world.folders.has('latest-copy')).toBe(false);
});

test('a verdict on a production that differed, by somebody else, proves nothing', async () => {
  const world = new FakeWorld(25);
  const deps = world.deps();
  const { exportTo, mark } = deps.graph;
  let writes = 0;
  deps.graph.mark = async () => ({ ...(await mark()), value: `${writes}` });
  // Somebody writes while latest-copy is taken.
  deps.graph.exportTo = async (...given) => {
    const taken = await exportTo(...given);
    if (writes++ === 0) world.chunks[0] = 'bailey:ch1:new';
    return taken;
  };
  const runId = await judged(world, 'after', deps);
  const record = await continued(world, runId);
  expect(record).toMatchObject({ proven: false, left: [], restored: [] });
  expect(stepOf(record, 7)?.detail).toContain('neo4j differed, by somebody else');
  expect(world.chunks[0]).toBe('bailey:ch1:new');
});

test('a run that is asked to stop, and cannot end its undo, is undone by whoever asked', async () => {
  const world = new FakeWorld(25);
  const { reached, letGo } = world.holdBatch(1);
  const run = await runs.start(withFaults(world.deps(), [settling('before', 1)]).deps);
  await reached;
  const { runId } = await run.describe();
  world.openRuns.add(runId);
  // Whoever waits for the run to end has asked it to stop before.
  let asked = 0;
  world.onIsOpen = () => (++asked === 2 ? letGo() : undefined);
  const ended = failureOf(run.result()).finally(() => world.openRuns.delete(runId));
  const rolling = await runs.rollBack(world.deps(), {}, runId);
  expect((await ended).code).toBe('NEEDS_OPERATOR');
  expect(await rolling.result()).toMatchObject({ proven: true, left: [], next: null });
  expect(world.traces).toEqual(new FakeWorld(25).traces);
});
