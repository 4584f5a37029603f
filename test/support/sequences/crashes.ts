import type { WorkflowHandle } from '@temporalio/client';
import type { PublishOutcome } from '../../../domain/publish';
import type { RollbackRecord } from '../../../domain/rollback';
import { failureOf } from '../workflow-env';
import { at, retain, stage, type Deed } from './commands';
import type { Model } from './model';
import type { Trap } from './run-traps';
import type { World } from './world';

/** Who continues: the rollback that a person asks for, or whichever change comes next. */
export type Continued = 'by a rollback' | 'by a staging' | 'by a restore' | Twice;

/** A rollback that dies there itself, and one more. */
export interface Twice {
  rollback: Trap;
}

export interface Crash extends Trap {
  /** Whether its switch is behind its commit point there, so that it is driven forward. */
  committed: boolean;
  /** Nothing of it is left but its row: there is nothing to continue. */
  over?: boolean;
}

const around = (committed: boolean, ...calls: string[]): Crash[] =>
  calls.flatMap((call) => [
    { call, when: 'before', committed },
    { call, when: 'after', committed },
  ]);
const commitPoint = (call: string): Crash[] => [
  { call, when: 'before', committed: false },
  { call, when: 'after', committed: true },
];

export const STAGING_CRASHES: readonly Crash[] = [
  ...around(false, 'metadata.registry.open', 'metadata.prepareStaging', 'vectors.prepareStaging'),
  { call: 'artifacts.claim', when: 'after', committed: false },
  { call: 'graph.removeStaging', when: 'before', committed: false },
];

export const PROMOTE_CRASHES: readonly Crash[] = [
  ...around(false, 'metadata.journal.begin', 'graph.switchStaged', 'vectors.applyDelta'),
  ...commitPoint('metadata.journal.commitPromote'),
  ...around(true, 'metadata.dropStaging', 'vectors.dropStaging', 'graph.removeStaging', 'graph.labelBatch'),
  ...around(
    true,
    'vectors.createSnapshot',
    'vectors.downloadSnapshot',
    'artifacts.seal',
    'artifacts.publishLatestCopy',
    'metadata.journal.close',
  ),
  { call: 'artifacts.releaseClaim', when: 'after', committed: true, over: true },
];

export const RESTORE_CRASHES: readonly Crash[] = [
  ...around(false, 'metadata.journal.begin', 'graph.restoreFrom', 'vectors.restoreFrom'),
  ...commitPoint('metadata.journal.commitRestore'),
  ...around(true, 'artifacts.publishLatestCopy', 'metadata.journal.close'),
];

export const WINDOW_CRASHES: readonly Trap[] = [
  { call: 'artifacts.archive', when: 'before' },
  { call: 'artifacts.archive', when: 'after' },
  { call: 'artifacts.deleteArchived', when: 'before' },
  { call: 'artifacts.deleteArchived', when: 'after' },
  { call: 'graph.removeLabel', when: 'before' },
];

export const UNDO_CRASHES: readonly Trap[] = [
  { call: 'metadata.dropStaging', when: 'after' },
  { call: 'vectors.dropStaging', when: 'after' },
  { call: 'graph.removeStaging', when: 'before' },
  { call: 'graph.restoreFrom', when: 'before' },
  { call: 'vectors.restoreFrom', when: 'after' },
  { call: 'metadata.registry.rollBack', when: 'before' },
  { call: 'metadata.registry.rollBack', when: 'after' },
  { call: 'metadata.journal.close', when: 'before' },
  { call: 'metadata.journal.close', when: 'after' },
  { call: 'artifacts.settleLatestCopy', when: 'before' },
  { call: 'artifacts.settleLatestCopy', when: 'after' },
  { call: 'artifacts.releaseClaim', when: 'before' },
];

const textOf = ({ when, call }: Trap) => `terminated ${when} ${call}`;
const byWhom = (then: Continued) =>
  typeof then === 'string' ? then : `by a rollback that is ${textOf(then.rollback)}, and by another`;

/** Runs until the run is dead, or has come to its end without stepping on the trap. */
async function untilDead<T>(
  world: World,
  trap: Trap,
  begin: () => Promise<WorkflowHandle<() => Promise<T>>>,
): Promise<{ dead: true } | { dead: false; result: T }> {
  const begun: { handle?: WorkflowHandle<() => Promise<T>> } = {};
  const dead = world.traps.set(trap, async () => begun.handle?.terminate('ended by the test'));
  const handle = (begun.handle = await begin());
  const ended = handle.result().then(
    (result) => ({ dead: false as const, result }),
    async (error: unknown) => {
      if (world.traps.clear()) throw error;
      await dead;
      return { dead: true as const };
    },
  );
  const first = await Promise.race([dead.then(() => ({ dead: true as const })), ended]);
  if (!first.dead) world.traps.clear();
  return first;
}

/** A version that dies while its staging is made ready. */
export const crashedStaging = (crash: Crash, then: Continued): Deed => ({
  name: `stage, ${textOf(crash)}, continued ${byWhom(then)}`,
  async run(model, world) {
    const known = world.deps.metadata.registry.list().length;
    const { dead } = await untilDead(world, crash, () => world.start('publishVersion', { minimumOverlap: 0 }));
    expect(dead).toBe(true);
    const row = world.deps.metadata.registry.list()[known];
    if (row) model.stage(row.versionId, undefined);
    model.giveUp();
    await continued(model, world, then, false);
  },
});

/** The staging that waits for approval gets it, and dies on its way. */
export const crashedPromote = (crash: Crash, then: Continued): Deed => ({
  name: `promote, ${textOf(crash)}, continued ${byWhom(then)}`,
  async run(model, world) {
    const { handle } = world.publishing ?? {};
    if (!handle) throw new Error('nothing is staged');
    const ended = await untilDead<PublishOutcome>(world, crash, async () => {
      // Whoever approves must be known before anything can step on the trap.
      setImmediate(() => void handle.signal('approve', { by: 'a test' }));
      return handle;
    });
    expect(ended).toMatchObject({ dead: true });
    if (crash.committed) model.commit();
    else model.giveUp();
    if (crash.call === 'vectors.createSnapshot' && crash.when === 'after') model.strayedSnapshot = true;
    await continued(model, world, then, crash.over ?? false, 'publish');
  },
});

export const crashedRestore = (pick: number, crash: Crash, then: Continued): Deed => ({
  name: `restore version ${pick}, ${textOf(crash)}, continued ${byWhom(then)}`,
  async run(model, world) {
    const live = model.of('committed');
    const { versionId } = at(live, pick);
    const ended = await untilDead(world, crash, () => world.start('restoreVersion', { version: versionId }));
    expect(ended).toMatchObject({ dead: true });
    if (crash.committed) model.restore(versionId);
    await continued(model, world, then, crash.over ?? false);
  },
});

/** The run of a staging that is open is terminated while nobody does anything. */
export const crashedWaiting = (then: Continued): Deed => ({
  name: `terminated while it waits, continued ${byWhom(then)}`,
  async run(model, world) {
    await world.publishing?.handle.terminate('ended by the test');
    model.giveUp();
    await continued(model, world, then, false);
  },
});

/**
 * Somebody cancels the workflow in the midst of it. Whether that comes in time is the run's to say: it commits as if
 * nothing were, or takes itself back.
 */
export const cancelledPromote = (trap: Trap): Deed => ({
  name: `promote, cancelled ${trap.when} ${trap.call}`,
  async run(model, world) {
    const { handle } = world.publishing ?? {};
    if (!handle) throw new Error('nothing is staged');
    const sprung = world.traps.set(trap, () => handle.cancel(), 'go on');
    await handle.signal('approve', { by: 'a test' });
    const outcome = await handle.result().catch((error: unknown) => error as Error);
    await sprung;
    if (outcome instanceof Error) {
      expect(outcome).toMatchObject({ cause: { type: 'ROLLED_BACK' } });
      return model.giveUp();
    }
    expect(outcome).toMatchObject({ outcome: 'committed', proven: true });
    model.commit();
    model.applyWindow();
  },
});

export const cancelledRestore = (pick: number, trap: Trap): Deed => ({
  name: `restore version ${pick}, cancelled ${trap.when} ${trap.call}`,
  async run(model, world) {
    const { versionId } = at(model.of('committed'), pick);
    const begun: { handle?: WorkflowHandle } = {};
    const sprung = world.traps.set(trap, async () => begun.handle?.cancel(), 'go on');
    const handle = (begun.handle = await world.start('restoreVersion', { version: versionId }));
    const outcome: unknown = await handle.result().catch((error: unknown) => error as Error);
    await sprung;
    if (!(outcome instanceof Error)) model.restore(versionId);
  },
});

/** What a window that was broken off has left to do is done by the next one. */
export const crashedRetain = (trap: Trap): Deed => ({
  name: `retain, ${textOf(trap)}, then again`,
  async run(model, world) {
    const { dead } = await untilDead(world, trap, () => world.start('applyRetention', {}));
    if (!dead) model.applyWindow();
    await retain.run(model, world);
  },
});

type Kind = 'publish' | 'restore';

async function continued(
  model: Model,
  world: World,
  then: Continued,
  over: boolean,
  kind: Kind = 'restore',
): Promise<void> {
  if (then === 'by a staging') return stage(0).run(model, world);
  if (then === 'by a restore') {
    const outcome = await world.restore('latest-copy');
    expect(outcome).toMatchObject({ outcome: 'restored', versionId: model.current, proven: true });
    return;
  }
  if (over) {
    expect((await failureOf(world.run('rollBackVersion', {}))).code).toBe('NOT_RUNNING');
    return;
  }
  if (typeof then !== 'string') {
    const first = await untilDead<RollbackRecord>(world, then.rollback, () => world.start('rollBackVersion', {}));
    if (!first.dead) return rolledBack(model, first.result, kind);
  }
  rolledBack(model, await world.run<RollbackRecord>('rollBackVersion', {}), kind);
}

function rolledBack(model: Model, record: RollbackRecord, kind: Kind): void {
  expect(record.left).toEqual([]);
  // Without steps it was committed, and has been driven forward.
  if (record.steps.length > 0) expect(record).toMatchObject({ proven: true, next: null });
  // What a publication does last has been done for it.
  if (record.driven && kind === 'publish') model.applyWindow();
}
