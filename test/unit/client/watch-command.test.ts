import { ApplicationFailure, WorkflowFailedError, WorkflowNotFoundError } from '@temporalio/client';
import { RetryState } from '@temporalio/common';
import { runProgram } from '../../../client/program';
import type { ErrorView } from '../../../client/render/error';
import type { Session } from '../../../client/temporal';
import { triggerFound } from '../../../domain/triggers';
import { committedOutcome, fakeWorld, progressView } from './support';

interface Scene {
  /** Undefined: Temporal knows of no such workflow. */
  status?: string;
  type?: string;
  result?: () => Promise<unknown>;
}

async function watched({ status, type = 'registerBaseline', result }: Scene, ...argv: string[]) {
  const calls: string[] = [];
  const handle = {
    describe: async () => {
      if (status === undefined) throw new WorkflowNotFoundError('none', 'w', undefined);
      const closeTime = status === 'RUNNING' ? undefined : new Date(0);
      return { runId: 'r', type, status: { name: status }, startTime: new Date(0), closeTime };
    },
    query: async () => progressView(),
    result: () => (result ?? (() => Promise.resolve(committedOutcome())))(),
  };
  const workflow = new Proxy(
    { getHandle: () => handle, list: () => [] },
    { get: (target, name: string) => (calls.push(name), Reflect.get(target, name) as unknown) },
  );
  const pass = <T>(_: unknown, work: () => T): T => work();
  const session = {
    client: { workflow, withAbortSignal: pass, withDeadline: pass },
    uiLink: () => null,
    explain: (error: unknown) => error,
    close: async () => undefined,
  } as unknown as Session;
  const world = fakeWorld({ connect: async () => session, env: { HYBRIDFLOW_BASE: 'kb' } });
  const exit = await runProgram(['watch', ...argv], world);
  return { exit, calls, ...world.printed };
}

const ended = (type: string, outcome: object) => async () => {
  const cause = ApplicationFailure.create({ type, message: 'm', details: [{ found: 'it failed' }, outcome] });
  throw new WorkflowFailedError('failed', cause, RetryState.NON_RETRYABLE_FAILURE);
};

describe('hfv watch', () => {
  test('shows a running migration to its end, and starts nothing', async () => {
    const { exit, stdout, stderr, calls } = await watched({ status: 'RUNNING' });
    expect(exit).toBe(0);
    expect(stdout).toContain('Registered v1_baseline_20260102_030405 of kb');
    expect(stderr).toContain('watching the migration of kb, running since 1970');
    expect(new Set(calls)).toEqual(new Set(['getHandle']));
  });

  test('tells how the last one ended, with --json as one object', async () => {
    const { exit, stdout, stderr } = await watched({ status: 'COMPLETED' }, '--json');
    expect([exit, stdout.trim().split('\n')]).toEqual([0, [expect.any(String)]]);
    expect(JSON.parse(stdout)).toMatchObject({ outcome: 'committed', runId: 'r', attached: true });
    expect(stderr).toContain('the last one, a migration, ended at 1970');
  });

  test.each([
    ['ROLLED_BACK', 3],
    ['NEEDS_OPERATOR', 4],
    ['BASE_BUSY', 6],
  ])('a migration that ended with %s exits as migrate does: %i', async (code, exit) => {
    const outcome = committedOutcome({ outcome: 'rolled_back', trigger: triggerFound(5, 'no results') });
    const seen = await watched({ status: 'FAILED', result: ended(code, outcome) });
    expect([seen.exit, seen.stdout]).toEqual([exit, '']);
    expect(seen.stderr).toContain('trigger  5, Post-migration query failure (critical): no results');
  });

  test('where there is nothing to watch it says so: 7', async () => {
    const none = await watched({}, '--json');
    expect(none.exit).toBe(7);
    expect((JSON.parse(none.stdout) as ErrorView).error).toMatchObject({ code: 'NOT_RUNNING' });
    const other = await watched({ status: 'RUNNING', type: 'rollBackVersion' });
    expect(other.exit).toBe(7);
    expect(other.stderr).toContain('no change that can be watched but rollBackVersion');
  });

  test('lets go after its time, and the run goes on: 8', async () => {
    const never = () => new Promise<never>(() => undefined);
    const { exit, stderr } = await watched({ status: 'RUNNING', result: never }, '--timeout', '0.01');
    expect(exit).toBe(8);
    expect(stderr).toContain('goes on by itself');
  });

  test.each(['6', '0', 'x'])(
    '--interval %s is a usage error: a live run is looked at every 5 s at least',
    async (text) => {
      expect((await watched({ status: 'RUNNING' }, '--interval', text)).exit).toBe(2);
    },
  );
});
