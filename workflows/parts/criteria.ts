import { judgeCriteria, unmetCriteria, type CriteriaFacts } from '../../domain/criteria';
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
 * The plan's eight criteria over what the run has found. Before the commit the first one is left out, since it wants
 * the row to say `committed`, and one that does not hold ends the run as trigger 3.
 *
 * @throws CHECK_FAILED before the commit
 */
export function evaluateCriteria(run: BaselineRun, { beforeCommit }: { beforeCommit: boolean }): void {
  const { record, warnings } = run;
  record.criteria = judgeCriteria(criteriaFacts(run), { beforeCommit });
  const unmet = unmetCriteria(record.criteria);
  const told = unmet.map(({ number, title, expected, actual }) => {
    return `${number} (${title}): expected ${expected}, found ${actual}`;
  });
  if (!beforeCommit) warnings.push(...told.map((text) => `criterion ${text}`));
  else if (unmet.length > 0) {
    throw triggerFailure(3, 'CHECK_FAILED', {
      found: `Success criteria are not met: ${told.join('; ')}`,
      expected: 'all of the criteria of the plan',
      next: 'look at the report with `hfv report`; the run has been rolled back',
      details: { failed: unmet },
    });
  }
}
