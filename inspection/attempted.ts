import { HybridFlowError } from '../domain/errors';

/** For what is good to know and can be done without: undefined where it cannot be asked. */
export function attempted<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch (error) {
    if (error instanceof HybridFlowError) return undefined;
    throw error;
  }
}
