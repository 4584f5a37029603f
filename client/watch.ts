import { setTimeout as pause } from 'node:timers/promises';
import { WorkflowFailedError } from '@temporalio/client';
import type { ProgressView } from '../domain/baseline';
import { HybridFlowError } from '../domain/errors';
import { progress as progressQuery } from '../workflows/messages';
import type { Change, ChangeOutcome } from './changes';
import { isOutage, type Session } from './temporal';
import { workerTrouble } from './pollers';

const POLL_MS = 250;
/** The monitoring wants a live run looked at this often at least. */
export const LONGEST_INTERVAL_SECONDS = 5;
const QUERY_TIMEOUT_MS = 3_000;
const SILENCE_MS = 5_000;
/** How long an outage of Temporal is waited for. The run itself does not mind: it goes on when the server is back. */
const OUTAGE_MS = 60_000;

/** Where what is seen of a run is shown. */
export interface Display {
  update(view: ProgressView): void;
  note(line: string): void;
  warn(line: string): void;
  stop(): void;
}

export type WatchEnd<T> =
  | { kind: 'completed'; outcome: T }
  | { kind: 'failed'; error: WorkflowFailedError }
  | { kind: 'let go'; why: 'interrupted' | 'timed out' };

export interface WatchOptions {
  timeoutSeconds?: number;
  /** Between two looks; a quarter of a second where none is given. */
  intervalSeconds?: number;
  /** Aborted where the person at the terminal lets go. */
  interrupted?: AbortSignal;
}

/** Shows a run until it ends, or until the caller lets go. Nothing here ever changes the run. */
export async function watch<T extends ChangeOutcome>(
  session: Session,
  change: Change,
  display: Display,
  options: WatchOptions = {},
): Promise<WatchEnd<T>> {
  const done = new AbortController();
  let last: ProgressView | undefined;
  const contact = { at: Date.now() };
  const show = (view: ProgressView) => {
    contact.at = Date.now();
    display.update((last = view));
  };
  const everyMs = options.intervalSeconds === undefined ? POLL_MS : options.intervalSeconds * 1_000;
  const shown = { show, warn: (line: string) => display.warn(line) };
  const polling = pollProgress(session, change, shown, everyMs, done.signal);
  let end: WatchEnd<T> | undefined;
  try {
    end = await Promise.race([waitForEnd<T>(change, display, contact, done.signal), letGo(options, done.signal)]);
    return end;
  } finally {
    done.abort();
    await polling;
    // The last steps may have ended between two polls; the result knows them all.
    if (end?.kind === 'completed' && last)
      display.update({ ...last, steps: end.outcome.steps, pause: { state: 'open' } });
    display.stop();
  }
}

async function waitForEnd<T extends ChangeOutcome>(
  { handle }: Change,
  display: Display,
  contact: { at: number },
  done: AbortSignal,
): Promise<WatchEnd<T>> {
  for (let since = -Infinity; ;) {
    try {
      return { kind: 'completed', outcome: (await handle.result()) as T };
    } catch (error) {
      if (error instanceof WorkflowFailedError) return { kind: 'failed', error };
      if (done.aborted || !isOutage(error)) throw error;
      if (contact.at > since) {
        // The run has answered since the last outage: this is a new one.
        display.warn('Temporal does not answer; the run goes on when it is back, still waiting');
        since = Date.now();
      }
      if (Date.now() - since > OUTAGE_MS) throw error;
      await pause(1_000, undefined, { signal: done }).catch(() => undefined);
    }
  }
}

async function letGo({ timeoutSeconds, interrupted }: WatchOptions, done: AbortSignal): Promise<WatchEnd<never>> {
  return new Promise((resolve) => {
    const stop = (why: 'interrupted' | 'timed out') => () => resolve({ kind: 'let go', why });
    if (interrupted?.aborted) stop('interrupted')();
    interrupted?.addEventListener('abort', stop('interrupted'), { once: true });
    if (timeoutSeconds === undefined) return;
    const timer = setTimeout(stop('timed out'), timeoutSeconds * 1_000);
    done.addEventListener('abort', () => clearTimeout(timer), { once: true });
  });
}

async function pollProgress(
  session: Session,
  change: Change,
  { show, warn }: { show: (view: ProgressView) => void; warn: (line: string) => void },
  everyMs: number,
  done: AbortSignal,
): Promise<void> {
  let answeredAt = Date.now();
  let warned = false;
  while (!done.aborted) {
    const view = await ask(session, change, done);
    if (done.aborted) return;
    if (view) {
      answeredAt = Date.now();
      show(view);
    } else if (!warned && Date.now() - answeredAt > SILENCE_MS) {
      const trouble = await workerTrouble(session).catch(() => undefined);
      warned = trouble !== undefined;
      // Meanwhile it may have ended: then nobody needs to hear of a worker.
      if (trouble && !done.aborted) warn(trouble);
    }
    await pause(everyMs, undefined, { signal: done }).catch(() => undefined);
  }
}

async function ask({ client }: Session, { handle }: Change, done: AbortSignal): Promise<ProgressView | undefined> {
  // A controller of its own: the client never takes its listener off the signal that it is given.
  const call = new AbortController();
  const stop = () => call.abort();
  done.addEventListener('abort', stop, { once: true });
  try {
    return await client.withAbortSignal(call.signal, () =>
      client.withDeadline(Date.now() + QUERY_TIMEOUT_MS, () => handle.query(progressQuery)),
    );
  } catch {
    // No worker at the moment, or a busy server. The next poll asks again; what lasts is warned about.
    return undefined;
  } finally {
    done.removeEventListener('abort', stop);
  }
}

/** One look at a run's progress; undefined where no worker answers. */
export function progressOf(session: Session, change: Change): Promise<ProgressView | undefined> {
  return ask(session, change, new AbortController().signal);
}

/** @throws HybridFlowError WAIT_TIMED_OUT */
export function waitTimedOut(change: Change, seconds: number): HybridFlowError {
  const { workflowId, runId, url } = change;
  return new HybridFlowError('WAIT_TIMED_OUT', {
    found: `The change has not ended within ${seconds} s; it goes on by itself`,
    next: 'look at it with `hfv status`, or wait for it with `hfv watch`',
    details: { run: { workflowId, runId, url } },
  });
}
