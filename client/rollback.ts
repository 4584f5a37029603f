import type { WorkflowHandle } from '@temporalio/client';
import { rollbackWorkflowId, TASK_QUEUE } from '../domain/names';
import type { RollBackInput, RollbackRecord } from '../domain/rollback';
import type { ChangeView } from './changes';
import type { Session } from './temporal';

/** The workflow's registered name; the client never loads workflow code. */
const ROLL_BACK_VERSION = 'rollBackVersion';

export interface RollbackRun {
  workflowId: string;
  runId: string;
  url: string | null;
  handle: WorkflowHandle<() => Promise<RollbackRecord>>;
  view(status: string): ChangeView;
}

/** Starts a rollback, or attaches to the one that goes on. */
export async function runRollback(session: Session, base: string, input: RollBackInput): Promise<RollbackRun> {
  const { client } = session;
  const workflowId = rollbackWorkflowId(base);
  const startedAt = new Date().toISOString();
  const started = await client.workflow.start<() => Promise<RollbackRecord>>(ROLL_BACK_VERSION, {
    workflowId,
    taskQueue: TASK_QUEUE,
    args: [input] as unknown as [],
    workflowIdConflictPolicy: 'USE_EXISTING',
    workflowIdReusePolicy: 'ALLOW_DUPLICATE',
    staticSummary: `Roll back ${input.versionId ?? 'what is under way'} of ${base}`,
  });
  const runId = started.firstExecutionRunId;
  const url = session.uiLink(workflowId, runId);
  return {
    workflowId,
    runId,
    url,
    handle: client.workflow.getHandle<() => Promise<RollbackRecord>>(workflowId, runId),
    view: (status) => ({ workflowId, runId, type: ROLL_BACK_VERSION, status, startedAt, closedAt: null, url }),
  };
}
