import type { CompensationResult } from '../../../domain/baseline';
import type { CheckResult } from '../../../domain/checks';
import { comparisonText } from '../../../domain/fingerprint';
import { STORE_NAMES } from '../../../domain/names';
import { isDrift, type RestoreDetails, type RestoreOutcome } from '../../../domain/restore';
import type { SwitchEntry } from '../../../domain/switch-journal';
import type { ToldByRun } from './forward';
import type { RestoreProof } from './proof';
import type { RestoreRun } from './restore-run';

type Known = Omit<ToldByRun, 'step'> & { latestCopyPath: string | null };

/** How a restore ended that is committed. */
export function restoredOutcome(entry: SwitchEntry, proof: RestoreProof, known: Known): RestoreOutcome {
  const details = entry.details as unknown as RestoreDetails;
  const { checks, comparisons, probes, unasked } = proof;
  const full = entry.stores.length === STORE_NAMES.length;
  const failed = (checks ?? []).filter(({ passed, severity }) => !passed && severity === 'critical');
  // What the accepted drift explains is no surprise.
  const sound = checks !== null && (failed.length === 0 || (!full && isDrift(details.drift)));
  const same = comparisons?.every((one) => one.same) ?? false;
  const answered =
    probes !== null &&
    (!full || probes.comparisons.every(({ verdict, identical }) => verdict !== 'failed' || identical));
  known.warnings.push(
    ...unasked.map((what) => `could not be asked after the restore: ${what}`),
    ...(comparisons ?? [])
      .filter((one) => !one.same)
      .map((one) => `${one.store} is not the version's any more: ${comparisonText(one)}; somebody else writes`),
    ...failed.map(checkText),
    ...(probes?.failed ?? []).map((text) => `probe ${text}`),
  );
  return {
    ...factsOf(entry.versionId, entry.stores, details),
    outcome: 'restored',
    previousVersionId: entry.previousVersionId,
    rehearsal: known.rehearsal,
    comparisons: comparisons ?? [],
    checks: checks ?? [],
    probes: probes?.comparisons ?? [],
    proven: same && sound && answered,
    latestCopyPath: known.latestCopyPath,
    steps: known.steps,
    reason: null,
    compensations: [],
    rollback: null,
    warnings: known.warnings,
    reportPath: null,
  };
}

/** How a restore ended that is not. */
export function unfinishedOutcome(
  run: RestoreRun,
  outcome: 'rolled_back' | 'needs_operator',
  reason: string,
  compensations: CompensationResult[],
): RestoreOutcome {
  const { plan, rehearsal, checks, progress, warnings, rollback, details } = run;
  return {
    ...factsOf(plan.source.versionId, plan.stores, details),
    outcome,
    previousVersionId: plan.current,
    rehearsal,
    comparisons: run.proof?.comparisons ?? [],
    checks,
    probes: [],
    proven: rollback?.proven ?? false,
    latestCopyPath: null,
    steps: progress.steps,
    reason,
    compensations,
    rollback,
    warnings,
    reportPath: null,
  };
}

function factsOf(versionId: string, stores: RestoreOutcome['stores'], details: RestoreDetails) {
  const { base, source, rescue, keptIn, drift, startedBy, reason } = details;
  const { asked, recovery, versionId: from } = source;
  return { base, versionId, asked, from, recovery, stores, rescue, keptIn, drift, startedBy, why: reason };
}

function checkText({ name, expected, actual }: CheckResult): string {
  return `check "${name}" fails: expected ${expected}, found ${actual}`;
}
