import type { ActivityDeps } from '../../activities';
import type { RestoreInput } from '../../domain/restore';
import type { RollBackInput } from '../../domain/rollback';
import type { restoreVersion, rollBackVersion } from '../../workflows';
import { BASELINE, contentOf, RestoreWorld } from '../support/fakes/restore-world';
import { expectTidy, secondVersion } from '../support/fakes/second-version';
import { failureOf } from '../support/workflow-env';
import { fakeWorkers } from '../support/fake-workers';

jest.setTimeout(120_000);

const fakes = fakeWorkers('restore-stopped', () => new RestoreWorld().deps());

const start = (deps: ActivityDeps, input: RestoreInput | null) =>
  fakes.start<typeof restoreVersion>('restoreVersion', deps, [input]);

describe('rolled back while it runs', () => {
  /** Holds the restore until the rollback has asked it to stop. */
  async function rolledBackAt(world: RestoreWorld, hold: (deps: ActivityDeps, stand: () => Promise<void>) => void) {
    let reached = () => undefined as void;
    const standing = new Promise<void>((resolve) => (reached = resolve));
    let release = () => undefined as void;
    const held = new Promise<void>((resolve) => (release = resolve));
    const deps = world.deps();
    hold(deps, () => (reached(), held));
    const handle = await start(deps, { version: BASELINE });
    const isOpen = async () => (await handle.describe()).status.name === 'RUNNING';
    deps.runs.isOpen = isOpen;
    await standing;
    expect(world.claim).toMatchObject({ kind: 'restore', from: BASELINE });
    // First it looks whether the run still goes on; once it waits for its end, it has asked it to stop.
    let looks = 0;
    const asked = new Promise<void>((resolve) => {
      deps.runs.isOpen = async () => {
        looks += 1;
        if (looks > 1) resolve();
        return isOpen();
      };
    });
    const args: [RollBackInput] = [{ startedBy: 'ada' }];
    const of = 'restore-rollback';
    const rollback = await fakes.start<typeof rollBackVersion>('rollBackVersion', deps, args, { of });
    await asked;
    release();
    return { record: await rollback.result(), failure: await handle.result().then(() => null, rootCause) };
  }
  const rootCause = async (error: unknown) => failureOf(rethrown(error));
  const rethrown = async (error: unknown): Promise<never> => {
    throw error;
  };

  test('before its switch: nothing was changed, and the record says that it is rolled back', async () => {
    const world = secondVersion();
    const { record } = await rolledBackAt(world, (deps, stand) => {
      const { fingerprintExport } = deps.graph;
      deps.graph.fingerprintExport = async (...given) => (await stand(), fingerprintExport(...given));
    });
    expect(record).toMatchObject({ proven: true, left: [], reason: expect.stringContaining('no store') as string });
    expect([world.restored, world.holds]).toEqual([[], contentOf('second')]);
    expectTidy(world);
  });

  test('during its switch: what it switched is back', async () => {
    const world = secondVersion();
    const { record, failure } = await rolledBackAt(world, (deps, stand) => {
      const { restoreFrom } = deps.graph;
      let first = true;
      deps.graph.restoreFrom = async (...given) => {
        const done = await restoreFrom(...given);
        if (first) await stand();
        first = false;
        return done;
      };
    });
    expect(record).toMatchObject({ proven: true, left: [], reason: expect.stringContaining('are back') as string });
    expect(failure?.code).toBe('ROLLED_BACK');
    expect(world.holds).toEqual(contentOf('second'));
    expectTidy(world);
  });

  test('too late: it is driven to its end, and the record says so', async () => {
    const world = secondVersion();
    const { record, failure } = await rolledBackAt(world, (deps, stand) => {
      const { publishLatestCopy } = deps.artifacts;
      deps.artifacts.publishLatestCopy = async (...given) => (await stand(), publishLatestCopy(...given));
    });
    expect(record.reason).toContain('driven to its end');
    expect([failure, world.holds]).toEqual([null, contentOf('as it was')]);
    expectTidy(world);
  });
});
