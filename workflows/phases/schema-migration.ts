import type { BaselineRun, Found } from '../parts/baseline-run';

/** Phase 1: version_registry and operation_log, additive. */
export async function schemaMigration(run: BaselineRun, found: Found): Promise<void> {
  const { steps, undo, saga } = run;
  saga.undoWith('versioning tables', () => undo.files.undoVersioningTables(found.files.tablesBefore));
  await run.step(
    'create version_registry and operation_log',
    () => steps.files.createVersioningTables(),
    (made) => ({ ...made }),
  );
  await run.step(
    'verify the schema',
    () => steps.files.verifySchema(),
    (tables) => ({ tables }),
  );
}
