import type { Operation } from '../../domain/registry';
import type { LeftoversSwept, VersionLeft, WindowApplied } from '../../domain/retention';
import { versionLabel } from '../../domain/version-id';
import type { WindowItem } from '../../domain/window';
import type { Steps } from '../parts/activities';
import { isCancellation, messageOf } from '../parts/failures';

const LABEL_BATCH = 1_000;

export interface WindowOptions {
  /** Refuses another base than the worker serves; none asks for whichever it is. */
  base?: string;
  emergency?: boolean;
  startedBy: string;
}

/**
 * Applies the sliding window: what has been archived for long is deleted, which makes room, then what is beyond the
 * window is archived, each with the labels of its version, then what killed runs have left is swept. One version that
 * cannot leave keeps none of the others; it is told in the answer. Repeating it ends what was broken off.
 *
 * Fails with the planning's own code; nothing is changed then.
 */
export async function applyWindow(steps: Steps, options: WindowOptions): Promise<WindowApplied> {
  const { base, emergency = false, startedBy } = options;
  const startedAt = new Date().toISOString();
  const plan = await steps.longFiles.planRetention(base ?? null, emergency);
  const told = new Told();
  for (const item of plan.delete) {
    await told.leaving(item, () => steps.longFiles.deleteArchivedVersion(item.versionId, emergency));
  }
  for (const item of plan.archive) await told.leaving(item, () => steps.longFiles.archiveVersion(item.versionId));
  for (const versionId of told.gone) await removeLabel(steps, versionId, told);
  const applied: WindowApplied = {
    ...{ base: plan.base, emergency, startedBy },
    ...{ archived: told.of('archived'), deleted: told.of('deleted'), left: told.left, kept: plan.keep },
    leftovers: await sweep(steps, told),
    freedBytes: told.left.reduce((sum, { freedBytes }) => sum + freedBytes, 0),
    warnings: told.warnings,
  };
  await log(steps, applied, startedAt);
  return applied;
}

class Told {
  readonly left: VersionLeft[] = [];
  readonly warnings: string[] = [];

  get gone(): string[] {
    return [...this.of('archived'), ...this.of('deleted')];
  }

  of(state: VersionLeft['state']): string[] {
    return this.left.filter((one) => one.state === state).map(({ versionId }) => versionId);
  }

  async leaving({ versionId }: WindowItem, leave: () => Promise<VersionLeft>): Promise<void> {
    await this.orWarn(`take ${versionId} out of the window`, async () => {
      const left = await leave();
      if (left.state === 'kept') this.warnings.push(`${versionId} stays: ${left.reason}`);
      this.left.push(left);
    });
  }

  async orWarn(what: string, work: () => Promise<unknown>): Promise<void> {
    try {
      await work();
    } catch (error) {
      if (isCancellation(error)) throw error;
      this.warnings.push(`could not ${what}: ${messageOf(error)}`);
    }
  }
}

/** Where Neo4j does not answer the labels stay, and the next sweep finds them. */
async function removeLabel(steps: Steps, versionId: string, told: Told): Promise<void> {
  const label = versionLabel(versionId);
  await told.orWarn(`remove the label ${label}`, () => steps.longStores.removeVersionLabel(label, LABEL_BATCH));
}

async function sweep(steps: Steps, told: Told): Promise<LeftoversSwept> {
  let swept: LeftoversSwept = { swept: [], reported: [], counts: { swept: 0, waiting: 0, reported: 0 }, notes: [] };
  await told.orWarn('sweep what killed runs have left', async () => (swept = await steps.longFiles.sweepLeftovers()));
  return swept;
}

async function log(steps: Steps, applied: WindowApplied, startedAt: string): Promise<void> {
  const { emergency, startedBy, archived, deleted, leftovers, freedBytes, warnings } = applied;
  const operation: Operation = {
    type: 'retention',
    status: warnings.length === 0 ? 'success' : 'failed',
    details: { emergency, startedBy, archived, deleted, swept: leftovers.counts.swept, freedBytes, warnings },
    startedAt,
    completedAt: new Date().toISOString(),
  };
  try {
    const told = await steps.files.logRetention(operation, applied);
    if (told?.reportPath) applied.reportPath = told.reportPath;
    warnings.push(...(told?.notes ?? []));
  } catch (error) {
    if (isCancellation(error)) throw error;
    warnings.push(`operation_log was not written: ${messageOf(error)}`);
  }
}
