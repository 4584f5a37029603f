import {
  ActivityFailure,
  ApplicationFailure,
  ChildWorkflowFailure,
  isCancellation,
  TimeoutFailure,
} from '@temporalio/workflow';
import type { ErrorFacts, ErrorCode } from '../../domain/errors';
import type { TriggerNumber } from '../../domain/triggers';
import { HybridFlowError, isErrorCode } from '../../domain/errors';

/**
 * The failure that an activity reported, without the wrapping that says which activity it was. Of a timeout, what the
 * last attempt reported; where it reported nothing, a failure that names the step.
 */
export function rootOf(error: unknown): unknown {
  if (error instanceof ChildWorkflowFailure) return error.cause ?? error;
  if (!(error instanceof ActivityFailure) || !error.cause) return error;
  const { cause, activityType } = error;
  if (!(cause instanceof TimeoutFailure)) return cause;
  if (cause.cause instanceof ApplicationFailure) return cause.cause;
  return businessFailure('WAIT_TIMED_OUT', {
    found: `The step ${activityType} timed out (${cause.timeoutType})`,
    expected: 'a worker that takes the step and ends it in time',
    next: 'see whether workers poll hybridflow and hybridflow.files, then run `hfv migrate` again',
  });
}

/** One sentence for people: the code where there is one, then the message. */
export function messageOf(error: unknown): string {
  const root = rootOf(error);
  if (root instanceof ApplicationFailure) return root.type ? `${root.type}: ${root.message}` : root.message;
  return root instanceof Error ? root.message : String(root);
}

/** A refusal or an end that no retry changes. The type is the stable code; the details are facts. */
export function businessFailure(code: ErrorCode, facts: ErrorFacts, ...details: unknown[]): ApplicationFailure {
  return ApplicationFailure.create({
    type: code,
    message: new HybridFlowError(code, facts).message,
    nonRetryable: true,
    details: [facts, ...details],
  });
}

/** A failure of which the one who judged knows that it is this trigger of the plan, whatever the phase. */
export function triggerFailure(trigger: TriggerNumber | null, code: ErrorCode, facts: ErrorFacts): ApplicationFailure {
  return businessFailure(code, { ...facts, details: { ...facts.details, trigger } });
}

/** The trigger that a failure was thrown as, where it was; see {@link triggerFailure}. */
export function statedTrigger(error: unknown): TriggerNumber | null | undefined {
  const root = rootOf(error);
  if (!(root instanceof ApplicationFailure)) return undefined;
  const facts = root.details?.[0] as ErrorFacts | undefined;
  return facts?.details?.trigger as TriggerNumber | null | undefined;
}

/** Runs work whose failure is that trigger (null: none of the six), whatever the phase. A cancellation stays one. */
export async function asTrigger<T>(trigger: TriggerNumber | null, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (isCancellation(error) || statedTrigger(error) !== undefined) throw error;
    const root = rootOf(error);
    const code = root instanceof ApplicationFailure && isErrorCode(root.type) ? root.type : 'CHECK_FAILED';
    const facts = root instanceof ApplicationFailure ? (root.details?.[0] as ErrorFacts | undefined) : undefined;
    throw triggerFailure(trigger, code, facts?.found === undefined ? { found: messageOf(error) } : facts);
  }
}

export { isCancellation };
