import type { ProbeAnswer, ProbeCapture, ProbeSettings } from '../../../domain/probes';
import { compareWith } from '../../../inspection/probes';
import { FAKE_PROBES } from '../../support/fakes/probes';

const SETTINGS: ProbeSettings = {
  ...FAKE_PROBES,
  queries: ['another query by now'],
  limit: 50,
  commands: ['echo', 'true'].map((name) => ({ name, argv: [name], timeoutSeconds: 1, maxBytes: 1 })),
};
const answer = (name: string, kind: ProbeAnswer['kind'], milliseconds: number, sha256 = 'a'): ProbeAnswer => ({
  ...{ name, kind, error: null, sha256, results: 1 },
  milliseconds: new Array<number>(9).fill(milliseconds),
});
const taking = (milliseconds: number, sha256?: string, echo = 10): ProbeCapture => ({
  ...{ takenAt: '', embedder: 'fake', limit: 5, vectors: {} },
  answers: [
    answer('search "lung \\"anatomy\\""', 'search', milliseconds, sha256),
    answer('hierarchy bailey:ch1', 'hierarchy', 10),
    answer('command echo', 'command', echo),
  ],
});

/** Compares with captures that take these times, one after the other. */
async function compare(...captures: ProbeCapture[]) {
  const asked: ProbeSettings[] = [];
  const next = async (settings: ProbeSettings) => {
    asked.push(settings);
    return captures[asked.length - 1] ?? taking(NaN);
  };
  const { comparisons, captures: taken } = await compareWith(taking(100), SETTINGS, next, { pauseMs: 0 });
  return { verdicts: comparisons.map(({ verdict }) => verdict), taken: taken.length, asked };
}

test('asks what was asked before, whatever is configured now', async () => {
  const { verdicts, taken, asked } = await compare(taking(101));
  expect([verdicts, taken]).toEqual([['ok', 'ok', 'ok'], 1]);
  const [echo, neverAsked] = SETTINGS.commands;
  // As often as before, so that it can be judged; of a command that is new nothing is known.
  const commands = [{ ...echo, samples: 9 }, neverAsked];
  expect(asked[0]).toEqual({ ...SETTINGS, queries: ['lung "anatomy"'], chapters: ['bailey:ch1'], limit: 5, commands });
});

test('measures slowness again, without commands that are not slow, and believes what persists', async () => {
  const { verdicts, taken, asked } = await compare(taking(200), taking(210), taking(220));
  expect([verdicts, taken]).toEqual([['failed', 'ok', 'ok'], 3]);
  expect(asked.map(({ commands }) => commands.length)).toEqual([2, 0, 0]);
});

test('measures a slow command again, and believes what persists', async () => {
  const slow = taking(100, 'a', 100);
  const { verdicts, taken, asked } = await compare(slow, slow, slow);
  expect([verdicts, taken]).toEqual([['ok', 'ok', 'failed'], 3]);
  expect(asked.slice(1).map(({ commands }) => commands.map(({ name }) => name))).toEqual([['echo'], ['echo']]);
  expect((await compare(slow, taking(100))).verdicts).toEqual(['ok', 'ok', 'ok']);
});

test('stops measuring once it was not slow', async () => {
  const { verdicts, taken } = await compare(taking(200), taking(100));
  expect([verdicts, taken]).toEqual([['ok', 'ok', 'ok'], 2]);
});

test('does not measure again what gave another answer', async () => {
  const { verdicts, taken } = await compare(taking(200, 'b'));
  expect([verdicts, taken]).toEqual([['failed', 'ok', 'ok'], 1]);
});

test('is cancelled while it pauses', async () => {
  const signal = AbortSignal.abort(new Error('cancelled'));
  const call = compareWith(taking(100), SETTINGS, async () => taking(200), { signal });
  await expect(call).rejects.toThrow(/abort/i);
});
