import type { ActivityDeps } from '../../activities';
import { HybridFlowError } from '../../domain/errors';
import type { RollBackInput } from '../../domain/rollback';
import { LATEST_COPY } from '../../domain/version-id';
import type { rollBackVersion } from '../../workflows';
import { progress } from '../../workflows/messages';
import { publishRuns, type PublishRunHandle } from '../support/fake-publishing';
import { PublishWorld } from '../support/fakes/publish-world';
import { BASELINE, contentOf } from '../support/fakes/restore-world';
import { failureOf } from '../support/workflow-env';

jest.setTimeout(120_000);

const runs = publishRuns('publish-stopped');

async function publish(deps: ActivityDeps): Promise<PublishRunHandle> {
  const handle = await runs.open(deps);
  deps.runs.isOpen = async () => (await handle.describe()).status.name === 'RUNNING';
  return handle;
}

function rollBack(deps: ActivityDeps, input: RollBackInput = { startedBy: 'ada' }, deadRunId?: string) {
  const options = { deadRunId, of: 'publish-rollback' };
  return runs.begin<typeof rollBackVersion>('rollBackVersion', deps, [input], options);
}

function gate() {
  let reached = () => undefined as void;
  const standing = new Promise<void>((resolve) => (reached = resolve));
  let release = () => undefined as void;
  const held = new Promise<void>((resolve) => (release = resolve));
  return { standing, release: () => release(), stand: () => (reached(), held) };
}

/** Rolls back a publication that stands somewhere, and lets it go on once it has been asked to stop. */
async function rolledBackWhere(world: PublishWorld, hold: (deps: ActivityDeps, stand: () => Promise<void>) => void) {
  const { standing, release, stand } = gate();
  const deps = world.deps();
  hold(deps, stand);
  const handle = await publish(deps);
  world.ingest('new');
  const { isOpen } = deps.runs;
  await handle.signal('stagingReady', { by: 'ann' });
  await standing;
  // First it looks whether the run still goes on; once it waits for its end, it has asked it to stop.
  let looks = 0;
  const asked = new Promise<void>((resolve) => {
    deps.runs.isOpen = async (...given) => {
      looks += 1;
      if (looks > 1) resolve();
      return isOpen(...given);
    };
  });
  const { runId } = await handle.describe();
  const rollback = await rollBack(deps, { startedBy: 'ada' }, runId);
  await asked;
  release();
  return { handle, rollback };
}

/** Nothing of the version is left but its row, and production is what it was. */
function expectUntouched(world: PublishWorld): void {
  expect(world.holds).toEqual(contentOf(world.content));
  expect([world.staged, world.claim, world.writeFence.standing, world.fence]).toEqual([
    null,
    undefined,
    undefined,
    undefined,
  ]);
  expect([...world.folders.keys()].sort()).toEqual([LATEST_COPY, BASELINE].sort());
}

test('while staging is open: staging goes, production was not touched, and the record proves it', async () => {
  const world = new PublishWorld();
  const deps = world.deps();
  const handle = await publish(deps);
  world.ingest('half an edition');
  const { versionId } = await handle.query(progress);
  const record = await (await rollBack(deps, { startedBy: 'ada', reason: 'wrong library' })).result();
  expect(record).toMatchObject({ versionId, trigger: null, proven: true, left: [], restored: [] });
  expect(record.reason).toContain('rolled back by ada: wrong library');
  expect((await failureOf(handle.result())).code).toBe('ROLLED_BACK');
  expect(world.registry.find(record.versionId)?.status).toBe('rolled_back');
  expect([world.switched, world.journal.entries]).toEqual([[], []]);
  expectUntouched(world);
});

test('during the switch: what was switched is back, and the journal says undone', async () => {
  const world = new PublishWorld();
  const { handle, rollback } = await rolledBackWhere(world, (_, stand) => {
    world.beforeSwitch = async (store) => (store === 'qdrant' ? stand() : undefined);
  });
  const record = await rollback.result();
  expect(world.switched).toContain('neo4j');
  expect(record).toMatchObject({ proven: true, left: [], trigger: null });
  expect(record.restored).toContain('neo4j');
  expect((await failureOf(handle.result())).code).toBe('ROLLED_BACK');
  expect(world.journal.entries).toMatchObject([{ state: 'undone' }]);
  expect(world.registry.find(record.versionId)?.status).toBe('rolled_back');
  const told = world.registry.log.map(({ operation }) => operation).filter(({ type }) => /mortem|criteria/.test(type));
  // The criteria are the migration's, and this was none.
  expect(told).toMatchObject([{ type: 'post_mortem', status: 'success', details: { steps: record.steps } }]);
  expect(record.steps[7]).toMatchObject({ number: 8, detail: expect.stringContaining('checks passed') as string });
  expect(world.holds).toEqual(contentOf(world.content));
  expect([world.staged, world.claim, world.writeFence.standing]).toEqual([null, undefined, undefined]);
});

test('after the commit: refused as VERSION_COMMITTED, with the restore that undoes it; the version stays', async () => {
  const world = new PublishWorld();
  const { handle, rollback } = await rolledBackWhere(world, (deps, stand) => {
    const { publishLatestCopy } = deps.artifacts;
    deps.artifacts.publishLatestCopy = async (...given) => (await stand(), publishLatestCopy(...given));
  });
  const failure = await failureOf(rollback.result());
  const { versionId, outcome } = await handle.result();
  expect(failure).toMatchObject({
    code: 'VERSION_COMMITTED',
    message: expect.stringMatching(new RegExp(`${versionId} is committed.*hfv restore ${BASELINE}`)) as string,
  });
  expect(outcome).toBe('committed');
  expect(world.holds).toEqual(contentOf('new'));
  expect(world.registry.find(versionId)?.status).toBe('committed');
  // Once it has ended, as well.
  const late = await failureOf((await rollBack(world.deps(), { versionId })).result());
  expect(late).toMatchObject({
    code: 'VERSION_COMMITTED',
    message: expect.stringContaining(`hfv restore ${BASELINE}`) as string,
  });
});

test('after the commit, where the run cannot end what follows it: driven to its end, and the record says so', async () => {
  const world = new PublishWorld();
  const { handle, rollback } = await rolledBackWhere(world, (deps, stand) => {
    const { publishLatestCopy } = deps.artifacts;
    let refusals = 1;
    deps.artifacts.publishLatestCopy = async (...given) => {
      await stand();
      if (refusals-- > 0) throw new HybridFlowError('BACKUPS_UNWRITABLE', { found: 'read-only' });
      return publishLatestCopy(...given);
    };
  });
  const record = await rollback.result();
  expect((await failureOf(handle.result())).code).toBe('NEEDS_OPERATOR');
  expect(record).toMatchObject({ proven: true, reason: expect.stringContaining('driven to its end') as string });
  expect(world.journal.entries).toMatchObject([{ state: 'done' }]);
  expect(world.folders.get(LATEST_COPY)?.manifest?.versionId).toBe(record.versionId);
  expect([world.holds, world.claim]).toEqual([contentOf('new'), undefined]);
});
