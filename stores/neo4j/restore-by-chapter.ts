import { HybridFlowError } from '../../domain/errors';
import type { CallControl } from '../ports';
import type { GraphConnection, SendStatement } from './driver';
import type { ExportLine } from './export-format';
import { RestoreWriter } from './restore-apply';
import type { RestorePlan } from './restore-plan';
import { RestoreUnits, type Pack } from './restore-units';

const TRANSACTION_MS = 120_000;
/** So many changes are read from the file in one pass; each is held in memory with its text. */
const READ_AT_ONCE = 40_000;

interface Terms {
  tick: () => void;
  control: CallControl;
  mostInOne: number;
  /** Awaited in the first transaction, once it has written all that it is to write. */
  beforeFirstCommit: () => Promise<void> | undefined;
}

type Part = 'both' | 'deletions' | 'additions';

/**
 * Makes the changes of a plan chapter by chapter, as many in one transaction as fit: no commit leaves half a chapter.
 * Where a unique value wanders from one chapter to another, so that what is made first meets what goes later, what is
 * left to do is done in the other order: all deletions, then the rest.
 */
export async function restoreByChapter(
  connection: GraphConnection,
  plan: RestorePlan,
  file: string,
  { tick, control, mostInOne, beforeFirstCommit }: Terms,
): Promise<void> {
  const writer = new RestoreWriter(plan, tick);
  const units = await RestoreUnits.read(plan, file, writer.tick);
  const waiting = units.packs(mostInOne);
  let written = 0;
  let first = true;
  const write = (pack: Pack, lines: readonly ExportLine[], part: Part) =>
    connection.transact(async (send: SendStatement) => {
      if (part !== 'additions') await writer.delete(send, units.relationshipsToDelete(pack), units.nodesToDelete(pack));
      if (part !== 'deletions') await writer.add(send, lines);
      if (first) await beforeFirstCommit();
      first = false;
    }, TRANSACTION_MS);
  const writeAll = async (part: Part) => {
    for (const packs of passesOf(waiting)) {
      const lines = part === 'deletions' ? [] : await units.linesOf(file, packs, writer.tick);
      for (const [i, pack] of packs.entries()) {
        control.signal?.throwIfAborted();
        await write(pack, lines[i] ?? [], part);
        control.onProgress?.(++written);
        if (part !== 'deletions') waiting.shift();
      }
    }
  };
  try {
    await writeAll('both');
  } catch (error) {
    if (!isConstraint(error)) throw error;
    await writeAll('deletions');
    await writeAll('additions');
  }
}

function passesOf(packs: readonly Pack[]): Pack[][] {
  const passes: Pack[][] = [];
  let size = Infinity;
  for (const pack of packs) {
    size += pack.size;
    if (size <= READ_AT_ONCE) passes.at(-1)?.push(pack);
    else {
      passes.push([pack]);
      size = pack.size;
    }
  }
  return passes;
}

function isConstraint(error: unknown): boolean {
  return error instanceof HybridFlowError && String(error.facts.details?.code).endsWith('.ConstraintValidationFailed');
}
