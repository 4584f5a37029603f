import { ServiceError, WorkflowFailedError } from '@temporalio/client';
import { RetryState } from '@temporalio/common';
import type { Change } from '../../../client/changes';
import type { Session } from '../../../client/temporal';
import { watch, type Display } from '../../../client/watch';
import type { BaselineOutcome, ProgressView } from '../../../domain/baseline';
import { committedOutcome, progressView } from './support';

const never = new Promise<never>(() => undefined);

function scene(
  given: Promise<BaselineOutcome> | (() => Promise<BaselineOutcome>),
  query: () => Promise<ProgressView> = async () => progressView(),
) {
  const shown: ProgressView[] = [];
  const warnings: string[] = [];
  const calls: string[] = [];
  let stopped = 0;
  const display: Display = {
    update: (view) => shown.push(view),
    note: () => undefined,
    warn: (line) => warnings.push(line),
    stop: () => (stopped += 1),
  };
  const handle = new Proxy(
    {},
    {
      get: (_, name: string) => () => {
        calls.push(name);
        return name !== 'result' ? query() : typeof given === 'function' ? given() : given;
      },
    },
  );
  const pass = <T>(_: unknown, work: () => T): T => work();
  const session = { client: { withAbortSignal: pass, withDeadline: pass } } as unknown as Session;
  const change = { workflowId: 'w', runId: 'r', url: null, handle } as unknown as Change;
  const run = (options?: Parameters<typeof watch>[3]) => watch(session, change, display, options);
  return { run, shown, warnings, calls, stopped: () => stopped };
}

/** Resolved once the progress has been asked for. */
function onceAsked(): { query: () => Promise<ProgressView>; asked: Promise<void> } {
  let tell: () => void = () => undefined;
  const asked = new Promise<void>((resolve) => (tell = resolve));
  return { asked, query: async () => (tell(), progressView()) };
}

describe('watching a run', () => {
  test('ends with its outcome, after all of its steps were shown', async () => {
    const { query, asked } = onceAsked();
    const outcome = committedOutcome();
    const result = asked.then(() => new Promise<BaselineOutcome>((resolve) => setImmediate(() => resolve(outcome))));
    const { run, shown, stopped } = scene(result, query);
    expect(await run()).toEqual({ kind: 'completed', outcome });
    expect(shown.at(-1)?.steps).toEqual(outcome.steps);
    expect(stopped()).toBe(1);
  });

  test('tells of a failure', async () => {
    const error = new WorkflowFailedError('failed', undefined, RetryState.NON_RETRYABLE_FAILURE);
    const { run, stopped } = scene(Promise.reject(error));
    expect(await run()).toEqual({ kind: 'failed', error });
    expect(stopped()).toBe(1);
  });

  test('Ctrl-C lets go and sends the run nothing', async () => {
    const interrupt = new AbortController();
    const { query, asked } = onceAsked();
    const { run, calls, stopped } = scene(never, query);
    const watching = run({ interrupted: interrupt.signal });
    await asked;
    interrupt.abort();
    expect(await watching).toEqual({ kind: 'let go', why: 'interrupted' });
    expect(new Set(calls)).toEqual(new Set(['result', 'query']));
    expect(stopped()).toBe(1);
  });

  test('a timeout lets go', async () => {
    const { run } = scene(never);
    expect(await run({ timeoutSeconds: 0.01 })).toEqual({ kind: 'let go', why: 'timed out' });
  });

  test('an outage of Temporal is waited out, and told of once', async () => {
    const outage = new ServiceError('x', {
      cause: Object.assign(new Error('down'), { code: 14, details: '', metadata: {} }),
    });
    const outcomes = [Promise.reject(outage), Promise.resolve(committedOutcome())];
    const { run, warnings } = scene(() => outcomes.shift() ?? never);
    expect(await run()).toMatchObject({ kind: 'completed' });
    expect(warnings).toEqual([expect.stringContaining('Temporal does not answer')]);
  });

  test('an error of the connection is thrown, and the display still put away', async () => {
    const { run, stopped } = scene(Promise.reject(new Error('boom')));
    await expect(run()).rejects.toThrow('boom');
    expect(stopped()).toBe(1);
  });

  test('a query that fails is asked again, quietly', async () => {
    let asked = 0;
    const { query, asked: second } = onceAsked();
    const { run, shown, warnings } = scene(
      second.then(() => committedOutcome()),
      () => ((asked += 1) === 1 ? Promise.reject(new Error('no worker')) : query()),
    );
    expect(await run()).toMatchObject({ kind: 'completed' });
    expect([asked > 1, shown.length <= 2, warnings]).toEqual([true, true, []]);
  });
});
