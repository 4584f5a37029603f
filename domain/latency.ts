/** From when on a slowdown counts. */
export interface LatencyRule {
  /** Over this many per cent slower is a warning, over `failurePercent` a failure. */
  warningPercent: number;
  failurePercent: number;
  /** Slowdowns of a median by no more than this many milliseconds count for nothing, whatever the samples say. */
  toleranceMs: number;
}

export interface LatencyJudgement {
  verdict: 'ok' | 'warning' | 'failed';
  medianBeforeMs: number | null;
  medianAfterMs: number | null;
  /** Null where nothing is slow; where it is `ok` in spite of a slower median, why that was not believed. */
  why: string | null;
  /** Why nothing can be said of the time that it takes; null where it was judged. */
  unjudged: string | null;
}

/** Fewer samples than this, on either side, prove nothing. */
export const ENOUGH_SAMPLES = 5;
/** One chance in a hundred that samples of equal speed look like this (normal distribution, one side). */
const CRITICAL_Z = 2.326;
/** What makes the median absolute deviation of normal samples their standard deviation. */
const MAD_TO_DEVIATION = 1.4826;
/** A query waits for several processes: where one piece of work takes twice as long, it was seen to take up to four times. */
const LOAD_EXPONENT = 2;

/** The middle sample, or the mean of the middle two; null where there is none. */
export function median(samples: readonly number[]): number | null {
  const sorted = [...samples].sort((a, b) => a - b);
  const upper = sorted[Math.floor(sorted.length / 2)];
  const lower = sorted[Math.ceil(sorted.length / 2) - 1];
  return upper === undefined || lower === undefined ? null : (upper + lower) / 2;
}

/**
 * Judges the samples after a change against those before. The median alone decides nothing: it must have moved by more
 * than the samples vary, and for a warning the samples must bear out that they are slower; for a failure, which rolls a
 * whole migration back, that they passed its limit, even the fastest of them.
 *
 * @param load how much slower the machine itself was than before, by the yardstick of both captures; see {@link loadOf}
 */
export function judgeLatency(
  before: readonly number[],
  after: readonly number[],
  rule: LatencyRule,
  load = 1,
): LatencyJudgement {
  const [medianBeforeMs, medianAfterMs] = [median(before), median(after)];
  const judged = (verdict: LatencyJudgement['verdict'], why: string | null, unjudged: string | null = null) => ({
    ...{ verdict, medianBeforeMs, medianAfterMs, why, unjudged },
  });
  const open = (why: string) => judged('ok', why, why);
  if (medianBeforeMs === null || medianAfterMs === null) return judged('ok', null, 'it was not timed');
  const samples = Math.min(before.length, after.length);
  const few = samples < ENOUGH_SAMPLES ? `${fewSamples(samples, medianBeforeMs)} too few to judge by` : null;
  const slower = medianAfterMs - medianBeforeMs;
  const percent = (slower / medianBeforeMs) * 100;
  if (!(percent > rule.warningPercent) || slower <= rule.toleranceMs) return judged('ok', null, few);
  const shown = `${percent.toFixed(0)} % slower (${medianBeforeMs.toFixed(1)} -> ${medianAfterMs.toFixed(1)} ms)`;
  if (few !== null) return open(`${shown}, but ${few}`);
  if (slower <= spread(before) + spread(after)) return open(`${shown}, but the samples vary too much to say so`);
  const fair = before.map((milliseconds) => milliseconds * load ** LOAD_EXPONENT);
  if (medianAfterMs <= (median(fair) ?? 0) * (1 + rule.warningPercent / 100)) {
    return open(`${shown}, but the machine itself was ${load.toFixed(1)} times slower than before`);
  }
  if (percent > rule.failurePercent && isBeyond(fair, after, rule.failurePercent)) {
    return judged('failed', `${shown}; the limit is ${rule.failurePercent} %`);
  }
  if (isSlowerThan(fair, after, 0)) return judged('warning', `${shown}; worth a look over ${rule.warningPercent} %`);
  return open(`${shown}, but the samples vary too much to say so`);
}

/**
 * How many times slower the machine was at the second time, by the same piece of work that is no query; never less
 * than 1. Where either side has too few samples, nothing is known of it, and 1 stands for that.
 */
export function loadOf(before: readonly number[] = [], after: readonly number[] = []): number {
  const [was, is] = [median(before), median(after)];
  if (Math.min(before.length, after.length) < ENOUGH_SAMPLES || !was || is === null) return 1;
  return Math.max(1, is / was);
}

function fewSamples(samples: number, medianMs: number): string {
  return samples === 1 ? `1 sample (${taking(medianMs)}) is` : `${samples} samples (${taking(medianMs)} each) are`;
}

function taking(milliseconds: number): string {
  return milliseconds < 1_000 ? `${milliseconds.toFixed(1)} ms` : `${(milliseconds / 1_000).toFixed(1)} s`;
}

/** By how much a sample typically departs from the median, scaled to the deviation of a normal distribution. */
function spread(samples: readonly number[]): number {
  const middle = median(samples) ?? 0;
  return MAD_TO_DEVIATION * (median(samples.map((sample) => Math.abs(sample - middle))) ?? 0);
}

/** Slower by more than `percent` for certain: the whole of it, not a part that met a busy moment. */
function isBeyond(before: readonly number[], after: readonly number[], percent: number): boolean {
  const limit = (median(before) ?? 0) * (1 + percent / 100);
  return Math.min(...after) > limit && isSlowerThan(before, after, percent);
}

/** Are the samples after slower by more than `percent`? The rank test, on those before as they may have been at most. */
function isSlowerThan(before: readonly number[], after: readonly number[], percent: number): boolean {
  const allowed = before.map((milliseconds) => milliseconds * (1 + percent / 100));
  return rankZ(allowed, after) > CRITICAL_Z;
}

/**
 * The Mann-Whitney test that `second` tends to be greater than `first`, as a standard score: normal approximation
 * with the correction for ties and for continuity. It asks nothing of the distribution, and one outlier is one rank.
 */
export function rankZ(first: readonly number[], second: readonly number[]): number {
  const [n, m] = [first.length, second.length];
  let wins = 0;
  for (const b of second) for (const a of first) wins += b > a ? 1 : b === a ? 0.5 : 0;
  const counts = new Map<number, number>();
  for (const value of [...first, ...second]) counts.set(value, (counts.get(value) ?? 0) + 1);
  const total = n + m;
  const ties = [...counts.values()].reduce((sum, t) => sum + (t ** 3 - t), 0);
  const variance = ((n * m) / 12) * (total + 1 - ties / (total * (total - 1)));
  if (!(variance > 0)) return 0;
  return (wins - (n * m) / 2 - 0.5) / Math.sqrt(variance);
}
