import type { CheckResult } from '../../domain/checks';
import type { TriggerNumber } from '../../domain/triggers';
import { triggerFailure } from './failures';

/** @throws CHECK_FAILED as that trigger, naming every critical check that did not pass */
export function demandAll(trigger: TriggerNumber, checks: readonly CheckResult[]): void {
  const failed = checks.filter(({ passed, severity }) => !passed && severity === 'critical');
  if (failed.length === 0) return;
  const list = failed.map(({ name, expected, actual }) => `${name}: expected ${expected}, found ${actual}`).join('; ');
  throw triggerFailure(trigger, 'CHECK_FAILED', {
    found: `Validation failed: ${list}`,
    expected: 'what production held before the migration',
    next: 'find out which store changed during the run; the run has been rolled back',
    details: { failed },
  });
}
