import { comparisonText } from './fingerprint';
import { bullets, code, facts, passedMark, plain, section, table } from './report-markdown/text';
import { driftText, isDrift, type RestoreOutcome } from './restore';
import { isRescueName } from './version-id';
import { duration, STORE_TITLES } from './words';

/** The report of a restore, for people. */
export function renderRestore(outcome: RestoreOutcome): string {
  const { versionId, from, base, stores, previousVersionId, rescue, drift, warnings, why, reason } = outcome;
  return [
    `# Restore of ${plain(isRescueName(outcome.asked) ? outcome.asked : from)}: ${outcome.outcome.replaceAll('_', ' ')}`,
    facts([
      ['base', plain(base)],
      ['asked for', plain(outcome.asked)],
      ['production is', plain(outcome.outcome === 'restored' ? versionId : (previousVersionId ?? 'unknown'))],
      ['before', previousVersionId && plain(previousVersionId)],
      ['stores', stores.map((store) => STORE_TITLES[store]).join(', ')],
      ['by', outcome.startedBy && plain(outcome.startedBy)],
      ['reason', why && plain(why)],
      ['disaster recovery', outcome.recovery && plain(outcome.recovery)],
      ['failed because', reason && plain(reason)],
      ['proven', outcome.proven ? 'yes' : '**NO**'],
      ['what was there before', rescue ? code(rescue) : keptText(outcome)],
      ['drift', isDrift(drift) ? plain(driftText(drift)) : null],
    ]),
    rehearsalSection(outcome),
    section('Production afterwards', [comparisonTable(outcome), checkTable(outcome)]),
    ...(warnings.length > 0 ? [section('Warnings', [bullets(warnings.map(plain))])] : []),
  ].join('\n\n');
}

function keptText({ keptIn }: RestoreOutcome): string | null {
  const kept = Object.entries(keptIn).map(([store, folder]) => `${store} in ${folder}`);
  return kept.length > 0 ? plain(kept.join(', ')) : null;
}

function rehearsalSection({ rehearsal }: RestoreOutcome): string {
  const rows = rehearsal.map(({ store, passed, milliseconds, evidence }) => [
    STORE_TITLES[store],
    passedMark(passed),
    duration(milliseconds),
    plain(evidence),
  ]);
  return section('Rehearsal', [rows.length > 0 ? table(['Store', 'Passed', 'Took', 'Evidence'], rows) : null]);
}

function comparisonTable({ comparisons }: RestoreOutcome): string | null {
  const rows = comparisons.map((one) => [
    STORE_TITLES[one.store],
    passedMark(one.same),
    code(one.actual.sha256),
    plain(comparisonText(one)),
  ]);
  return rows.length > 0 ? table(['Store', 'The same', 'Fingerprint', 'Differences'], rows) : null;
}

function checkTable({ checks }: RestoreOutcome): string | null {
  const rows = checks.map(({ name, passed, severity, expected, actual }) => [
    plain(name),
    passedMark(passed, severity),
    plain(expected),
    plain(actual),
  ]);
  return rows.length > 0 ? table(['Check', 'Passed', 'Expected', 'Found'], rows) : null;
}
