import { WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import { executeChild, WorkflowIdReusePolicy } from '@temporalio/workflow';
import type { Claim } from '../../domain/claim';
import { undoWorkflowId } from '../../domain/names';
import type { RollbackRecord } from '../../domain/rollback';
import type { undoAbandonedRun, UndoResult } from '../undo-abandoned-run';
import type { DriveSettings } from './drive-to-end';
import type { Driven } from './driven';
import { businessFailure } from './failures';

/** The dead run whose leftovers were to be undone had committed its version: there is nothing left to register. */
export class AlreadyCommitted extends Error {
  constructor(
    versionId: string,
    /** Undefined where nothing but its claim was left. */
    readonly driven: Driven | undefined,
  ) {
    super(versionId);
  }
}

/**
 * Has what a dead run left undone, by exactly one run.
 *
 * @throws AlreadyCommitted, BASE_BUSY where another run does it, NEEDS_OPERATOR where an undo failed
 */
export async function undoAbandoned(
  holder: Claim,
  { batchSize, healthDelaySeconds }: Omit<DriveSettings, 'healthDelaySeconds'> & Partial<DriveSettings>,
  reason?: string,
): Promise<{ record: RollbackRecord | null }> {
  let result: UndoResult;
  try {
    result = await executeChild<typeof undoAbandonedRun>('undoAbandonedRun', {
      workflowId: undoWorkflowId(holder.base, holder.runId),
      // The id forbids two at one time; that it comes too late is the undo's own first question.
      workflowIdReusePolicy: WorkflowIdReusePolicy.ALLOW_DUPLICATE,
      args: [holder, batchSize, reason ?? null, healthDelaySeconds],
      staticSummary: `Undo what ${holder.versionId} left`,
    });
  } catch (error) {
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
    throw businessFailure('BASE_BUSY', {
      found: `another run is undoing what ${holder.versionId} left`,
      expected: 'one change at a time',
      next: 'watch it with `hfv status`, and run again when it has ended',
    });
  }
  if (result.state === 'committed') throw new AlreadyCommitted(holder.versionId, result.driven);
  return { record: result.record };
}
