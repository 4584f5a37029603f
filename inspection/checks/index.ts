import type { CheckResult } from '../../domain/checks';
import { HybridFlowError } from '../../domain/errors';
import { resultOf, SEVEN_CHECKS, type CheckNumber, type Verdict } from '../../domain/seven-checks';
import type { CallControl } from '../../stores/ports';
import { checkCoverage, checkMatch } from './chunk-ids';
import type { CheckContext, CheckedStores, ChecksOptions } from './context';
import { checkChapters, checkCounts } from './counts';
import { checkChains, checkCrossReferences, checkOrphans } from './graph';
import { openReads } from './reads';

export type { CheckedStores, ChecksOptions } from './context';

const CHECKS: Record<CheckNumber, (context: CheckContext) => Promise<Verdict>> = {
  1: checkChapters,
  2: checkCounts,
  3: checkCoverage,
  4: checkMatch,
  5: checkOrphans,
  6: checkChains,
  7: checkCrossReferences,
};

/**
 * Runs the seven checks, or those named, side by side; nothing is written. A check that fails is a result. What the
 * checks share is read once, and that time counts in each of them. `onProgress` tells items read, over all checks.
 *
 * @throws HybridFlowError CONFIG_INVALID for a number that no check has, and whatever a store cannot answer with
 */
export async function runChecks(
  stores: CheckedStores,
  options: ChecksOptions = {},
  control: CallControl = {},
): Promise<CheckResult[]> {
  const numbers = selected(options.only);
  // The first store that fails ends the other readings: their result would not be heard any more.
  const failed = new AbortController();
  const shared = sharing(control, failed.signal);
  const reads = openReads(stores, numbers, shared);
  const running = numbers.map(async (number) => {
    const startedAt = performance.now();
    try {
      const verdict = await CHECKS[number]({ stores, reads, options, control: shared() });
      return resultOf(number, verdict, Math.round(performance.now() - startedAt));
    } catch (error) {
      failed.abort(error);
      throw error;
    }
  });
  await Promise.allSettled(running);
  await reads.settled();
  if (failed.signal.aborted) throw failed.signal.reason;
  return Promise.all(running);
}

function selected(only: readonly number[] | undefined): CheckNumber[] {
  const known: CheckNumber[] = SEVEN_CHECKS.map(({ number }) => number);
  if (only === undefined || only.length === 0) return known;
  const unknown = only.filter((number) => !(known as number[]).includes(number));
  if (unknown.length === 0) return known.filter((number) => only.includes(number));
  throw new HybridFlowError('CONFIG_INVALID', {
    found: `There is no check ${unknown.join(', ')}`,
    expected: `numbers from ${known[0]} to ${known.at(-1)}`,
    details: { unknown },
  });
}

/** Makes controls that report the sum of what all of them did, and that stop where one reading has failed. */
function sharing({ onProgress, signal }: CallControl, failed: AbortSignal): () => Required<CallControl> {
  const stop = signal ? AbortSignal.any([signal, failed]) : failed;
  let sum = 0;
  return () => {
    let own = 0;
    return {
      signal: stop,
      onProgress: (done) => {
        // A check that reads a store again begins at nothing.
        sum += Math.max(0, done - own);
        own = done;
        onProgress?.(sum);
      },
    };
  };
}
