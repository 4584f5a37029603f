import { hostname, userInfo } from 'node:os';
import { createInterface } from 'node:readline/promises';

/** Who asks, as it is written to the records: `name@host`. */
export function whoAsks(): string {
  try {
    return `${userInfo().username}@${hostname()}`;
  } catch {
    // A container may run under a user id that has no name.
    return `somebody@${hostname()}`;
  }
}

/** Asks a yes-or-no question on the terminal. Call it only where there is one. */
export async function confirm(question: string): Promise<boolean> {
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return /^y(es)?$/i.test((await terminal.question(`${question} [y/N] `)).trim());
  } finally {
    terminal.close();
  }
}

/** Aborted by Ctrl-C (or a polite kill) for as long as `work` runs; the process itself goes on. */
export async function interruptible<T>(work: (interrupted: AbortSignal) => Promise<T>): Promise<T> {
  const controller = new AbortController();
  const stop = () => controller.abort();
  process.once('SIGINT', stop).once('SIGTERM', stop);
  try {
    return await work(controller.signal);
  } finally {
    process.off('SIGINT', stop).off('SIGTERM', stop);
  }
}
