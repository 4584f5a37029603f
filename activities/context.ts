import { ApplicationFailure, CancelledFailure, Context } from '@temporalio/activity';
import { HybridFlowError } from '../domain/errors';
import { redact } from '../domain/masking';
import type { CallControl, WriteLease } from '../stores/ports';

/** What ties a store call to its attempt: progress becomes a heartbeat, cancellation an abort signal. */
export function callControl(): CallControl {
  const context = Context.current();
  return { signal: context.cancellationSignal, onProgress: (done) => context.heartbeat({ done }) };
}

/** Until when this attempt may write: after it, Temporal may already have started another one. */
export function writeLease(): WriteLease {
  const { startToCloseTimeoutMs, scheduleToCloseTimeoutMs, scheduledTimestampMs } = Context.current().info;
  // The last attempt may be cut before its own time is over.
  const last = scheduleToCloseTimeoutMs > 0 ? scheduledTimestampMs + scheduleToCloseTimeoutMs : Infinity;
  return { notAfter: Math.min(Date.now() + startToCloseTimeoutMs, last) };
}

export function isRetry(): boolean {
  return Context.current().info.attempt > 1;
}

/** The run that this activity works for. */
export function run(): { workflowId: string; runId: string } {
  const { workflowExecution } = Context.current().info;
  if (!workflowExecution) throw new Error('this activity belongs to a workflow run');
  return workflowExecution;
}

type AnyActivity = (...args: never[]) => Promise<unknown>;

/**
 * Wraps every activity so that its errors cross the process border as code + facts, without stacks, causes or
 * secrets: a HybridFlowError becomes an ApplicationFailure whose type is the code, retryable by the code's table.
 */
export function withTypedFailures<T extends object>(activities: T, secrets: readonly string[]): T {
  const wrap =
    (activity: AnyActivity) =>
    async (...args: never[]) => {
      const stop = keepAlive();
      try {
        return await activity(...args);
      } catch (error) {
        throw asFailure(error, secrets);
      } finally {
        stop();
      }
    };
  return Object.fromEntries(
    Object.entries(activities).map(([name, activity]) => [name, wrap(activity as AnyActivity)]),
  ) as T;
}

function asFailure(error: unknown, secrets: readonly string[]): Error {
  if (error instanceof CancelledFailure || error instanceof ApplicationFailure) return error;
  const aborted = error instanceof Error && error.name === 'AbortError';
  if (aborted && Context.current().cancellationSignal.aborted) return new CancelledFailure('the attempt was cancelled');
  if (error instanceof HybridFlowError) {
    return ApplicationFailure.create({
      type: error.code,
      message: redact(error.message, secrets),
      nonRetryable: !error.retryable,
      details: [redact(error.facts, secrets)],
    });
  }
  const message = error instanceof Error ? error.message : String(error);
  return ApplicationFailure.create({ type: 'UNEXPECTED', message: redact(message, secrets), nonRetryable: false });
}

/**
 * Heartbeats on behalf of an activity whose store call takes long without a word (a snapshot, a hash): what the
 * heartbeat timeout is to notice is a worker that is gone, and such a worker does not tick either.
 */
function keepAlive(): () => void {
  const context = Context.current();
  const { heartbeatTimeoutMs } = context.info;
  if (!heartbeatTimeoutMs) return () => undefined;
  const timer = setInterval(() => context.heartbeat(), heartbeatTimeoutMs / 4);
  return () => clearInterval(timer);
}
