import { judgePreflight } from '../../domain/preflight';
import { preflightSteps } from '../parts/activities';
import type { BaselineRun, Found } from '../parts/baseline-run';
import { undoAbandoned } from '../parts/abandoned';
import { businessFailure } from '../parts/failures';

/** Claims the base, undoing first what a dead run left, and judges whether the migration may begin. Changes no store. */
export async function preflight(run: BaselineRun): Promise<Found> {
  const { undo, saga, progress, settings, label } = run;
  const steps = preflightSteps(run.input.maxAttempts);
  saga.undoWith('claim', () => undo.files.releaseClaim(run.runId), { lastWord: true });
  await progress.step('claim the base', async () => {
    const result = await steps.files.claimBase(run.claim);
    if (result.state === 'claimed') return;
    await undoAbandoned(result.holder, settings.batchSize);
    const again = await steps.files.claimBase(run.claim);
    if (again.state === 'claimed') return;
    throw businessFailure('BASE_BUSY', {
      found: `another change took ${settings.base} meanwhile`,
      next: 'run again when it has ended',
    });
  });
  const found = await progress.step('inspect the three stores', async () => {
    const [files, stores] = await Promise.all([
      steps.files.inspectFiles(run.versionId),
      steps.longStores.inspectStores(label),
    ]);
    const { sqlite } = files;
    const inventory = { takenAt: new Date().toISOString(), sqlite, qdrant: stores.qdrant, neo4j: stores.neo4j };
    return { inventory, files, stores };
  });
  const { tablesBefore, freeBytes, versionInUse } = found.files;
  const refusal = judgePreflight({
    inventory: found.inventory,
    tablesBefore,
    settings,
    freeBytes,
    label,
    versionInUse,
  });
  if (refusal) throw businessFailure(refusal.code, refusal.facts);
  await steps.files.amendClaim({ ...run.claim, tablesBefore, qdrantSnapshotsBefore: found.stores.qdrantSnapshots });
  return found;
}
