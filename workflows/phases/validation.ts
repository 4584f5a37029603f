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
    const [chapters, stores] = await Promise.all([steps.files.countChapters(), steps.stores.countStores(label)]);
    const counts = { ...chapters, ...stores };
    const checks = judgeCounts(inventory, counts);
    const failed = checks.filter(({ passed, severity }) => !passed && severity === 'critical');
    if (failed.length > 0) throw checksFailed(failed);
    return { counts, checks };
  };
  return run.step('verify the counts across all stores', work, ({ checks }) => ({ checks }));
}

function checksFailed(failed: CheckResult[]): Error {
  const list = failed.map(({ name, expected, actual }) => `${name}: expected ${expected}, found ${actual}`).join('; ');
  return businessFailure('CHECK_FAILED', {
    found: `Validation failed: ${list}`,
    expected: 'the counts of the inventory taken before the migration',
    next: 'find out which store changed during the run; the run has been rolled back',
    details: { failed },
  });
}
