import { fenceTokens } from '../../domain/names';
import type { BaselineRun, Found } from '../parts/baseline-run';
import { businessFailure, isCancellation, messageOf, rootOf } from '../parts/failures';
import { allOrCancel } from '../parts/run';
import { ApplicationFailure } from '@temporalio/workflow';
import { labelParagraphs } from './label-paragraphs';
import { rehearsal } from './rehearsal';

/** The plan's "retry with smaller batch sizes": a quarter, then a twentieth. Of 1,000: 250, then 50. */
const SHRINK_BY = [1, 4, 20];

/**
 * Phase 3: the label on every paragraph, in batches, under the fencing token; beside it, the rehearsal that confirms
 * that the version can be rolled back to.
 */
export async function labelAddition(run: BaselineRun, found: Found): Promise<void> {
  const { steps, undo, saga, label, runId, settings, gate } = run;
  saga.undoWith(`labels :${label}`, () => undo.longStores.removeVersionLabel(label, settings.batchSize));
  saga.undoWith('fence', async () => {
    for (const token of fenceTokens(runId)) await undo.stores.revokeFence(token);
  });
  // Before anything runs beside it, since this also warms the server up for the batches.
  await setFence(run);
  let labelled = false;
  await allOrCancel([
    () =>
      run.step(
        'label the paragraphs',
        () => withSmallerBatches(run, found).finally(() => (labelled = true)),
        (batches) => ({ batches, retries: run.record.labelRetries }),
      ),
    () => rehearsal(run, () => labelled || gate.view().state === 'paused'),
  ] as const);
  gate.close();
  await run.step('lift the fence', () => steps.stores.revokeFence(run.token));
}

/** Trigger 4's own action: what was labelled is taken back before the next, smaller try. The last failure is final. */
async function withSmallerBatches(run: BaselineRun, found: Found): Promise<number> {
  const { record, settings } = run;
  const sizes = [...new Set(SHRINK_BY.map((by) => Math.max(1, Math.ceil(settings.batchSize / by))))];
  for (const [nth, batchSize] of sizes.entries()) {
    try {
      return await labelOnce(run, found, batchSize);
    } catch (error) {
      if (isCancellation(error) || isFenced(error)) throw error;
      record.labelRetries.push({ batchSize, error: messageOf(error) });
      const next = sizes[nth + 1];
      if (next === undefined) throw error;
      run.warnings.push(
        `labelling with batches of ${batchSize} failed (${messageOf(error)}); tried again with ${next}`,
      );
      await takeBack(run, next);
      run.labelTry = nth + 1;
      await setFence(run);
    }
  }
  throw new Error('there is at least one batch size');
}

async function labelOnce(run: BaselineRun, found: Found, batchSize: number): Promise<number> {
  const { record } = run;
  const { latencies } = await labelParagraphs(run, found.inventory.neo4j.paragraphs, batchSize);
  record.labelLatencies = latencies;
  await run.step('verify the label count', () => demandLabelled(run));
  return latencies.length;
}

/** The plan's condition for trigger 4, judged while smaller batches can still be tried. */
async function demandLabelled({ steps, label }: BaselineRun): Promise<void> {
  const { labels } = await steps.longStores.countStores(label);
  if (labels.unlabelled === 0) return;
  throw businessFailure('CHECK_FAILED', {
    found: `${labels.unlabelled} of ${labels.paragraphs} paragraphs do not carry :${label}`,
    expected: 'the label on every paragraph',
    next: 'find out who writes paragraphs meanwhile (`hfv plan` shows who is at work)',
  });
}

async function setFence(run: BaselineRun): Promise<void> {
  const { steps, token, label } = run;
  await run.step('set the fence', () => steps.stores.acquireFence(token, label));
}

/** The fence goes first: a batch of the failed try that is still on its way writes nothing after it. */
async function takeBack(run: BaselineRun, batchSize: number): Promise<void> {
  const { steps, token, label, gate } = run;
  // Taking labels back is a write too: a pause holds it.
  await gate.holdUntilResumed();
  await run.step('remove the partial labels', async () => {
    await steps.stores.revokeFence(token);
    await steps.longStores.removeVersionLabel(label, batchSize);
  });
}

/** Another run has the graph now: smaller batches change nothing about that. */
function isFenced(error: unknown): boolean {
  const root = rootOf(error);
  return root instanceof ApplicationFailure && root.type === 'FENCED';
}
