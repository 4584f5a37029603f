import { Context } from '@temporalio/activity';
import { HybridFlowError } from '../domain/errors';
import type { FenceState, GraphStore, LabelBatch, LabelBatchResult } from '../stores/ports';
import { callControl, writeLease } from './context';
import type { ActivityDeps } from './deps';

export interface SpanRequest {
  label: string;
  token: string;
  after: string;
  batchSize: number;
  /** At most this many batches in one activity, so that history stays short and a pause is seen soon. */
  batches: number;
  /** Whoever asks tries smaller batches where the server ends one again and again; who does not has it repeated. */
  shrinks?: boolean;
}

export interface SpanResult {
  state: 'more' | 'end' | 'paused';
  cursor: string;
  /** Paragraphs of the pages done here; a page repeated after a crash counts again, the fence's own count does not. */
  labelled: number;
  /** Milliseconds per batch. */
  latencies: number[];
}

/** After so many attempts, a batch that the server ends each time is left to the plan's answer: smaller ones. */
const ATTEMPTS_AS_IT_IS = 3;

/** Labelling in Neo4j: every write carries the run's fencing token. */
export function createLabelActivities({ graph }: ActivityDeps) {
  return {
    /** Sets the fence, and warms the server up for the batches that follow. */
    async acquireFence(token: string, label: string): Promise<FenceState> {
      const fence = await graph.acquireFence(token, writeLease());
      // Only a warm-up: what is wrong with it, the first batch meets as well, and there it is answered with smaller ones.
      await graph.rehearseLabels(label, token).catch(() => undefined);
      return fence;
    },

    /** Closes or opens the write gate; returns once no batch of this run is in flight. */
    async setWriteGate(token: string, paused: boolean): Promise<FenceState> {
      return graph.setGate(token, paused);
    },

    /** Labels up to `batches` pages. A resumed attempt goes on where the store says labelling came to. */
    async labelSpan(request: SpanRequest): Promise<SpanResult> {
      const { label, token, batchSize } = request;
      const context = Context.current();
      const fence = context.info.attempt > 1 ? await graph.readFence() : undefined;
      let cursor = fence?.token === token && fence.cursor > request.after ? fence.cursor : request.after;
      let labelled = 0;
      const latencies: number[] = [];
      for (let batch = 0; batch < request.batches; batch++) {
        context.cancellationSignal.throwIfAborted();
        const lastAsItIs = request.shrinks === true && context.info.attempt >= ATTEMPTS_AS_IT_IS;
        const page = await labelOnce(graph, { label, token, after: cursor, batchSize }, lastAsItIs);
        if (page.state === 'paused') return { state: 'paused', cursor, labelled, latencies };
        cursor = page.cursor;
        labelled += page.labelled;
        if (page.labelled > 0) latencies.push(page.milliseconds);
        context.heartbeat({ cursor, batch });
        if (page.labelled < batchSize) return { state: 'end', cursor, labelled, latencies };
      }
      return { state: 'more', cursor, labelled, latencies };
    },

    async revokeFence(token: string): Promise<void> {
      await graph.revokeFence(token);
    },

    async removeVersionLabel(label: string, batchSize: number): Promise<number> {
      return graph.removeLabel(label, batchSize, callControl());
    },
  };
}

/** An outage is waited out for as long as retries go; a server that answers, and ends this batch each time, is not. */
async function labelOnce(graph: GraphStore, batch: LabelBatch, lastAsItIs: boolean): Promise<LabelBatchResult> {
  try {
    return await graph.labelBatch(batch);
  } catch (error) {
    const tooMuch = error instanceof HybridFlowError && error.facts.details?.tooMuch === true;
    if (!tooMuch || !lastAsItIs) throw error;
    const found = `${error.facts.found} (${ATTEMPTS_AS_IT_IS} attempts)`;
    throw new HybridFlowError('NEO4J_REFUSED', { ...error.facts, found });
  }
}
