import fc from 'fast-check';
import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';
import type { RandomGenerator } from 'pure-rand/types/RandomGenerator';
import { settingsSchema } from '../../../config/schema';
import { ENOUGH_SAMPLES, judgeLatency, loadOf, median, rankZ, type LatencyRule } from '../../../domain/latency';

const RULE: LatencyRule = { warningPercent: 10, failurePercent: 20, toleranceMs: 5 };
const times = (samples: number, milliseconds: number, spread = 1) =>
  Array.from({ length: samples }, (_, i) => milliseconds + spread * (i - (samples - 1) / 2));

const enough = fc.array(fc.double({ min: 20, max: 500, noNaN: true }), { minLength: ENOUGH_SAMPLES, maxLength: 40 });

/** Near enough to one: the sum of twelve even ones. */
const normal = (random: RandomGenerator) =>
  Array.from({ length: 12 }, () => uniformFloat64(random)).reduce((sum, value) => sum + value, -6);

/** What the settings say where nobody says otherwise. */
const DEFAULT = { warningPercent: 10, failurePercent: 20, toleranceMs: settingsSchema.parse({}).probes.toleranceMs };
/** How long a query takes, in its own unit: now and then much longer than otherwise. */
const TAILS = [5, 60].flatMap((scale) =>
  [
    (random: RandomGenerator) => Math.exp(0.3 * normal(random)),
    (random: RandomGenerator) => Math.exp(0.8 * normal(random)),
    // Pareto: without a variance.
    (random: RandomGenerator) => (1 - uniformFloat64(random)) ** (-1 / 1.5),
  ].map((tail) => [tail, scale] as const),
);

describe('the median', () => {
  it.each([
    [[], null],
    [[3], 3],
    [[9, 1, 5], 5],
    [[4, 1, 2, 10], 3],
  ])('of %j is %s', (samples, expected) => expect(median(samples)).toBe(expected));
});

describe('the rank test', () => {
  it('gives the scores of the textbook', () => {
    // Two groups that do not overlap: U = 25, mean 12.5, deviation sqrt(25 * 11 / 12).
    expect(rankZ([1, 2, 3, 4, 5], [6, 7, 8, 9, 10])).toBeCloseTo(12 / Math.sqrt((25 * 11) / 12), 10);
    expect(rankZ([6, 7, 8, 9, 10], [1, 2, 3, 4, 5])).toBeCloseTo(-13 / Math.sqrt((25 * 11) / 12), 10);
    expect(rankZ([1, 1, 1, 1, 1], [1, 1, 1, 1, 1])).toBe(0);
    // Ties narrow the deviation: 12 * 12 / 12 * ... worked by hand for one tied pair across the groups.
    expect(rankZ([1, 2, 3], [3, 4, 5])).toBeCloseTo(3.5 / Math.sqrt((9 / 12) * (7 - 6 / 30)), 10);
  });

  it('does not change when one sample is an outlier of any size', () => {
    fc.assert(
      fc.property(enough, fc.double({ min: 1e4, max: 1e9, noNaN: true }), (samples, outlier) => {
        expect(rankZ(samples, [...samples, outlier])).toBe(rankZ(samples, [...samples, 1e4]));
      }),
    );
  });
});

describe('latency', () => {
  it('never fails on the same samples, in whatever order', () => {
    fc.assert(
      fc.property(
        enough.chain((samples) =>
          fc.tuple(fc.constant(samples), fc.shuffledSubarray(samples, { minLength: samples.length })),
        ),
        ([before, after]) => {
          expect(judgeLatency(before, after, RULE)).toMatchObject({ verdict: 'ok', why: null });
        },
      ),
    );
  });

  it('hardly ever calls samples slower that are of the same heavy-tailed distribution, however small', () => {
    fc.assert(
      fc.property(fc.integer(), fc.constantFrom(...TAILS), fc.constantFrom(5, 7, 21), (seed, [tail, scale], size) => {
        const random = xoroshiro128plus(seed);
        const samples = () => Array.from({ length: size }, () => scale * tail(random));
        const verdicts = Array.from({ length: 800 }, () => judgeLatency(samples(), samples(), DEFAULT).verdict);
        const share = (wanted: string) => verdicts.filter((verdict) => verdict === wanted).length / verdicts.length;
        expect(share('failed')).toBeLessThan(0.015);
        expect(share('warning')).toBeLessThan(0.025);
      }),
      { numRuns: 60 },
    );
  });

  it('never fails on what got faster, or slower within the limits', () => {
    fc.assert(
      fc.property(enough, fc.double({ min: 0.1, max: 1.1, noNaN: true }), (before, factor) => {
        expect(
          judgeLatency(
            before,
            before.map((ms) => ms * factor),
            RULE,
          ).verdict,
        ).toBe('ok');
      }),
    );
  });

  it('fails on what takes twice as long, where the samples do not vary by as much', () => {
    const steady = fc.array(fc.double({ min: 90, max: 110, noNaN: true }), {
      minLength: ENOUGH_SAMPLES,
      maxLength: 40,
    });
    fc.assert(
      fc.property(steady, (before) => {
        const judged = judgeLatency(
          before,
          before.map((ms) => ms * 2),
          RULE,
        );
        expect(judged).toMatchObject({ verdict: 'failed', why: expect.stringMatching(/^100 % slower/) as string });
      }),
    );
  });

  it('is never judged by too few samples', () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: 1, max: 1e6, noNaN: true }), { maxLength: ENOUGH_SAMPLES - 1 }),
        enough,
        (few, many) => {
          expect(judgeLatency(few, many, RULE).verdict).toBe('ok');
          expect(judgeLatency(many, few, RULE).verdict).toBe('ok');
        },
      ),
    );
    expect(judgeLatency(times(3, 100), times(3, 200), RULE).why).toMatch(/100 % slower .*3 samples .* are too few/);
    expect(judgeLatency([6_200, 6_200], [6_200, 6_200], RULE)).toMatchObject({
      ...{ why: null, unjudged: '2 samples (6.2 s each) are too few to judge by' },
    });
  });

  it.each([
    ['ok', 109],
    ['warning', 115],
    ['failed', 125],
  ])('is %s at 100 -> %d ms', (verdict, after) => {
    const judged = judgeLatency(times(9, 100, 0.1), times(9, after, 0.1), RULE);
    expect(judged).toMatchObject({ verdict, medianBeforeMs: 100, medianAfterMs: after });
  });

  it('is left alone below the tolerance, however many times slower', () => {
    expect(judgeLatency(times(9, 2, 0.1), times(9, 6.9, 0.1), RULE)).toMatchObject({ verdict: 'ok', why: null });
    expect(judgeLatency(times(9, 2, 0.1), times(9, 7.5, 0.1), RULE).verdict).toBe('failed');
  });

  it('finds few milliseconds more of few, with what is tolerated by default', () => {
    expect(judgeLatency(times(21, 5, 0.1), times(21, 20, 0.2), DEFAULT).verdict).toBe('failed');
    expect(judgeLatency(times(21, 5, 0.1), times(21, 29, 0.2), DEFAULT).verdict).toBe('failed');
    expect(judgeLatency(times(21, 1, 0.05), times(21, 2.5, 0.05), DEFAULT)).toMatchObject({ verdict: 'ok', why: null });
  });

  it('believes no difference that is within the spread of both sides', () => {
    const [before, after] = [times(41, 100, 2), times(41, 140, 2)];
    expect(rankZ(before, after)).toBeGreaterThan(4);
    expect(judgeLatency(before, after, DEFAULT)).toMatchObject({
      verdict: 'ok',
      unjudged: expect.stringMatching(/40 % slower .* vary too much/) as string,
    });
  });

  it('is no failure where some samples are as fast as ever', () => {
    const after = [...times(18, 200, 0.1), 100, 100, 100];
    expect(judgeLatency(times(21, 100, 0.1), after, DEFAULT).verdict).toBe('warning');
  });

  it('needs samples that bear out a slower median', () => {
    const scattered = [20, 30, 100, 130, 400, 500, 600];
    expect(judgeLatency([20, 30, 40, 100, 400, 500, 600], scattered, RULE)).toMatchObject({
      verdict: 'ok',
      why: expect.stringMatching(/30 % slower .* vary too much/) as string,
    });
    // Slower for certain, but not for certain beyond the limit of a failure.
    expect(judgeLatency(times(9, 100, 4), times(9, 124, 4), RULE).verdict).toBe('warning');
  });

  it('has nothing to say where there are no samples', () => {
    expect(judgeLatency([], times(9, 5), RULE)).toEqual({
      ...{ verdict: 'ok', medianBeforeMs: null, medianAfterMs: 5, why: null, unjudged: 'it was not timed' },
    });
  });
});

describe('beside a machine that has itself become slower', () => {
  const factor = fc.double({ min: 1, max: 8, noNaN: true });

  it('up to the square of that says nothing', () => {
    fc.assert(
      fc.property(enough, factor, fc.double({ min: 0, max: 1, noNaN: true }), (before, load, share) => {
        const slower = 1 + share * (load ** 2 - 1);
        const after = before.map((ms) => ms * slower);
        expect(judgeLatency(before, after, DEFAULT, load).verdict).toBe('ok');
      }),
    );
    expect(judgeLatency(times(9, 100, 0.1), times(9, 300, 0.1), DEFAULT, 2).unjudged).toMatch(
      /200 % slower .* machine itself was 2\.0 times slower/,
    );
  });

  it('what is slower still is found', () => {
    expect(judgeLatency(times(9, 100, 0.1), times(9, 1_000, 0.1), DEFAULT, 2).verdict).toBe('failed');
  });

  it('is told by the same work before and after, and by nothing else', () => {
    expect(loadOf(times(9, 4), times(9, 10))).toBe(2.5);
    expect(loadOf(times(9, 10), times(9, 4))).toBe(1);
    expect(loadOf(times(4, 4), times(9, 10))).toBe(1);
    expect(loadOf(undefined, times(9, 10))).toBe(1);
  });
});
