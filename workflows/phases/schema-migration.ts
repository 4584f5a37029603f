import type { BaselineRun, Found } from '../parts/baseline-run';
import { asTrigger } from '../parts/failures';
import { fenceOf } from '../parts/keep-fence';

/** Phase 1: version_registry and operation_log, additive. From here on the write fence asks other writers to keep out. */
export async function schemaMigration(run: BaselineRun, found: Found): Promise<void> {
  const { steps, undo, saga, record } = run;
  saga.undoWith('versioning tables', () => undo.files.undoVersioningTables(found.files.tablesBefore));
  const made = await run.step(
    'create version_registry and operation_log',
    () => steps.files.createVersioningTables(),
    (created) => ({ ...created }),
  );
  await run.step(
    'verify the schema',
    () => steps.files.verifySchema(),
    (verified) => ({ tables: verified }),
  );
  const earlier = found.files.tablesBefore.find(({ name, state }) => name === 'operation_log' && state === 'fits');
  record.schema = { differences: [], operationLogRows: made.operationLogRows, earlierRows: earlier?.rows ?? 0 };
  saga.undoWith('write fence', () => undo.files.releaseWriteFence(run.runId));
  await run.step('hold the write fence', () => asTrigger(null, () => steps.files.holdWriteFence(fenceOf(run))));
}
