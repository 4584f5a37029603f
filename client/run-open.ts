import { WorkflowNotFoundError } from '@temporalio/client';
import type { RunRef } from '../inspection/holders';
import { isRunning } from './changes';
import type { Session } from './temporal';

/**
 * Whether a run goes on; undefined where it belongs to another namespace, of which this one cannot know. A run whose
 * history has expired is closed. Throws where Temporal does not answer.
 */
export async function isRunOpen(
  { client, namespace: ours }: Session,
  { workflowId, runId, namespace }: RunRef,
): Promise<boolean | undefined> {
  if (namespace !== undefined && namespace !== ours) return undefined;
  try {
    const { status } = await client.workflow.getHandle(workflowId, runId).describe();
    return isRunning({ status: status.name });
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return false;
    throw error;
  }
}
