import { ApplicationFailure, CancellationScope } from '@temporalio/workflow';
import type { StepRecord } from '../../../domain/baseline';
import { inBrief } from '../../../domain/fingerprint';
import { STORE_NAMES } from '../../../domain/names';
import type { RehearsedStore } from '../../../domain/rehearsal';
import type { RestoreDetails, RestoreOutcome } from '../../../domain/restore';
import type { SwitchEntry } from '../../../domain/switch-journal';
import { isRescueName, versionLabel } from '../../../domain/version-id';
import { tellingSteps, type Steps } from '../../parts/activities';
import { messageOf, rootOf } from '../../parts/failures';
import { labelRestored } from './labels';
import { restoredOutcome } from './outcome';
import { keepProductionAsLatestCopy } from './production-copy';
import { proveRestored } from './proof';

/** What only the run itself can tell; whoever drives a dead one forward has none of it. */
export interface ToldByRun {
  step<T>(name: string, work: () => Promise<T>): Promise<T>;
  steps: StepRecord[];
  rehearsal: RehearsedStore[];
  warnings: string[];
}

const UNTOLD: ToldByRun = { step: (_, work) => work(), steps: [], rehearsal: [], warnings: [] };

/**
 * Ends a restore that is committed, from its journal entry alone: latest-copy becomes the version (unless some stores
 * only were restored), the outcome is proven and told, the journal is closed, and fence and claim are let go. Each step
 * may be repeated, by whichever run.
 *
 * @throws whatever keeps latest-copy, journal, fence or claim from being brought to their end; the restore stays
 * committed, and is driven forward by whoever comes next
 */
export async function driveRestoreForward(
  steps: Steps,
  entry: SwitchEntry,
  told: ToldByRun = UNTOLD,
): Promise<RestoreOutcome> {
  return CancellationScope.nonCancellable(async () => {
    const { runId, stores } = entry;
    const { source } = entry.details as unknown as RestoreDetails;
    const warnings = [...told.warnings];
    const orWarn = async <T>(what: string, work: () => Promise<T>): Promise<T | undefined> => {
      try {
        return await told.step(what, work);
      } catch (error) {
        warnings.push(`could not ${what}: ${messageOf(error)}`);
        return undefined;
      }
    };
    const { path: latestCopyPath, warning } = await keepCopy(steps, entry, told);
    if (warning !== null) warnings.push(warning);
    if (stores.includes('neo4j')) {
      await orWarn('label what was made anew', () => labelRestored(steps, entry, versionLabel(source.versionId)));
    }
    const proof = await told.step('prove the restored stores', () => proveRestored(tellingSteps(), entry));
    const outcome = restoredOutcome(entry, proof, { ...told, warnings, latestCopyPath });
    await steps.files.logRestore(entry.versionId, operationOf(entry, outcome));
    await told.step('close the journal', () => steps.files.closeSwitch(runId, 'done'));
    await told.step('release the write fence', () => steps.files.releaseWriteFence(runId));
    outcome.reportPath =
      (await orWarn('write the report', () => tellingSteps().files.reportRestore(runId, outcome))) ?? null;
    await told.step('release the claim', () => steps.files.releaseClaim(runId));
    return { ...outcome, warnings };
  });
}

/**
 * latest-copy is the version that was restored, and stays what it was, of one version, where some of its stores were. What
 * had been saved before another restore is no version: then it becomes what production is now.
 */
async function keepCopy(
  steps: Steps,
  entry: SwitchEntry,
  { step }: Pick<ToldByRun, 'step'>,
): Promise<{ path: string | null; warning: string | null }> {
  const { source, base } = entry.details as unknown as RestoreDetails;
  if (isRescueName(source.folder)) {
    return step('make production latest-copy', () => keepProductionAsLatestCopy(steps, entry, base));
  }
  if (entry.stores.length < STORE_NAMES.length) return { path: null, warning: null };
  const keep = () => steps.longFiles.keepAsLatestCopy(source.folder, entry.runId);
  try {
    return { path: await step('make it latest-copy', keep), warning: null };
  } catch (error) {
    const root = rootOf(error);
    if (!(root instanceof ApplicationFailure) || root.type !== 'ARTIFACT_DAMAGED') throw error;
    // The files were lost after the commit. Production was proven to be the version before it, and is the copy now.
    const { path, warning } = await step('make production latest-copy', () =>
      keepProductionAsLatestCopy(steps, entry, base),
    );
    const lost = `${source.folder} was lost after it was restored (${root.message}): latest-copy was captured from production; see \`hfv verify ${source.folder}\``;
    return { path, warning: [lost, warning].filter((text) => text !== null).join('; ') };
  }
}

/** One row of operation_log: who, why, what, and how it was proven. */
function operationOf(entry: SwitchEntry, outcome: RestoreOutcome) {
  const { from, asked, stores, startedBy, why, rescue, drift, recovery, proven, comparisons } = outcome;
  return {
    type: 'restore',
    status: 'success' as const,
    details: {
      from,
      asked,
      stores,
      by: startedBy,
      reason: why,
      previousVersionId: entry.previousVersionId,
      rescue,
      recovery,
      drift: drift && { chapters: drift.chapters, chunks: drift.chunks, others: drift.others },
      proven,
      fingerprints: inBrief(comparisons),
    },
    startedAt: entry.startedAt,
    completedAt: new Date().toISOString(),
  };
}
