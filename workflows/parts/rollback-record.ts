import type { CompensationResult } from '../../domain/baseline';
import { checksInBrief, type CheckResult } from '../../domain/checks';
import type { Operation } from '../../domain/registry';
import { inBrief } from '../../domain/fingerprint';
import type { RollbackRecord } from '../../domain/rollback';
import { tellingSteps } from './activities';
import { criteriaOperation } from './criteria';
import { CONTINUE } from './names';
import type { ProductionProof } from './prove-production';
import type { RollbackLog } from './rollback-log';

/**
 * The plan's last step. Production may have been unsound before the run: what the checks say now is told, and is no
 * reason to go on undoing.
 */
export async function validateAgain(
  log: RollbackLog,
  expected?: { chapters: number; perTextbook: Record<string, number> },
): Promise<CheckResult[]> {
  let checks: CheckResult[] = [];
  await log.attempt(8, async () => {
    checks = await tellingSteps().longFiles.runSevenChecks(expected);
    const passed = checks.filter((check) => check.passed).length;
    return { detail: `rolled_back; ${passed} of ${checks.length} checks passed`, result: undefined };
  });
  return checks;
}

/** What could not be undone, each with its error. */
export function leftBy(results: readonly CompensationResult[]): string[] {
  return results.filter(({ state }) => state === 'failed').map(({ name, error }) => `${name} (${error ?? 'unknown'})`);
}

/** What gives the row its verdict; it closes the row of operation_log, too. */
export function verdictOn(versionId: string): string {
  return `registry row of ${versionId}`;
}

/**
 * A rollback that left something behind is over too: its row must not stay open, as if it still went on. The next one
 * has a row of its own. metadata.db may be the very store that does not answer, so that this is tried, and no more.
 * Where the verdict was given all the same, that has closed the row; what is left then stands in the post-mortem.
 */
export async function logFailedRollback(
  versionId: string,
  results: readonly CompensationResult[],
  operation: Operation,
): Promise<void> {
  if (results.some(({ name, state }) => name === verdictOn(versionId) && state === 'undone')) return;
  await tellingSteps()
    .files.logOperations(versionId, [operation])
    .catch(() => undefined);
}

/** `proofNeeded`: production had been modified, so that without a comparison nothing is proven of it. */
export function rollbackRecord(
  told: Pick<RollbackRecord, 'versionId' | 'trigger' | 'reason' | 'checks' | 'left' | 'criteria' | 'verdict'>,
  log: RollbackLog,
  proof: ProductionProof | undefined,
  { proofNeeded }: { proofNeeded: boolean },
): RollbackRecord {
  const comparisons = proof?.comparisons ?? [];
  const undone = told.left.length === 0 && log.failed.length === 0;
  return {
    ...told,
    steps: log.steps,
    restored: proof?.restored ?? [],
    savedTo: proof?.savedTo ?? null,
    proof: comparisons,
    proven: undone && comparisons.every(({ same }) => same) && (comparisons.length > 0 || !proofNeeded),
    next: told.left.length > 0 ? CONTINUE : null,
  };
}

/**
 * The last word on a rollback, after the validation that follows it: its eight steps, the checks and the criteria. To be
 * said of a version that has a row, or that was being restored. What is undone is undone, whether or not it can be told.
 */
export async function logPostMortem(runId: string, startedAt: string, record: RollbackRecord): Promise<void> {
  const { versionId, trigger, reason, steps, checks, criteria, proof, restored, savedTo, verdict, proven, left } =
    record;
  const found = verdict ?? { proof: inBrief(proof), restored, savedTo };
  const told = { trigger, reason, steps, checks: checksInBrief(checks), ...found, proven, left };
  const at = { startedAt, completedAt: new Date().toISOString() };
  const status = left.length === 0 ? 'success' : 'failed';
  const operations: Operation[] = [{ type: 'post_mortem', status, details: told, ...at }];
  if (criteria) operations.push(criteriaOperation(criteria, at));
  await tellingSteps()
    .files.logPostMortem(versionId, runId, operations)
    .catch(() => undefined);
}

/** Closes the row of operation_log that the rollback has opened: `failed` where something is left to undo. */
export function postMortem(
  startedAt: string,
  proof: ProductionProof | undefined,
  details: Record<string, unknown>,
  status: 'success' | 'failed' = 'success',
): Operation {
  const { comparisons = [], restored = [], savedTo = null } = proof ?? {};
  return {
    type: 'rollback',
    status,
    details: { ...details, proof: inBrief(comparisons), restored, savedTo },
    startedAt,
    completedAt: new Date().toISOString(),
  };
}
