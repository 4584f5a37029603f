import { realRestoreText, tookText, type DrillOutcome } from '../../domain/drill';
import { comparisonText } from '../../domain/fingerprint';
import { STORE_TITLES } from '../../domain/words';
import type { Colors } from '../output';
import { table } from './tables';
import { duration, fields } from './text';

/** A drill for people: the verdict, a row per store, and of the checks what is not as it should be. */
export function renderDrill(outcome: DrillOutcome, color: Colors): string {
  const { versionId, passed, recoveryMs, stores, checks, reportPath, notes } = outcome;
  const failed = checks.filter((one) => !one.passed);
  const verdict = passed ? color.green('can be restored') : color.red('could NOT be restored as it was');
  return [
    `${color.bold(versionId)} ${verdict}`,
    ...fields([
      ['time to recover', duration(recoveryMs)],
      ['Neo4j for real', realRestoreText(outcome)],
      ['checks', checks.length === 0 ? 'not run' : `${checks.length - failed.length} of ${checks.length} passed`],
      ['report', reportPath],
    ]),
    '',
    storesTable(stores, color),
    ...stores
      .filter((one) => !one.passed)
      .map((one) => `  ${color.red('wrong')} ${STORE_TITLES[one.store]}: ${one.evidence}`),
    ...failed.map(({ number, name, severity, expected, actual }) => {
      const mark = severity === 'critical' ? color.red('check failed') : color.yellow('warning');
      return `  ${mark} ${number === undefined ? '' : `${number}. `}${name}: expected ${expected}, found ${actual}`;
    }),
    ...notes.map((note) => `  ${color.yellow('note')} ${note}`),
  ].join('\n');
}

function storesTable(stores: DrillOutcome['stores'], color: Colors): string {
  const rows = stores.map((one) => [
    STORE_TITLES[one.store],
    one.passed ? color.green('as recorded') : color.red('not restored'),
    tookText(one),
    one.comparison ? comparisonText(one.comparison) : '',
  ]);
  return table(['store', 'content', 'took', 'compared'], rows, color);
}
