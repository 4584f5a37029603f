import type { ApplicationFailure } from '@temporalio/workflow';
import { CancellationScope } from '@temporalio/workflow';
import type { CompensationResult } from '../../domain/baseline';
import type { Operation } from '../../domain/registry';
import type { BaselineRun } from './baseline-run';
import { businessFailure } from './failures';
import { unfinished } from './outcome';

export type RollBackResult = { state: 'committed' } | { state: 'ended'; failure: ApplicationFailure };

/**
 * The response protocol: the work has stopped; mark the version, undo everything last-in first-out, say how it
 * ended. Where the registry turns out to say `committed` (the answer of the commit was lost), nothing is undone.
 */
export async function rollBack(run: BaselineRun, reason: string, commitTried: boolean): Promise<RollBackResult> {
  return CancellationScope.nonCancellable(async () => {
    run.gate.close();
    run.progress.rollingBack(reason);
    const marked = await mark(run, reason);
    if (marked === 'committed') return { state: 'committed' };
    const unsure = marked === 'unknown' && commitTried;
    const results: CompensationResult[] = unsure
      ? [
          {
            name: 'everything',
            state: 'failed',
            error: 'metadata.db does not answer, so it is unknown whether the version is committed',
          },
        ]
      : await run.saga.compensate((result) => run.progress.compensated(result));
    const clean = results.every(({ state }) => state !== 'failed');
    run.progress.ended(clean ? 'rolled_back' : 'needs_operator');
    return { state: 'ended', failure: clean ? rolledBack(run, reason, results) : needsOperator(run, reason, results) };
  });
}

/** The row of operation_log that closes a rollback. */
export function rollbackOperation(run: BaselineRun): Operation {
  const { reason, compensations, steps, rollingBackSince } = run.progress.view;
  const startedAt = rollingBackSince ?? new Date().toISOString();
  const details = { reason, compensations, steps };
  return { type: 'rollback', status: 'success', details, startedAt, completedAt: new Date().toISOString() };
}

async function mark(run: BaselineRun, reason: string): Promise<string> {
  try {
    return await run.undo.files.markRollback(run.versionId, run.runId, reason);
  } catch {
    // The compensations say for themselves what they could not reach.
    return 'unknown';
  }
}

function rolledBack(run: BaselineRun, reason: string, results: CompensationResult[]): ApplicationFailure {
  return businessFailure(
    'ROLLED_BACK',
    {
      found: `The migration failed and everything it made was undone. Reason: ${reason}`,
      expected: 'a committed baseline',
      next: 'mend the cause and run `hfv migrate` again',
    },
    unfinished(run, 'rolled_back', reason, results),
  );
}

function needsOperator(run: BaselineRun, reason: string, results: CompensationResult[]): ApplicationFailure {
  const left = results.filter(({ state }) => state === 'failed').map(({ name, error }) => `${name} (${error})`);
  return businessFailure(
    'NEEDS_OPERATOR',
    {
      found: `The migration failed (${reason}) and could not be undone entirely. Still there: ${left.join('; ')}`,
      expected: 'every compensation done',
      next: 'mend the cause named above, then run `hfv migrate` again: it first undoes what this run left',
    },
    unfinished(run, 'needs_operator', reason, results),
  );
}
