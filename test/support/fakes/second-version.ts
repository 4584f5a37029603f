import { LATEST_COPY } from '../../../domain/version-id';
import { BASELINE, contentOf, RestoreWorld } from './restore-world';

export const SECOND = 'v2_minor_20260102_000000';

/** Production is v2, and latest-copy with it. */
export function secondVersion(): RestoreWorld {
  const world = new RestoreWorld();
  world.register(SECOND);
  world.seal(SECOND, 'second');
  world.seal(LATEST_COPY, 'second', { versionId: SECOND });
  Object.assign(world.holds, contentOf('second'));
  world.journal.entries.push({
    ...{ id: 1, kind: 'promote', versionId: SECOND, previousVersionId: BASELINE, state: 'done' },
    ...{ stores: ['sqlite', 'qdrant', 'neo4j'], details: {}, workflowId: 'w', runId: 'run of v2' },
    ...{ startedAt: '', committedAt: '', endedAt: '' },
  });
  return world;
}

/** Nothing but production may show that a restore was tried. */
export function expectTidy(world: RestoreWorld): void {
  expect([world.claim, world.writeFence.read(), [...world.asides], world.fence]).toEqual([
    undefined,
    undefined,
    [],
    undefined,
  ]);
  expect(world.journal.entries.filter(({ state }) => state === 'switching' || state === 'committed')).toEqual([]);
  expect([...world.folders.keys()].filter((name) => name.startsWith('.'))).toEqual([]);
}
