import { WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import { executeChild, WorkflowIdReusePolicy } from '@temporalio/workflow';
import type { Claim } from '../../domain/claim';
import { undoWorkflowId } from '../../domain/names';
import type { RollbackRecord } from '../../domain/rollback';
import type { undoAbandonedRun, UndoResult } from '../undo-abandoned-run';
import { businessFailure } from './failures';

/** The dead run whose leftovers were to be undone had committed its version: there is nothing left to register. */
export class AlreadyCommitted extends Error {}

/**
 * Has what a dead run left undone, by exactly one run.
 *
 * @throws AlreadyCommitted, BASE_BUSY where another run does it (or has done it), NEEDS_OPERATOR where an undo failed
 */
export async function undoAbandoned(
  holder: Claim,
  batchSize: number,
  reason?: string,
): Promise<{ record: RollbackRecord }> {
  let result: UndoResult;
  try {
    result = await executeChild<typeof undoAbandonedRun>('undoAbandonedRun', {
      workflowId: undoWorkflowId(holder.base, holder.runId),
      // Once it has succeeded it must not run again: by then the base may be somebody else's.
      workflowIdReusePolicy: WorkflowIdReusePolicy.ALLOW_DUPLICATE_FAILED_ONLY,
      args: reason === undefined ? [holder, batchSize] : [holder, batchSize, reason],
      staticSummary: `Undo what ${holder.versionId} left`,
    });
  } catch (error) {
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
    throw businessFailure('BASE_BUSY', {
      found: `another run is undoing, or has undone, what ${holder.versionId} left`,
      expected: 'one change at a time',
      next: 'watch it with `hfv status`, and run again when it has ended',
    });
  }
  if (result.state === 'committed' || !result.record) throw new AlreadyCommitted(holder.versionId);
  return { record: result.record };
}
