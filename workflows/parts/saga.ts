import { CancellationScope } from '@temporalio/workflow';
import type { CompensationResult } from '../../domain/baseline';
import { messageOf } from './failures';

interface Compensation {
  name: string;
  /**
   * Answers `kept` where what it would undo must stay: the record of the run itself; {@link Kept} where something
   * stays that is not known to be the run's.
   */
  undo: () => Promise<unknown>;
  /** Runs only when every compensation before it succeeded: it says that all is undone. */
  lastWord: boolean;
}

/** What was left where it is, and why. */
export interface Kept {
  kept: string;
}

/**
 * Compensations, registered *before* the step that they undo, run last-in first-out where no cancellation
 * reaches them. Each is idempotent, so undoing a step that never ran is fine. One that fails is reported and
 * the others still run.
 */
export class Saga {
  readonly #compensations: Compensation[] = [];

  /** Registers the undo of a step that is about to run. */
  undoWith(name: string, undo: () => Promise<unknown>, { lastWord = false } = {}): void {
    this.#compensations.push({ name, undo, lastWord });
  }

  /** Runs every undo; never throws. `onResult` is told of each as it ends. */
  async compensate(onResult: (result: CompensationResult) => void = () => undefined): Promise<CompensationResult[]> {
    return CancellationScope.nonCancellable(async () => {
      const results: CompensationResult[] = [];
      for (const compensation of this.#compensations.toReversed()) {
        const result = await runOne(compensation, results);
        results.push(result);
        onResult(result);
      }
      return results;
    });
  }
}

async function runOne(
  { name, undo, lastWord }: Compensation,
  before: CompensationResult[],
): Promise<CompensationResult> {
  if (lastWord && before.some(({ state }) => state === 'failed')) return { name, state: 'skipped' };
  const startedAt = new Date().toISOString();
  const told = await undo().then(
    (answer): Pick<CompensationResult, 'state' | 'note'> => {
      const note = (answer as Kept | null | undefined)?.kept;
      if (note !== undefined) return { state: 'kept', note };
      return { state: answer === 'kept' ? 'kept' : 'undone' };
    },
    (error: unknown) => ({ state: 'failed' as const, error: messageOf(error) }),
  );
  return { name, ...told, startedAt, endedAt: new Date().toISOString() };
}
