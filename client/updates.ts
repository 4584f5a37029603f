import {
  ApplicationFailure,
  WorkflowUpdateFailedError,
  WorkflowUpdateRPCTimeoutOrCancelledError,
} from '@temporalio/client';
import { HybridFlowError, isErrorCode, type ErrorFacts } from '../domain/errors';
import { workerTrouble } from './pollers';
import type { Session } from './temporal';

/**
 * Sends an update to a run and waits for its answer, for so many seconds.
 *
 * @throws HybridFlowError the run's own refusal, or WAIT_TIMED_OUT
 */
export async function askUpdate<T>(session: Session, seconds: number, send: () => Promise<T>): Promise<T> {
  try {
    return await session.client.withDeadline(Date.now() + seconds * 1_000, send);
  } catch (error) {
    if (error instanceof WorkflowUpdateRPCTimeoutOrCancelledError) throw await unanswered(session, seconds, error);
    throw error instanceof WorkflowUpdateFailedError ? refusalOf(error) : error;
  }
}

function refusalOf(error: WorkflowUpdateFailedError): Error {
  const { cause } = error;
  if (!(cause instanceof ApplicationFailure) || !isErrorCode(cause.type)) return error;
  const facts = (cause.details?.[0] ?? { found: cause.message }) as ErrorFacts;
  return new HybridFlowError(cause.type, facts, { cause: error });
}

async function unanswered(session: Session, seconds: number, cause: Error): Promise<HybridFlowError> {
  const why = await workerTrouble(session).catch(() => 'Temporal itself does not answer');
  return new HybridFlowError(
    'WAIT_TIMED_OUT',
    {
      found: `The run has not answered within ${seconds} s; ${why}`,
      expected: 'an answer; the request may still be carried out later',
      next: 'look at the run with `hfv status`',
    },
    { cause },
  );
}
