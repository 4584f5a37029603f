import { judgeCriteria, unmetCriteria, type CriteriaFacts, type CriterionResult } from '../../domain/criteria';
import type { Operation } from '../../domain/registry';
import type { BaselineRun } from './baseline-run';
import { triggerFailure } from './failures';

/** What the criteria and the checklists are judged by, as far as the run has come. */
export function criteriaFacts({ record }: BaselineRun): CriteriaFacts {
  return {
    before: record.plan?.inventory ?? null,
    schema: record.schema,
    row: record.row,
    after: record.counts,
    fingerprints: record.fingerprints,
    probes: record.probes,
    checks: record.checks,
    operational: record.operational,
  };
}

/**
 * The plan's eight criteria over what the run has found, as its result, operation_log and its report all tell them. A
 * run that is to be undone is judged by what it had reached, and so before its first undo.
 */
export function judgeRun(run: BaselineRun): CriterionResult[] {
  return (run.record.criteria = judgeCriteria(criteriaFacts(run)));
}

/**
 * Before the commit the first one is left out, since it wants the row to say `committed`, and one that does not hold
 * ends the run as trigger 3.
 *
 * @throws CHECK_FAILED
 */
export function demandCriteria(run: BaselineRun): void {
  const { record } = run;
  record.criteria = judgeCriteria(criteriaFacts(run), { beforeCommit: true });
  const unmet = unmetCriteria(record.criteria);
  if (unmet.length === 0) return;
  throw triggerFailure(3, 'CHECK_FAILED', {
    found: `Success criteria are not met: ${unmet.map(unmetText).join('; ')}`,
    expected: 'all of the criteria of the plan',
    next: 'look at the report with `hfv report`; the run has been rolled back',
    details: { failed: unmet },
  });
}

export function unmetText({ number, title, expected, actual }: CriterionResult): string {
  return `${number} (${title}): expected ${expected}, found ${actual}`;
}

/** How the criteria were judged, for operation_log. */
export function criteriaOperation(
  criteria: readonly CriterionResult[],
  at: Pick<Operation, 'startedAt' | 'completedAt'>,
): Operation {
  const status = unmetCriteria(criteria).length === 0 ? 'success' : 'failed';
  return { type: 'success_criteria', status, details: { criteria }, ...at };
}
