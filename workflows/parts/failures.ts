import { ActivityFailure, ApplicationFailure, isCancellation } from '@temporalio/workflow';
import type { ErrorFacts, ErrorCode } from '../../domain/errors';
import { HybridFlowError } from '../../domain/errors';

/** The failure that an activity reported, without the wrapping that says which activity it was. */
export function rootOf(error: unknown): unknown {
  return error instanceof ActivityFailure && error.cause ? error.cause : error;
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

export { isCancellation };
