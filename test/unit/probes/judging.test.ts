import {
  failedBySlownessOnly,
  judgeProbes,
  type ProbeAnswer,
  type ProbeCapture,
  type ProbeComparison,
} from '../../../domain/probes';

const RULE = { warningPercent: 10, failurePercent: 20, toleranceMs: 5 };
const answer = (given: Partial<ProbeAnswer> = {}): ProbeAnswer => ({
  name: 'search "lung"',
  kind: 'search',
  error: null,
  sha256: 'a',
  results: 5,
  milliseconds: taking(100),
  ...given,
});
const taking = (milliseconds: number, samples = 9) => new Array<number>(samples).fill(milliseconds);
const capture = (...answers: ProbeAnswer[]): ProbeCapture => ({
  ...{ takenAt: '2026-01-01T00:00:00.000Z', embedder: 'fake', limit: 5, vectors: {}, answers },
});
const broken = { error: 'it has zero results', sha256: null, results: 0, milliseconds: [] };

function judge(before: ProbeAnswer, ...after: (ProbeAnswer | null)[]): ProbeComparison {
  const captures = after.map((one) => capture(...(one ? [one] : [])));
  const [comparison] = judgeProbes(capture(before), captures, RULE);
  if (!comparison) throw new Error('nothing was judged');
  return comparison;
}

test('the same answer in the same time is ok, with the figures of both', () => {
  expect(judge(answer(), answer({ milliseconds: taking(101) }))).toEqual({
    ...{ name: 'search "lung"', kind: 'search', verdict: 'ok', identical: true, results: 5, why: null },
    ...{ medianBeforeMs: 100, medianAfterMs: 101, samples: 9 },
  });
});

test.each([
  ['another answer', answer({ sha256: 'b', results: 4 }), /another answer than before \(5 -> 4 results\)/],
  ['an error', answer(broken), /zero results/],
  ['no answer at all', null, /not asked again/],
])('%s fails', (_, after, why) => {
  const judged = judge(answer(), after);
  expect(judged).toMatchObject({ verdict: 'failed', identical: false, why: expect.stringMatching(why) as string });
  expect(failedBySlownessOnly([judged])).toBe(false);
});

test('an answer that was another one once fails, whatever came later', () => {
  expect(judge(answer(), answer({ sha256: 'b' }), answer()).verdict).toBe('failed');
  expect(judge(answer(), answer(), answer(broken)).verdict).toBe('failed');
});

test('what was broken before and answers now cannot be compared', () => {
  expect(judge(answer(broken), answer())).toMatchObject({ verdict: 'warning', identical: false });
  expect(judge(answer(broken), answer(broken)).verdict).toBe('failed');
});

describe('slowness', () => {
  const slow = answer({ milliseconds: taking(200) });
  const slowish = answer({ milliseconds: taking(115) });

  test('fails where every capture shows it', () => {
    const judged = judge(answer(), slow, slow, slow);
    expect(judged).toMatchObject({ verdict: 'failed', identical: true, medianAfterMs: 200 });
    expect(failedBySlownessOnly([judged])).toBe(true);
  });

  test('counts as mildly as the mildest capture has it', () => {
    expect(judge(answer(), slow, answer({ milliseconds: taking(99) }))).toMatchObject({
      verdict: 'ok',
      medianAfterMs: 99,
    });
    expect(judge(answer(), slow, slowish, slow)).toMatchObject({ verdict: 'warning', medianAfterMs: 115 });
  });

  test('is judged by those captures alone that asked', () => {
    expect(judge(answer(), slow, null).verdict).toBe('failed');
  });

  test('is the machine where the yardstick is as slow', () => {
    const [before, later] = [capture(answer()), capture(slow)];
    const measured = (was: number, is: number) =>
      judgeProbes({ ...before, yardstick: taking(was) }, [{ ...later, yardstick: taking(is) }], RULE)[0];
    expect(measured(4, 4)).toMatchObject({ verdict: 'failed' });
    expect(measured(4, 4)).not.toHaveProperty('notJudged');
    const why = '100 % slower (100.0 -> 200.0 ms), but the machine itself was 2.0 times slower than before';
    expect(measured(4, 8)).toMatchObject({ verdict: 'ok', why, notJudged: why });
  });

  test('is not judged of an answer that is another one', () => {
    expect(judge(answer(), answer({ sha256: 'b' })).notJudged).toMatch(/no answer that is the same/);
  });

  test('is not all that failed where another answer failed too', () => {
    const after = capture(slow, answer({ name: 'b', sha256: 'other' }));
    const judged = judgeProbes(capture(answer(), answer({ name: 'b' })), [after], RULE);
    expect(judged.map(({ verdict }) => verdict)).toEqual(['failed', 'failed']);
    expect(failedBySlownessOnly(judged)).toBe(false);
    expect(failedBySlownessOnly([])).toBe(false);
  });
});
