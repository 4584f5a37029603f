import type { CheckResult } from '../../domain/checks';
import { STORE_NAMES } from '../../domain/names';
import type { PublishOutcome } from '../../domain/publish';
import type { ReadyAnswer, StagedDelta } from '../../domain/staging';
import { STORE_TITLES } from '../../domain/words';
import type { Colors } from '../output';
import { phaseDurations, renderArtifacts } from './outcome';
import { count, duration, fields, plural } from './text';

/** What became of a staged version, for people. */
export function renderPublished(outcome: PublishOutcome, url: string | null, color: Colors): string {
  const { versionId, base, counts, promote, delta, consistency, reason, archived } = outcome;
  if (outcome.outcome === 'cancelled') {
    return [
      `${color.yellow('Cancelled')} ${color.bold(versionId)} of ${base}: nothing of it stays, production was not touched`,
      ...fields([
        ['why', reason],
        ['Temporal', url],
      ]),
      ...warningLines(outcome, color),
    ].join('\n');
  }
  return [
    `${color.green('Committed')} ${color.bold(versionId)} of ${base}`,
    ...fields([
      ['committed', outcome.committedAt && `${outcome.committedAt} UTC`],
      [
        'holds',
        counts &&
          `${plural(counts.chapters, 'chapter')}, ${plural(counts.points, 'point')}, ${plural(counts.paragraphs, 'paragraph')}`,
      ],
      ...(delta ? deltaRows(delta) : []),
      ['switch', promote && `the stores disagreed for ${duration(promote.disagreedMs)} (Qdrant: ${promote.mode})`],
      [
        'proven',
        outcome.proven ? 'what was captured is what was staged, by fingerprint' : color.red('NO: see the warnings'),
      ],
      ['consistency', consistency?.text],
      ['phases', phaseDurations(outcome.steps)],
      ['archived', archived.length > 0 ? archived.join(', ') : null],
      ['report', outcome.reportPath],
      ['Temporal', url],
    ]),
    ...warningLines(outcome, color),
    '',
    renderArtifacts(outcome.artifacts, color),
  ].join('\n');
}

function warningLines({ warnings }: PublishOutcome, color: Colors): string[] {
  return warnings.map((warning) => `  ${color.yellow('warning')} ${warning}`);
}

/** What the validation of staging found. */
export function renderReady(answer: ReadyAnswer, color: Colors): string {
  const { accepted, failed, verdict, awaitsApproval } = answer;
  const head = accepted
    ? color.green(
        awaitsApproval
          ? 'Validated; it waits for approval: look at it with `hfv compare production staging`, then `hfv approve`.'
          : 'Validated; it is promoted now.',
      )
    : color.red('Refused; staging stays open, to be mended.');
  return [
    head,
    ...(verdict ? fields(deltaRows(verdict.delta)) : []),
    ...(verdict?.checks ?? []).map((check) => checkLine(check, color)),
    ...(verdict ? [] : failed.map((line) => `  ${color.red('✗')} ${line}`)),
  ].join('\n');
}

function checkLine(
  { number, name, passed, severity, expected, actual, offenders }: CheckResult,
  color: Colors,
): string {
  const mark = passed ? color.green('✓') : severity === 'critical' ? color.red('✗') : color.yellow('!');
  const title = `  ${mark} ${number === undefined ? '' : `${number}. `}${name}: ${actual}`;
  if (passed) return title;
  const samples = (offenders?.samples ?? []).slice(0, 5).map((one) => `      ${one}`);
  // Where there are no samples at all, the check has said how many.
  const more = samples.length === 0 ? 0 : (offenders?.total ?? 0) - samples.length;
  return [`${title} (expected ${expected})`, ...samples, ...(more > 0 ? [`      and ${count(more)} more`] : [])].join(
    '\n',
  );
}

function deltaRows(delta: StagedDelta): [string, string][] {
  return STORE_NAMES.map((store) => {
    const { added, changed, removed } = delta[store];
    const total = added.length + changed.length + removed.length;
    const what = [
      ...(added.length > 0 ? [`+${count(added.length)} ${sample(added)}`] : []),
      ...(changed.length > 0 ? [`~${count(changed.length)} ${sample(changed)}`] : []),
      ...(removed.length > 0 ? [`-${count(removed.length)} ${sample(removed)}`] : []),
    ];
    return [STORE_TITLES[store], total === 0 ? 'no chapter changes' : `chapters ${what.join(', ')}`];
  });
}

function sample(chapters: readonly string[]): string {
  const shown = chapters.slice(0, 3).join(' ');
  return `(${shown}${chapters.length > 3 ? ' …' : ''})`;
}
