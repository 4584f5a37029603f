import {
  defineSearchAttributeKey,
  SearchAttributeType,
  WorkflowExecutionAlreadyStartedError,
} from '@temporalio/common';
import { ChildWorkflowCancellationType, ParentClosePolicy, startChild } from '@temporalio/workflow';
import { healthWorkflowId, SEARCH_ATTRIBUTES } from '../../domain/names';
import type { checkHealth } from '../check-health';

const keyword = (name: string) => defineSearchAttributeKey(name, SearchAttributeType.KEYWORD);

/**
 * Has the version's health checked after a delay, by a workflow that outlives this one. One that is there already is
 * fine: the version is the same.
 */
export async function startHealthCheck(base: string, versionId: string, delaySeconds: number): Promise<void> {
  try {
    await startChild<typeof checkHealth>('checkHealth', {
      workflowId: healthWorkflowId(base, versionId),
      args: [{ base, versionId, delaySeconds }],
      parentClosePolicy: ParentClosePolicy.ABANDON,
      // A cancellation of the change that comes after its commit is too late for this as well.
      cancellationType: ChildWorkflowCancellationType.ABANDON,
      typedSearchAttributes: [
        { key: keyword(SEARCH_ATTRIBUTES.base), value: base },
        { key: keyword(SEARCH_ATTRIBUTES.versionId), value: versionId },
      ],
      staticSummary: `Health of ${versionId}, ${delaySeconds} s after its commit`,
    });
  } catch (error) {
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
  }
}
