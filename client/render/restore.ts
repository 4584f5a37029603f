import { durationsByPhase } from '../../domain/baseline';
import { comparisonText } from '../../domain/fingerprint';
import { driftText, isDrift, type RestoreOutcome } from '../../domain/restore';
import { isRescueName } from '../../domain/version-id';
import { STORE_TITLES } from '../../domain/words';
import type { Colors } from '../output';
import { duration, fields } from './text';

/** How a restore ended, for people. */
export function renderRestoreOutcome(outcome: RestoreOutcome, url: string | null, color: Colors): string {
  const { from, versionId, base, stores, comparisons, checks, probes, drift, rescue, recovery, warnings } = outcome;
  const what = isRescueName(outcome.asked) ? outcome.asked : from;
  const head = outcome.proven
    ? `${color.green('Restored')} ${color.bold(what)} of ${base}`
    : `${color.red('Restored, NOT PROVEN')} ${what} of ${base}`;
  const passed = checks.filter((check) => check.passed).length;
  return [
    head,
    ...(recovery ? [`${color.red('DISASTER RECOVERY')} ${recovery}`] : []),
    ...fields([
      ['production is', isRescueName(outcome.asked) ? `${versionId}, and what ${what} held` : versionId],
      ['before', outcome.previousVersionId],
      ['stores', stores.map((store) => STORE_TITLES[store]).join(', ')],
      ['content', comparisons.map((one) => `${one.store}: ${comparisonText(one)}`).join('\n')],
      ['checks', checks.length > 0 ? `${passed} of ${checks.length} passed` : null],
      [
        'probes',
        probes.length > 0
          ? `${probes.filter(({ identical }) => identical).length} of ${probes.length} answer as recorded`
          : null,
      ],
      ['drift', isDrift(drift) ? driftText(drift) : null],
      ['kept before', rescue ?? keptText(outcome)],
      [
        'phases',
        durationsByPhase(outcome.steps)
          .map(({ phase, milliseconds }) => `${phase} ${duration(milliseconds)}`)
          .join(', '),
      ],
      ['latest-copy', outcome.latestCopyPath],
      ['report', outcome.reportPath],
      ['Temporal', url],
    ]),
    ...warnings.filter((text) => text !== recovery).map((text) => `  ${color.yellow('warning')} ${text}`),
  ].join('\n');
}

function keptText({ keptIn }: RestoreOutcome): string {
  return Object.entries(keptIn)
    .map(([store, folder]) => `${store} in ${folder}`)
    .join(', ');
}
