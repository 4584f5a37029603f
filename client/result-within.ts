/**
 * Waits for a run's result, for so many seconds where a number is given.
 *
 * @param late the error for a run that has not ended by then; the run itself goes on
 * @param letGo settles where the caller does not want to wait any longer
 */
export async function resultWithin<T, L = never>(
  handle: { result(): Promise<T> },
  seconds: number | undefined,
  late: (seconds: number) => Error,
  letGo?: Promise<L>,
): Promise<T | L> {
  let timer: NodeJS.Timeout | undefined;
  const timedOut = new Promise<never>((_, reject) => {
    if (seconds !== undefined) timer = setTimeout(() => reject(late(seconds)), seconds * 1_000);
  });
  try {
    return await Promise.race([handle.result(), timedOut, ...(letGo ? [letGo] : [])]);
  } finally {
    clearTimeout(timer);
  }
}
