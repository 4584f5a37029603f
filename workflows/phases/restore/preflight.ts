import { isDrift, driftText, type RestorePlan } from '../../../domain/restore';
import { isErrorCode, type ErrorCode } from '../../../domain/errors';
import { preflightSteps } from '../../parts/activities';
import { claimBase } from '../../parts/claim-base';
import { businessFailure } from '../../parts/failures';
import type { RestoreRun } from './restore-run';

/**
 * Claims the base, and plans the restore from the stores as they stand then: the artifacts are verified, production is
 * held against them, and what speaks against it is said. Changes no store.
 */
export async function restorePreflight(run: RestoreRun): Promise<void> {
  const { undo, saga, progress, terms, runId } = run;
  const steps = preflightSteps(run.input.maxAttempts);
  saga.undoWith('claim', () => undo.files.releaseClaim(runId), { lastWord: true });
  await progress.step('claim the base', () => claimBase(run, steps));
  const { tablesBefore } = await progress.step('look at the versioning tables', () =>
    steps.files.inspectFiles(run.versionId),
  );
  run.plan = await progress.step('verify the version and hold production against it', () =>
    run.steps.longFiles.planRestore(terms.version, terms.stores),
  );
  // Not before the plan, which says of a collection that is lost how it comes back.
  const qdrantSnapshotsBefore = await steps.files.listQdrantSnapshots();
  // Where latest-copy is damaged, or a dead change was ended meanwhile, it is another version than was looked up; and
  // no clean-up may take away what is read from here on.
  await steps.files.amendClaim({ ...run.claim, tablesBefore, qdrantSnapshotsBefore });
  run.warnings.push(...run.plan.warnings);
  progress.identify(run.settings.base, run.plan.source.versionId);
  judge(run.plan);
  demandAcceptedDrift(run);
}

function judge({ refusals }: RestorePlan): void {
  const [first] = refusals;
  if (!first) return;
  const code: ErrorCode = isErrorCode(first.code) ? first.code : 'CHECK_FAILED';
  const { found, expected, next } = first;
  throw businessFailure(code, { found, ...(expected && { expected }), ...(next && { next }), details: { refusals } });
}

function demandAcceptedDrift({ plan, input }: RestoreRun): void {
  const { drift, source, stores } = plan;
  if (!isDrift(drift) || input.acceptDrift === true) return;
  throw businessFailure('CHECK_FAILED', {
    found: `Restoring only ${stores.join(' and ')} from ${source.versionId} makes the stores disagree about ${driftText(drift)}`,
    expected: 'stores that agree, or a person who wants them to disagree',
    next: `restore all three stores, or accept the drift (\`--yes\`, or acceptDrift in the input) once \`--dry-run\` has shown it`,
    details: { drift },
  });
}
