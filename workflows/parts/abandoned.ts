import { WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import { executeChild, WorkflowIdReusePolicy } from '@temporalio/workflow';
import type { Claim } from '../../domain/claim';
import { undoWorkflowId } from '../../domain/names';
import type { undoAbandonedRun } from '../undo-abandoned-run';
import { businessFailure } from './failures';

/** The dead run whose leftovers were to be undone had committed its version: there is nothing left to register. */
export class AlreadyCommitted extends Error {}

/**
 * Has what a dead run left undone, by exactly one run.
 *
 * @throws AlreadyCommitted, BASE_BUSY where another run does it (or has done it), NEEDS_OPERATOR where an undo failed
 */
export async function undoAbandoned(holder: Claim, batchSize: number): Promise<void> {
  let result: 'undone' | 'committed';
  try {
    result = await executeChild<typeof undoAbandonedRun>('undoAbandonedRun', {
      workflowId: undoWorkflowId(holder.base, holder.runId),
      // Once it has succeeded it must not run again: by then the base may be somebody else's.
      workflowIdReusePolicy: WorkflowIdReusePolicy.ALLOW_DUPLICATE_FAILED_ONLY,
      args: [holder, batchSize],
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
  if (result === 'committed') throw new AlreadyCommitted(holder.versionId);
}
