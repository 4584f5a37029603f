import { judgeLatency, loadOf, type LatencyJudgement, type LatencyRule } from './latency';

/** A program of the user's that must answer the same before and after, byte for byte. No shell is involved. */
export interface CommandProbe {
  name: string;
  argv: readonly string[];
  cwd?: string;
  timeoutSeconds: number;
  maxBytes: number;
  /** Samples that an earlier capture has of it: as many are taken, however long a run takes by now. */
  samples?: number;
}

export interface ProbeSettings extends LatencyRule {
  /** Texts to search for: the plan's and the monitoring's. */
  queries: readonly string[];
  /** Chapters whose hierarchy is read; empty: the first of each textbook. */
  chapters: readonly string[];
  limit: number;
  /** Timed repetitions of every probe, interleaved; warm-ups come on top, and fast probes are asked more often. */
  repeats: number;
  commands: readonly CommandProbe[];
}

export interface ProbeAnswer {
  /** `search "lung anatomy"`, `hierarchy bailey:ch60`, `command <name>`. */
  name: string;
  kind: 'search' | 'hierarchy' | 'command';
  /** What went wrong: an error, a time-out, no result at all. Null where it answered. */
  error: string | null;
  /** Of the canonical answer. */
  sha256: string | null;
  /** Neighbours found, nodes below the chapter, lines printed. */
  results: number;
  milliseconds: number[];
}

export interface ProbeCapture {
  takenAt: string;
  embedder: string;
  /** Neighbours asked for. */
  limit: number;
  answers: ProbeAnswer[];
  /** Query -> vector, so that the later capture asks exactly the same. */
  vectors: Record<string, number[]>;
  /** Milliseconds of a piece of work that is no query, once a round: how busy the machine was. */
  yardstick?: number[];
}

/** A capture as it goes through the workflow: without vectors and samples. */
export interface ProbeSummary {
  takenAt: string;
  embedder: string;
  probes: number;
  /** Each with what went wrong. */
  failed: string[];
  path: string;
}

export interface ProbeComparison {
  name: string;
  kind: ProbeAnswer['kind'];
  /** `failed` is trigger 5: an error, no result, another answer, or a slowdown beyond the limit. */
  verdict: 'ok' | 'warning' | 'failed';
  identical: boolean;
  results: number;
  medianBeforeMs: number | null;
  medianAfterMs: number | null;
  samples: number;
  /** Why it is not `ok`; where it is, why a slower median was not believed. */
  why: string | null;
  /** Why its time was not judged; left out where it was. */
  notJudged?: string;
}

/**
 * Judges every probe of `before` by its answers in the captures after the change, oldest first. An answer must be the
 * same in each of them; slowness counts only where each of them shows it, so that one busy moment fails nothing.
 */
export function judgeProbes(
  before: ProbeCapture,
  after: readonly ProbeCapture[],
  rule: LatencyRule,
): ProbeComparison[] {
  return before.answers.map((answer) => {
    const answers = after.flatMap((capture) => {
      const load = loadOf(before.yardstick, capture.yardstick);
      return capture.answers.filter(({ name }) => name === answer.name).map((later) => ({ ...later, load }));
    });
    return compare(answer, answers, rule);
  });
}

/** True where probes failed, and every one that did gave the same answer, only too late. */
export function failedBySlownessOnly(comparisons: readonly ProbeComparison[]): boolean {
  const failed = comparisons.filter(({ verdict }) => verdict === 'failed');
  return failed.length > 0 && failed.every(({ identical }) => identical);
}

/** An answer, and how much slower than before the machine itself was by then. */
type LaterAnswer = ProbeAnswer & { load: number };

function compare(before: ProbeAnswer, after: readonly LaterAnswer[], rule: LatencyRule): ProbeComparison {
  const content = judgeContent(before, after);
  // Beside another answer, or none, the time it took says nothing.
  const latency = content === null ? mildest(before, after, rule) : null;
  const { verdict, why } = content ?? latency?.judgement ?? { verdict: 'ok' as const, why: null };
  const shown = latency?.answer ?? after.at(-1);
  const unjudged = latency ? latency.judgement.unjudged : 'there is no answer that is the same as before';
  return {
    name: before.name,
    kind: before.kind,
    verdict,
    identical: content === null,
    results: shown?.results ?? 0,
    medianBeforeMs: latency?.judgement.medianBeforeMs ?? null,
    medianAfterMs: latency?.judgement.medianAfterMs ?? null,
    samples: shown?.milliseconds.length ?? 0,
    why,
    ...(unjudged !== null && { notJudged: unjudged }),
  };
}

/** Null where every answer is there, and the one from before. */
function judgeContent(
  before: ProbeAnswer,
  after: readonly ProbeAnswer[],
): { verdict: 'warning' | 'failed'; why: string } | null {
  if (after.length === 0) return { verdict: 'failed', why: 'it was not asked again' };
  const broken = after.find(({ error }) => error !== null);
  if (broken) return { verdict: 'failed', why: broken.error ?? '' };
  if (before.error !== null) {
    return { verdict: 'warning', why: `it answers now, but did not before, so nothing is compared: ${before.error}` };
  }
  const other = after.find(({ sha256 }) => sha256 !== before.sha256);
  if (other === undefined) return null;
  const counts = `${before.results} -> ${other.results} results`;
  return { verdict: 'failed', why: `another answer than before (${counts})` };
}

const SEVERITY = { ok: 0, warning: 1, failed: 2 } as const;

/** The mildest judgement of all captures; of equally mild ones the latest. */
function mildest(
  before: ProbeAnswer,
  after: readonly LaterAnswer[],
  rule: LatencyRule,
): { answer: ProbeAnswer; judgement: LatencyJudgement } | null {
  const judged = after.map((answer) => ({
    answer,
    judgement: judgeLatency(before.milliseconds, answer.milliseconds, rule, answer.load),
  }));
  judged.sort((a, b) => SEVERITY[b.judgement.verdict] - SEVERITY[a.judgement.verdict]);
  return judged.at(-1) ?? null;
}
