import { condition } from '@temporalio/workflow';
import type { SpanRequest, SpanResult } from '../../activities';
import type { LabelProgress, MigrationSettings } from '../../domain/baseline';
import type { Steps } from '../parts/activities';

/** A span holds at most this share of the batches, so that history stays bounded whatever the size of the corpus. */
const MOST_SPANS = 200;

/** What labelling needs of the run that does it. */
export interface LabelRun {
  label: string;
  token: string;
  steps: Steps;
  settings: Pick<MigrationSettings, 'batchesPerSpan'>;
  /** Whether smaller batches are tried where one is too much for the server. */
  readonly shrinks?: boolean;
  progress: { labels(labels: LabelProgress): void };
  /** The pause that an operator may ask for at any time. */
  gate: { readonly pauseRequested: boolean; holdUntilResumed(): Promise<void>; startWriting(): void };
}

export interface Labelled {
  latencies: number[];
}

/**
 * Labels every paragraph, page by page of chunk_id, in spans of batches. A pause stops it at a batch's end:
 * the gate in the store is closed, the span in flight hands back its cursor, and nothing is written until the
 * gate opens again.
 */
export async function labelParagraphs(run: LabelRun, total: number, batchSize: number): Promise<Labelled> {
  const { gate, progress, settings } = run;
  const batches = Math.ceil(total / batchSize);
  const perSpan = Math.max(settings.batchesPerSpan, Math.ceil(batches / MOST_SPANS));
  const store = new StoreGate(run);
  const latencies: number[] = [];
  let cursor = '';
  let done = 0;
  let workedMs = 0;
  gate.startWriting();
  for (;;) {
    await store.openOnceResumed();
    const startedAt = Date.now();
    const page = { after: cursor, batchSize, batches: perSpan };
    const span = startSpan(run, page, `label batches from ${latencies.length + 1} of ${batches}`);
    const result = await store.closeOnPause(span);
    workedMs += Date.now() - startedAt;
    cursor = result.cursor;
    done += result.labelled;
    latencies.push(...result.latencies);
    const rate = workedMs > 0 ? (1000 * done) / workedMs : 0;
    const etaSeconds = rate > 0 ? Math.max(0, total - done) / rate : null;
    progress.labels({ done, total, batch: latencies.length, batches, rate, etaSeconds });
    if (result.state === 'end') return { latencies };
  }
}

function startSpan(
  { steps, label, token, shrinks }: LabelRun,
  page: Omit<SpanRequest, 'label' | 'token'>,
  summary: string,
): Promise<SpanResult> {
  const request = { label, token, ...page, ...(shrinks && { shrinks }) };
  return steps.longStores.labelSpan.executeWithOptions({ summary }, [request]);
}

/**
 * The gate as it stands in the store. It is remembered apart from what the operator asks for: a resume that
 * comes while the gate is being closed must still open it.
 */
class StoreGate {
  #closed = false;

  constructor(private readonly run: LabelRun) {}

  /** Closes the gate where a pause is wanted, waits for the resume, and opens it again where it is closed. */
  async openOnceResumed(): Promise<void> {
    const { gate } = this.run;
    while (gate.pauseRequested) {
      if (!this.#closed) await this.#set(true);
      await gate.holdUntilResumed();
    }
    if (this.#closed) await this.#set(false);
  }

  /** Waits for the span; a pause meanwhile closes the gate, which ends the span at its next batch. */
  async closeOnPause(span: Promise<SpanResult>): Promise<SpanResult> {
    let ended = false;
    const finished = span.finally(() => (ended = true));
    // The failure is thrown by the last line; this branch only waits.
    finished.catch(() => undefined);
    await condition(() => ended || this.run.gate.pauseRequested);
    // Where the gate cannot be closed, the span is still the store's to end: nothing may go on behind the failure.
    if (!ended) await this.#set(true).catch((error: unknown) => finished.then(never(error), never(error)));
    const result = await finished;
    // The store has the last word: whoever closed the gate, it is this run that opens it again.
    if (result.state === 'paused') this.#closed = true;
    return result;
  }

  async #set(paused: boolean): Promise<void> {
    const { steps, token } = this.run;
    const summary = paused ? 'close the write gate' : 'open the write gate';
    await steps.stores.setWriteGate.executeWithOptions({ summary }, [token, paused]);
    this.#closed = paused;
  }
}

function never(error: unknown): () => never {
  return () => {
    throw error;
  };
}
