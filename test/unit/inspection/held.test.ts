import { findHolds } from '../../../inspection/retention/held';
import { RestoreWorld } from '../../support/fakes/restore-world';

const [OLDER, CURRENT] = ['v2_minor_20260102_000000', 'v3_minor_20260103_000000'];

function switching(world: RestoreWorld, details: Record<string, unknown>): void {
  world.journal.entries.push({
    ...{ id: 1, kind: 'restore', versionId: CURRENT, previousVersionId: CURRENT, state: 'switching' },
    ...{ stores: ['sqlite'], details, workflowId: 'w', runId: 'r' },
    ...{ startedAt: '', committedAt: null, endedAt: null },
  });
}

test('what a restore puts back is in use, even where the switch is not of that version', async () => {
  const world = new RestoreWorld();
  switching(world, { source: { asked: OLDER, folder: OLDER, versionId: OLDER, recovery: null } });
  const { inUse } = await findHolds(world.deps());
  expect([...inUse.keys()].sort()).toEqual([OLDER, CURRENT]);
  expect(inUse.get(OLDER)).toBe('a restore reads from it and is not ended');
});

test('and from the claim on, before there is a switch', async () => {
  const world = new RestoreWorld();
  const deps = world.deps();
  await deps.artifacts.claim({
    ...{ base: 'test', kind: 'restore', workflowId: 'w', runId: 'r', versionId: `restore-${OLDER}`, label: 'none' },
    ...{ from: OLDER, claimedAt: '2026-01-01T00:00:00.000Z' },
  });
  expect((await findHolds(deps)).inUse.get(OLDER)).toBe('a change begins with it');
});

test('a journal that tells of no source holds nothing more', async () => {
  const world = new RestoreWorld();
  for (const source of [undefined, null, 'text', {}]) switching(world, { source });
  expect([...(await findHolds(world.deps())).inUse.keys()]).toEqual([CURRENT]);
});
