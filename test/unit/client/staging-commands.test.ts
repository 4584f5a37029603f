import { runProgram } from '../../../client/program';
import type { ErrorView } from '../../../client/render/error';
import { renderReady } from '../../../client/render/publish';
import type { Session } from '../../../client/temporal';
import type { ProgressView } from '../../../domain/baseline';
import { HybridFlowError } from '../../../domain/errors';
import type { StagingView } from '../../../domain/staging';
import { committedOutcome, fakeWorld, plain, progressView } from './support';

const LOOK_FIRST = /`hfv compare production staging`, then `hfv approve`/;

/** Its staging is not open yet, so that there is nothing to say of it. */
const PREPARING = progressView({ versionId: 'v2_minor_20260102_030405', phase: 'preparation' });

interface Scene {
  type?: string;
  /** What the run says of itself, question by question; undefined: no answer. */
  answers?: (ProgressView | undefined)[];
  pollers?: string[];
  /** What the run refuses updates with, one by one, before it takes them. */
  refusals?: Error[];
}

async function asked(
  { type = 'publishVersion', answers = [PREPARING], pollers = [], refusals = [] }: Scene,
  ...argv: string[]
) {
  const updates: string[] = [];
  const left = [...answers];
  const handle = {
    describe: async () => ({ runId: 'r', type, status: { name: 'RUNNING' }, startTime: new Date(0) }),
    query: async () => {
      const answer = left.length > 1 ? left.shift() : left[0];
      if (!answer) throw new Error('no worker answers');
      return answer;
    },
    executeUpdate: async (name: string) => {
      updates.push(name);
      const refusal = refusals.shift();
      if (refusal) throw refusal;
    },
    result: async () => ({ ...committedOutcome(), outcome: 'cancelled', reason: 'cancelled by ann' }),
  };
  const polled = pollers.map((identity) => ({ identity, lastAccessTime: { seconds: Date.now() / 1_000 } }));
  const pass = <T>(_: unknown, work: () => T): T => work();
  const client = {
    ...{ workflow: { getHandle: () => handle, list: () => [] }, withAbortSignal: pass, withDeadline: pass },
    workflowService: { describeTaskQueue: async () => ({ pollers: polled }) },
  };
  const session = { client, uiLink: () => null, explain: (error: unknown) => error, close: async () => undefined };
  const world = fakeWorld({ connect: async () => session as unknown as Session, env: { HYBRIDFLOW_BASE: 'kb' } });
  const exit = await runProgram([...argv, '--json'], world);
  return { exit, updates, found: JSON.parse(world.printed.stdout) as ErrorView & { outcome?: string } };
}

test('a staging that is still being prepared can be given up', async () => {
  const { exit, updates, found } = await asked({}, 'cancel', '--yes');
  expect([exit, updates, found.outcome]).toEqual([0, ['cancel'], 'cancelled']);
});

test.each(['ready', 'approve', 'commit', 'extend'])('%s says that it is being prepared: 7', async (command) => {
  const { exit, updates, found } = await asked({}, command);
  expect([exit, updates, found.error]).toMatchObject([
    7,
    [],
    { code: 'NOT_STAGING', found: expect.stringContaining('being prepared') as string },
  ]);
});

describe('validated a moment ago, and not yet waiting for approval', () => {
  const lastReady = { accepted: true, failed: [], verdict: null, awaitsApproval: true };
  const staging = { stage: 'validating', lastReady } as unknown as StagingView;
  const answers = [{ ...PREPARING, staging }];

  test('it can be approved all the same', async () => {
    const refusals = [new HybridFlowError('NOT_STAGING', { found: 'the staging is validating' })];
    const { exit, updates } = await asked({ answers, refusals }, 'approve');
    expect([exit, updates]).toEqual([3, ['approve', 'approve']]);
  });

  test('commit without --approve says that an approval is wanted, in place of waiting for it: 7', async () => {
    const { exit, updates, found } = await asked({ answers }, 'commit');
    expect([exit, updates, found.error.next]).toEqual([7, [], expect.stringMatching(LOOK_FIRST)]);
  });

  test('ready names what to look at before the approval; where none is wanted, neither', () => {
    expect(renderReady(lastReady, plain)).toMatch(LOOK_FIRST);
    expect(renderReady({ ...lastReady, awaitsApproval: false }, plain)).toBe('Validated; it is promoted now.');
  });
});

test('a worker that misses a question is asked again', async () => {
  expect(await asked({ answers: [undefined, undefined, PREPARING] }, 'cancel')).toMatchObject({ exit: 0 });
});

test.each([
  ['a worker that polls is not said to be missing', ['worker@host'], /worker@host polled lately/],
  ['where nobody polls, a worker is asked for', [], /no worker polls the task queue .*`hfv worker`/],
])('%s', async (_, pollers, words) => {
  const { exit, found } = await asked({ answers: [undefined], pollers }, 'cancel');
  expect([exit, found.error.code, found.error.found]).toEqual([8, 'WAIT_TIMED_OUT', expect.stringMatching(words)]);
});

test('where something else runs, it is named: 7', async () => {
  const { exit, found } = await asked({ type: 'restoreVersion' }, 'ready');
  expect([exit, found.error.found]).toEqual([7, 'what runs on kb is restoreVersion']);
});
