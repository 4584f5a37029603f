import { setTimeout } from 'node:timers/promises';
import { HybridFlowError } from '../../domain/errors';
import { ENOUGH_SAMPLES } from '../../domain/latency';
import { redact } from '../../domain/masking';
import type { ProbeAnswer, ProbeCapture, ProbeSettings } from '../../domain/probes';
import type { CallControl, Embedder } from '../../stores/ports';
import { hierarchyProbe, searchProbe } from './builtin';
import { commandProbe } from './command';
import type { Probe, ProbeStores } from './probe';
import { doYardstick } from './yardstick';

export interface CaptureOptions {
  /** Of an earlier capture, so that the same is asked; only a query that is not among them is embedded. */
  vectors?: Record<string, number[]>;
  /** Texts that no recorded error may carry. */
  secrets?: readonly string[];
  control?: CallControl;
  /** Work that tells how busy the machine is. */
  yardstick?: () => Promise<void>;
  /** For how long outages of a store are waited out, in the whole capture. */
  patienceMs?: number;
  /** Milliseconds from any start; probes and yardstick are timed by it. */
  clock?: () => number;
}

/** Where no chapters are configured, the first ones of at most this many textbooks are read. */
const MOST_TEXTBOOKS = 5;
const PATIENCE_MS = 10_000;
const OUTAGE_PAUSE_MS = 500;
const ERROR_SHOWN = 500;
const MORE_OFTEN = 3;
const NEXT_TO_NO_TIME_MS = 1_000;

/**
 * Asks every probe, round after round, so that a busy moment of the machine falls on all of them. What goes wrong in
 * a probe is recorded in its answer, and the probe is not asked again.
 *
 * @throws HybridFlowError EMBEDDER_UNREACHABLE, EMBEDDER_UNFIT, or a store's error, before anything was asked
 */
export async function captureProbes(
  stores: ProbeStores,
  embedder: Embedder,
  settings: ProbeSettings,
  {
    vectors: known = {},
    secrets = [],
    control = {},
    yardstick = doYardstick,
    patienceMs = PATIENCE_MS,
    clock = () => performance.now(),
  }: CaptureOptions = {},
): Promise<ProbeCapture> {
  const takenAt = new Date().toISOString();
  const queries = [...new Set(settings.queries)];
  const vectors = await queryVectors(stores, embedder, queries, known, control.signal);
  const stated = settings.chapters.length > 0 ? settings.chapters : await stores.graph.firstChapters(MOST_TEXTBOOKS);
  const { limit, repeats: rounds } = settings;
  const probes = [
    ...queries.map((query) => searchProbe(stores, query, { vector: ownValue(vectors, query), limit, rounds })),
    ...[...new Set(stated)].map((chapterId) => hierarchyProbe(stores, chapterId, rounds)),
    ...settings.commands.map((command) => commandProbe(command, rounds, secrets)),
  ];
  const asking = { control, patience: { leftMs: patienceMs }, secrets, yardstick, clock };
  return { takenAt, embedder: embedder.name, limit, vectors, ...(await askInRounds(probes, asking)) };
}

async function queryVectors(
  { vectors: store }: ProbeStores,
  embedder: Embedder,
  queries: readonly string[],
  known: Record<string, number[]>,
  signal?: AbortSignal,
): Promise<Record<string, number[]>> {
  const missing = queries.filter((query) => ownValue(known, query) === undefined);
  if (missing.length === 0) return known;
  const { dimension } = await store.inventory();
  if (dimension === null) return known;
  const made = await embedder.embed(missing, dimension, signal);
  return { ...known, ...Object.fromEntries(missing.map((query, i) => [query, made[i] ?? []])) };
}

interface Asking {
  control: CallControl;
  patience: { leftMs: number };
  secrets: readonly string[];
  yardstick: () => Promise<void>;
  clock: () => number;
}

async function askInRounds(
  probes: readonly Probe[],
  asking: Asking,
): Promise<Required<Pick<ProbeCapture, 'answers' | 'yardstick'>>> {
  const asked = probes.map((probe) => ({ probe, answer: noAnswer(probe), rounds: probe.rounds }));
  const yardstick: number[] = [];
  let done = 0;
  for (let round = 0; ; round++) {
    const open = asked.filter(({ probe, answer, rounds }) => isOpen(probe, answer, { round, rounds }));
    if (open.length === 0) return { answers: asked.map(({ answer }) => answer), yardstick };
    const busyMs = await timed(asking.yardstick, asking.clock);
    // Its first calls are as cold as those of the probes.
    if (round > 0) yardstick.push(busyMs);
    for (const one of open) {
      const { probe, answer } = one;
      const tookMs = await askOnce(probe, answer, round >= probe.warmUps, asking);
      if (round === 0) one.rounds = probe.roundsAfter?.(tookMs) ?? probe.rounds;
      asking.control.onProgress?.(++done);
    }
  }
}

/** A fast probe is asked up to three times as often, while that takes next to no time: so its median is a firm one. */
function isOpen(
  probe: Probe,
  { error, milliseconds }: ProbeAnswer,
  { round, rounds }: { round: number; rounds: number },
) {
  if (error !== null) return false;
  if (round < probe.warmUps + rounds) return true;
  if (probe.roundsAfter || rounds < ENOUGH_SAMPLES || milliseconds.length >= MORE_OFTEN * rounds) return false;
  return milliseconds.reduce((sum, one) => sum + one, 0) < NEXT_TO_NO_TIME_MS;
}

async function timed(work: () => Promise<void>, clock: () => number): Promise<number> {
  const startedAt = clock();
  await work();
  return inHundredths(clock() - startedAt);
}

function inHundredths(milliseconds: number): number {
  return Math.round(milliseconds * 100) / 100;
}

function noAnswer({ name, kind }: Probe): ProbeAnswer {
  return { name, kind, error: null, sha256: null, results: 0, milliseconds: [] };
}

/** Asks, adds to the answer what came of it, and says how long it took: an answer that differs from the round before is an error too. */
async function askOnce(probe: Probe, answer: ProbeAnswer, counts: boolean, asking: Asking): Promise<number> {
  const { signal } = asking.control;
  try {
    const { sha256, results, milliseconds } = await askPatiently(probe, asking);
    if (answer.sha256 !== null && answer.sha256 !== sha256) throw notRepeatable();
    Object.assign(answer, { sha256, results });
    if (counts) answer.milliseconds.push(inHundredths(milliseconds));
    return milliseconds;
  } catch (error) {
    signal?.throwIfAborted();
    Object.assign(answer, { error: inWords(error, asking.secrets), sha256: null, results: 0 });
    return 0;
  }
}

/** A store that is away for a moment is no broken query: its outage is waited out, but no longer than patience lasts. */
async function askPatiently(
  probe: Probe,
  { control: { signal }, patience, clock }: Asking,
): Promise<{ sha256: string; results: number; milliseconds: number }> {
  for (;;) {
    signal?.throwIfAborted();
    const [startedAt, waitedFrom] = [clock(), performance.now()];
    try {
      const found = await probe.ask(signal);
      return { ...found, milliseconds: clock() - startedAt };
    } catch (error) {
      if (!(error instanceof HybridFlowError && error.retryable) || patience.leftMs <= 0) throw error;
      await setTimeout(Math.min(OUTAGE_PAUSE_MS, patience.leftMs), undefined, { signal });
      patience.leftMs -= performance.now() - waitedFrom;
    }
  }
}

function notRepeatable(): HybridFlowError {
  return new HybridFlowError('PROBE_FAILED', {
    found: 'it is not repeatable: asked twice in a row, it gave two answers',
  });
}

function inWords(error: unknown, secrets: readonly string[]): string {
  const text =
    error instanceof HybridFlowError ? error.facts.found : error instanceof Error ? error.message : String(error);
  return redact(text, secrets).slice(0, ERROR_SHOWN);
}

/** Queries are free texts: one may be called as something that every object has. */
function ownValue<T>(record: Record<string, T>, key: string): T | undefined {
  return Object.hasOwn(record, key) ? record[key] : undefined;
}
