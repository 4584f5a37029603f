import { HybridFlowError } from '../../domain/errors';

/** The error that a call ends with; a call that succeeds, or fails in any other way, fails the test. */
export async function failureOf(call: Promise<unknown>): Promise<HybridFlowError> {
  const error: unknown = await call.then(
    () => new Error('the call succeeded'),
    (reason: unknown) => reason,
  );
  if (error instanceof HybridFlowError) return error;
  throw error;
}
