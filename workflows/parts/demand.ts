import { failedCritical, type CheckResult } from '../../domain/checks';
import type { TriggerNumber } from '../../domain/triggers';
import { triggerFailure } from './failures';

/** @throws CHECK_FAILED as that trigger, naming every critical check that did not pass */
export function demandAll(trigger: TriggerNumber, checks: readonly CheckResult[]): void {
  const failed = checks.filter(({ passed, severity }) => !passed && severity === 'critical');
  if (failed.length === 0) return;
  throw triggerFailure(trigger, 'CHECK_FAILED', {
    found: `Validation failed: ${failedCritical(checks).join('; ')}`,
    expected: 'what production held before the migration',
    next: 'find out which store changed during the run; the run has been rolled back',
    details: { failed },
  });
}
