import type { CriterionResult } from '../../domain/criteria';
import { comparisonText } from '../../domain/fingerprint';
import type { RollbackRecord } from '../../domain/rollback';
import type { TriggerFound } from '../../domain/triggers';
import type { Colors } from '../output';
import { fields } from './text';

/** `8 of 8 met`; null where none was judged. */
export function criteriaText(criteria: readonly CriterionResult[] | undefined): string | null {
  if (!criteria || criteria.length === 0) return null;
  return `${criteria.filter(({ passed }) => passed).length} of ${criteria.length} met`;
}

/** The criteria that were looked at and are not met; those that were never reached say nothing new. */
export function unmetLines(criteria: readonly CriterionResult[] | undefined, color: Colors): string[] {
  return (criteria ?? [])
    .filter(({ passed, actual }) => !passed && actual !== 'not reached')
    .map(({ number, title, expected, actual }) => {
      return `  ${color.yellow('not met')} ${number}. ${title}\n    expected ${expected}\n    found    ${actual}`;
    });
}

/** `3, Validation check failure (critical): 11 of 12 chapters`. */
export function triggerText({ trigger, name, severity, evidence }: TriggerFound): string {
  return `${trigger}, ${name} (${severity}): ${evidence}`;
}

/** The proof that production is as it was, what is left of the run, and the one command that continues. */
export function rollbackLines(record: RollbackRecord, color: Colors): string[] {
  const { steps, proof, proven, restored, savedTo, left, next } = record;
  const failed = steps.filter(({ state }) => state === 'failed');
  return [
    ...fields([
      ['proof', proof.map((one) => `${one.store}: ${comparisonText(one)}`).join('\n')],
      ['proven', proven ? color.green('production is as it was') : color.red('NOT proven')],
      ['restored', restored.join(', ')],
      ['saved to', savedTo],
    ]),
    ...failed.map(({ number, name, detail }) => `  ${color.red('FAILED ')} step ${number}, ${name}: ${detail}`),
    ...left.map((what) => `  ${color.red('left   ')} ${what}`),
    ...(next === null ? [] : [`  continue with: ${next}`]),
  ];
}
