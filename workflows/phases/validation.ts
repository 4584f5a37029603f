import { judgeCounts, type CheckResult, type StoreCounts } from '../../domain/checks';
import type { BaselineRun, Found } from '../parts/baseline-run';
import { businessFailure } from '../parts/failures';

export interface Validated {
  counts: StoreCounts;
  checks: CheckResult[];
}

/** Phase 4: counts and labels against the inventory taken before. CHECK_FAILED where a critical one differs. */
export async function validation(run: BaselineRun, { inventory }: Found): Promise<Validated> {
  const { steps, label } = run;
  const work = async () => {
    const [chapters, stores] = await Promise.all([steps.files.countChapters(), steps.longStores.countStores(label)]);
    const counts = { ...chapters, ...stores };
    const checks = judgeCounts(inventory, counts);
    demandAll(checks);
    return { counts, checks };
  };
  return run.step('verify the counts across all stores', work, ({ checks }) => ({ checks }));
}

/** @throws CHECK_FAILED naming every critical check that did not pass */
export function demandAll(checks: readonly CheckResult[]): void {
  const failed = checks.filter(({ passed, severity }) => !passed && severity === 'critical');
  if (failed.length === 0) return;
  const list = failed.map(({ name, expected, actual }) => `${name}: expected ${expected}, found ${actual}`).join('; ');
  throw businessFailure('CHECK_FAILED', {
    found: `Validation failed: ${list}`,
    expected: 'the counts of the inventory taken before the migration',
    next: 'find out which store changed during the run; the run has been rolled back',
    details: { failed },
  });
}
