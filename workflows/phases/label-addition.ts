import type { BaselineRun, Found } from '../parts/baseline-run';
import { labelParagraphs, type Labelled } from './label-paragraphs';

/** Phase 3: the label on every paragraph, in batches, under the fencing token. */
export async function labelAddition(run: BaselineRun, found: Found): Promise<Labelled> {
  const { steps, undo, saga, label, token, settings, gate } = run;
  saga.undoWith(`labels :${label}`, () => undo.longStores.removeVersionLabel(label, settings.batchSize));
  saga.undoWith('fence', () => undo.stores.revokeFence(token));
  await run.step('set the fence', () => steps.stores.acquireFence(token, label));
  const labelled = await run.step(
    'label the paragraphs',
    () => labelParagraphs(run, found.inventory.neo4j.paragraphs),
    ({ latencies }) => ({ batches: latencies.length }),
  );
  gate.close();
  await run.step('lift the fence', () => steps.stores.revokeFence(token));
  return labelled;
}
