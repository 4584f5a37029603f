import type { Reading } from '../../domain/health';
import { redact } from '../../domain/masking';

/** A store that accepts a connection and then says nothing must not hold the check: the others are to be heard of. */
const QUICK_MS = 60_000;
/** For what reads whole stores. */
export const LONG_MS = 20 * 60_000;

/**
 * Reads something, or says why it could not be read: it never throws, so that the check reports with any store down.
 * What does not come back in time is given up, and told so by the signal; it is a read, so nothing is lost by it.
 */
export async function read<T>(
  secrets: readonly string[],
  work: (late: AbortSignal) => T | Promise<T>,
  milliseconds = QUICK_MS,
): Promise<Reading<T>> {
  const late = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const tooLong = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(new Error(`it did not answer within ${milliseconds / 1_000} s`));
      late.abort();
    }, milliseconds);
  });
  try {
    return { value: await Promise.race([(async () => work(late.signal))(), tooLong]) };
  } catch (error) {
    return { error: redact(error instanceof Error ? error.message : String(error), secrets) };
  } finally {
    clearTimeout(timer);
  }
}
