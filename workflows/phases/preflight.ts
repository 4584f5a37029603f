import { judgePreflight } from '../../domain/preflight';
import { judgePlanHash } from '../../domain/plan';
import { preflightSteps, type Steps } from '../parts/activities';
import type { BaselineRun, Found } from '../parts/baseline-run';
import { claimBase } from '../parts/claim-base';
import { businessFailure } from '../parts/failures';

/**
 * Claims the base, undoing first what a dead run left, judges whether the migration may begin, and keeps how
 * production answers before it. Changes no store.
 */
export async function preflight(run: BaselineRun): Promise<Found> {
  const { undo, saga, progress } = run;
  const steps = preflightSteps(run.input.maxAttempts);
  saga.undoWith('claim', () => undo.files.releaseClaim(run.runId), { lastWord: true });
  await progress.step('claim the base', () => claimBase(run, steps));
  const found = await progress.step('inspect the three stores', () => inspect(run, steps));
  judge(run, found);
  const { tablesBefore } = found.files;
  await steps.files.amendClaim({ ...run.claim, tablesBefore, qdrantSnapshotsBefore: found.stores.qdrantSnapshots });
  await progress.step('make the plan', () => agreeOnPlan(run, steps));
  await progress.step('run the probes before', () => probe(run, steps));
  const { plan, probesBefore } = run.record;
  await progress.step('write the pre-migration report', async () => {
    if (plan)
      run.record.preMigrationPath = await steps.files.writePreMigrationReport(run.versionId, plan, probesBefore);
  });
  return found;
}

async function inspect({ versionId, label }: BaselineRun, steps: Steps): Promise<Found> {
  const [files, stores] = await Promise.all([
    steps.files.inspectFiles(versionId),
    steps.longStores.inspectStores(label),
  ]);
  const inventory = {
    takenAt: new Date().toISOString(),
    sqlite: files.sqlite,
    qdrant: stores.qdrant,
    neo4j: stores.neo4j,
  };
  return { inventory, files, stores };
}

function judge({ settings, label }: BaselineRun, { inventory, files }: Found): void {
  const { tablesBefore, freeBytes, versionInUse } = files;
  const refusal = judgePreflight({ inventory, tablesBefore, settings, freeBytes, label, versionInUse });
  if (refusal) throw businessFailure(refusal.code, refusal.facts);
}

/** The plan is made anew, and must be the one that was agreed on where the caller names it. */
async function agreeOnPlan(run: BaselineRun, steps: Steps): Promise<void> {
  const { input, settings, label, record } = run;
  const plan = await steps.longFiles.inspectPlan({ batchSize: settings.batchSize, label });
  const refusal = judgePlanHash(input.planHash, plan);
  if (refusal) throw businessFailure(refusal.code, refusal.facts);
  record.plan = plan;
  run.warnings.push(...plan.writers.map(({ store, what }) => `another writer was seen in ${store}: ${what}`));
}

/** A query that is broken already could not tell afterwards whether the migration broke it. */
async function probe({ versionId, record }: BaselineRun, steps: Steps): Promise<void> {
  const summary = await steps.longFiles.captureProbes(versionId);
  record.probesBefore = summary;
  if (summary.failed.length === 0) return;
  throw businessFailure('PROBE_FAILED', {
    found: `Before anything was changed, ${summary.failed.join('; ')}`,
    expected: 'probes that answer, and answer the same twice',
    next: 'mend the query or the command, or take it out of the configured probes',
    details: { failed: summary.failed },
  });
}
