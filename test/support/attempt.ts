/** The facts of an attempt that has its whole time before it; the testing library's own lie in 1970. */
export function timelyAttempt(): { scheduledTimestampMs: number; scheduleToCloseTimeoutMs: number } {
  return { scheduledTimestampMs: Date.now(), scheduleToCloseTimeoutMs: 600_000 };
}
