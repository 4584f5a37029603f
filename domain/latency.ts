/** From when on a slowdown counts. */
export interface LatencyRule {
  /** Over this many per cent slower is a warning, over `failurePercent` a failure. */
  warningPercent: number;
  failurePercent: number;
  /** Slowdowns of a median by no more than this many milliseconds are noise. */
  toleranceMs: number;
}

export interface LatencyJudgement {
  verdict: 'ok' | 'warning' | 'failed';
  medianBeforeMs: number | null;
  medianAfterMs: number | null;
  /** Null where nothing is slow; where it is `ok` in spite of a slower median, why that was not believed. */
  why: string | null;
}

/** Fewer samples than this, on either side, prove nothing. */
export const ENOUGH_SAMPLES = 5;
/** One chance in a hundred that samples of equal speed look like this (normal distribution, one side). */
const CRITICAL_Z = 2.326;

/** The middle sample, or the mean of the middle two; null where there is none. */
export function median(samples: readonly number[]): number | null {
  const sorted = [...samples].sort((a, b) => a - b);
  const upper = sorted[Math.floor(sorted.length / 2)];
  const lower = sorted[Math.ceil(sorted.length / 2) - 1];
  return upper === undefined || lower === undefined ? null : (upper + lower) / 2;
}

/**
 * Judges the samples after a change against those before. The median alone decides nothing: for a warning the samples
 * must bear out that they are slower; for a failure, which rolls a whole migration back, that they passed its limit.
 */
export function judgeLatency(before: readonly number[], after: readonly number[], rule: LatencyRule): LatencyJudgement {
  const [medianBeforeMs, medianAfterMs] = [median(before), median(after)];
  const judged = (verdict: LatencyJudgement['verdict'], why: string | null) => ({
    ...{ verdict, medianBeforeMs, medianAfterMs, why },
  });
  if (medianBeforeMs === null || medianAfterMs === null) return judged('ok', null);
  const percent = (medianAfterMs / medianBeforeMs - 1) * 100;
  if (!(percent > rule.warningPercent) || medianAfterMs - medianBeforeMs <= rule.toleranceMs) return judged('ok', null);
  const shown = `${percent.toFixed(0)} % slower (${medianBeforeMs.toFixed(1)} -> ${medianAfterMs.toFixed(1)} ms)`;
  const samples = Math.min(before.length, after.length);
  if (samples < ENOUGH_SAMPLES) return judged('ok', `${shown}, but ${samples} samples are too few to judge by`);
  if (percent > rule.failurePercent && isSlowerThan(before, after, rule.failurePercent)) {
    return judged('failed', `${shown}; the limit is ${rule.failurePercent} %`);
  }
  if (isSlowerThan(before, after, 0)) return judged('warning', `${shown}; worth a look over ${rule.warningPercent} %`);
  return judged('ok', `${shown}, but the samples vary too much to say so`);
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
