import { condition } from '@temporalio/workflow';
import type { SpanResult } from '../../activities';
import type { BaselineRun } from '../parts/baseline-run';

/** A span holds at most this share of the batches, so that history stays bounded whatever the size of the corpus. */
const MOST_SPANS = 200;

export interface Labelled {
  latencies: number[];
}

/**
 * Labels every paragraph, page by page of chunk_id, in spans of batches. A pause stops it at a batch's end:
 * the gate in the store is closed, the span in flight hands back its cursor, and nothing is written until the
 * gate opens again.
 */
export async function labelParagraphs(run: BaselineRun, total: number): Promise<Labelled> {
  const { gate, progress, settings, label, token, steps } = run;
  const { batchSize } = settings;
  const batches = Math.ceil(total / batchSize);
  const perSpan = Math.max(settings.batchesPerSpan, Math.ceil(batches / MOST_SPANS));
  const latencies: number[] = [];
  let cursor = '';
  let done = 0;
  let workedMs = 0;
  gate.startWriting();
  for (;;) {
    if (gate.pauseRequested) await hold(run);
    const startedAt = Date.now();
    const span = steps.longStores.labelSpan.executeWithOptions(
      { summary: `label batches from ${latencies.length + 1} of ${batches}` },
      [{ label, token, after: cursor, batchSize, batches: perSpan }],
    );
    const result = await closeGateOnPause(run, span);
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

/** Waits for the span; a pause meanwhile closes the gate in the store, which ends the span at its next batch. */
async function closeGateOnPause(run: BaselineRun, span: Promise<SpanResult>): Promise<SpanResult> {
  let ended = false;
  const finished = span.finally(() => (ended = true));
  // The failure is thrown by the last line; this branch only waits.
  finished.catch(() => undefined);
  await condition(() => ended || run.gate.pauseRequested);
  if (!ended) await setGate(run, true);
  return finished;
}

async function hold(run: BaselineRun): Promise<void> {
  await setGate(run, true);
  await run.gate.holdUntilResumed();
  await setGate(run, false);
}

async function setGate({ steps, token }: BaselineRun, paused: boolean): Promise<void> {
  await steps.stores.setWriteGate.executeWithOptions(
    { summary: paused ? 'close the write gate' : 'open the write gate' },
    [token, paused],
  );
}
