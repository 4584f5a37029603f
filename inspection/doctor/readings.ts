import { HybridFlowError } from '../../domain/errors';
import { read as readWithin } from '../health/readings';
import type { ServiceSeen } from './report';

/** What was read, or why it could not be, with the code where the error has one. */
export type Read<T> =
  { value: T; error?: undefined; code?: undefined } | { value?: undefined; error: string; code: string | null };

export interface Patience {
  secrets: readonly string[];
  /** How long each look may take. */
  milliseconds: number;
}

/** Reads something within its time, whatever becomes of it: it never throws. */
export async function read<T>(
  { secrets, milliseconds }: Patience,
  work: (late: AbortSignal) => T | Promise<T>,
): Promise<Read<T>> {
  let code: string | null = null;
  const noting = async (late: AbortSignal) => {
    try {
      return await work(late);
    } catch (error) {
      code = error instanceof HybridFlowError ? error.code : null;
      throw error;
    }
  };
  const found = await readWithin(secrets, noting, milliseconds);
  return found.error === undefined ? { value: found.value } : { error: found.error, code };
}

/** A service by what a look at it gave. */
export function serviceOf<T>(name: ServiceSeen['name'], found: Read<T>, say: (value: T) => string): ServiceSeen {
  if (found.error !== undefined) return { name, up: false, found: found.error };
  return { name, up: true, found: say(found.value) };
}
