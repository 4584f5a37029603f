import { renderRollback } from '../../client/render/rollback';
import { healthWorkflowId, undoWorkflowId } from '../../domain/names';
import type { RollbackRecord } from '../../domain/rollback';
import { LATEST_COPY } from '../../domain/version-id';
import type { rollBackVersion } from '../../workflows';
import { PublishWorld } from '../support/fakes/publish-world';
import { contentOf } from '../support/fakes/restore-world';
import { publishRuns } from '../support/fake-publishing';
import { plain } from '../unit/client/support';

/** Three seconds by the journal, which keeps whole ones. */
const AT_MOST = { disagreedAtMostMs: 4_000 };

jest.setTimeout(60_000);

const fakes = publishRuns('driven');

/** Ends a publication from outside when it is committed and sealed, and nothing else has followed. */
async function terminated(world: PublishWorld): Promise<{ runId: string; versionId: string }> {
  const deps = world.deps();
  let reached = () => undefined as void;
  const standing = new Promise<void>((resolve) => (reached = resolve));
  let release = () => undefined as void;
  const held = new Promise<void>((resolve) => (release = resolve));
  deps.artifacts.publishLatestCopy = async () => {
    reached();
    await held;
    throw new Error('its run was ended');
  };
  const handle = await fakes.open(deps);
  world.ingest('new');
  await handle.executeUpdate('stagingReady', { args: [{ by: 'ann' }] });
  await standing;
  const { runId } = await handle.describe();
  await handle.terminate('killed by a test');
  release();
  const [entry] = world.journal.entries;
  expect(entry).toMatchObject({ state: 'committed', runId });
  // As if the stores had taken their time.
  Object.assign(entry ?? {}, { startedAt: '2026-01-01T00:00:01.000Z', committedAt: '2026-01-01T00:00:04.000Z' });
  return { runId, versionId: entry?.versionId ?? '' };
}

async function rolledBack(world: PublishWorld, deadRunId: string): Promise<RollbackRecord> {
  const deps = world.deps();
  const options = { deadRunId, of: 'driven-rollback' };
  return (await fakes.begin<typeof rollBackVersion>('rollBackVersion', deps, [{}], options)).result();
}

const logged = (world: PublishWorld, wanted: string) =>
  world.registry.log.map(({ operation }) => operation).filter(({ type }) => type === wanted);

async function healthOf(versionId: string): Promise<string> {
  const handle = fakes.env().client.workflow.getHandle(healthWorkflowId('test', versionId));
  const { status } = await handle.describe();
  await handle.terminate('the test is over');
  return status.name;
}

function expectEnded(world: PublishWorld, versionId: string): void {
  expect(world.journal.entries).toMatchObject([{ state: 'done', versionId }]);
  expect(world.folders.get(LATEST_COPY)?.manifest?.versionId).toBe(versionId);
  expect(world.writeFence.standing).toBeUndefined();
}

test('a publication that died behind its commit ends as it would have: proven, in its window, its health checked later', async () => {
  const world = new PublishWorld();
  const { runId, versionId } = await terminated(world);
  const record = await rolledBack(world, runId);
  expect(record).toMatchObject({
    versionId,
    proven: true,
    next: null,
    reason: expect.stringContaining('driven') as string,
  });
  expect(record.proof.map(({ store, same }) => [store, same])).toEqual([
    ['sqlite', true],
    ['qdrant', true],
    ['neo4j', true],
  ]);
  expect(logged(world, 'driven_forward')).toMatchObject([
    {
      status: 'success',
      details: { ...AT_MOST, proven: true, fingerprints: [{ same: true }, { same: true }, { same: true }] },
    },
  ]);
  expect(record.driven).toEqual({ versionId, ...AT_MOST });
  const told = renderRollback(record, plain);
  expect(told).toContain(`Driven to its end ${versionId}`);
  expect(told).toContain('the stores disagreed for at most 4.0 s');
  expect(logged(world, 'retention')).toMatchObject([{ details: { startedBy: `${versionId}, driven to its end` } }]);
  expect(await healthOf(versionId)).toBe('RUNNING');
  expectEnded(world, versionId);
  expect([world.claim, world.holds]).toEqual([undefined, contentOf('new')]);
});

test('it is not called proven where production is no longer what it committed, though what it had captured is', async () => {
  const world = new PublishWorld();
  const { runId, versionId } = await terminated(world);
  world.contaminate('qdrant');
  const record = await rolledBack(world, runId);
  expect(record).toMatchObject({
    proven: false,
    reason: expect.stringContaining('qdrant') as string,
    next: expect.stringContaining(versionId) as string,
  });
  expect(logged(world, 'driven_forward')).toMatchObject([{ status: 'failed', details: { proven: false, ...AT_MOST } }]);
  await healthOf(versionId);
  expectEnded(world, versionId);
});

test('nor where nobody could look', async () => {
  const world = new PublishWorld();
  const { runId, versionId } = await terminated(world);
  for (const key of [...world.reports.keys()]) if (key.includes('expected-')) world.reports.delete(key);
  const record = await rolledBack(world, runId);
  expect(record).toMatchObject({ proven: false, proof: [{ same: true }, { same: true }, { same: true }] });
  await healthOf(versionId);
  expectEnded(world, versionId);
});

test('the next publication drives it to its end, and applies its window once it holds the claim itself', async () => {
  const world = new PublishWorld();
  const { runId, versionId } = await terminated(world);
  const deps = world.deps();
  fakes.workers().assign(undoWorkflowId(deps.settings.base, runId), deps);
  const claims: unknown[] = [];
  const { listVersions } = deps.artifacts;
  deps.artifacts.listVersions = async () => {
    claims.push(world.claim?.runId);
    return listVersions();
  };
  const next = await fakes.open(deps);
  const nextRunId = (await next.describe()).runId;
  expect(logged(world, 'driven_forward')).toMatchObject([{ details: AT_MOST }]);
  expect(logged(world, 'retention')).toHaveLength(1);
  expect(new Set(claims)).toEqual(new Set([nextRunId]));
  expect(await healthOf(versionId)).toBe('RUNNING');
  expect(world.journal.entries).toMatchObject([{ state: 'done', versionId }]);
  await next.executeUpdate('cancel', { args: [{ by: 'ann' }] });
  await next.result();
});
