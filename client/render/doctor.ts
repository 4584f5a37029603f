import prettyBytes from 'pretty-bytes';
import type { Condition } from '../../domain/doctor';
import type { Leftover } from '../../domain/leftovers';
import type { ChangeSeen, DoctorReport } from '../../inspection/doctor';
import type { Colors } from '../output';
import { fields } from './text';

type Row = readonly [string, string | null];

/** The doctor's word for people: the verdict and the next command first, then what they rest on. */
export function renderDoctor(report: DoctorReport, color: Colors): string {
  const { base, verdict, condition, says, command } = report;
  return [
    `${color.bold(base)} ${painted(verdict, condition, color)}`,
    `  ${says}`,
    '',
    `  next: ${color.bold(command)}`,
    '',
    ...fields([...changeRows(report), ...versionRows(report), ...servicesRows(report, color)]),
    ...damageLines(report, color),
    ...report.leftovers.map((one) => leftoverLine(one, color)),
    ...report.notes.map((note) => `  ${color.yellow('note')} ${note}`),
  ].join('\n');
}

function changeRows({ change, holders, unpolled, switch: entry }: DoctorReport): Row[] {
  return [
    ...(change ? runningRows(change) : []),
    ['held by', holders.join('\n')],
    ['no worker on', unpolled?.join(', ') ?? null],
    ['last switch', entry && `${entry.kind} of ${entry.versionId}, ${entry.state}, begun ${entry.startedAt}`],
  ];
}

function runningRows({
  type,
  workflowId,
  startedAt,
  versionId,
  phase,
  staging,
  failing,
  details,
  url,
}: ChangeSeen): Row[] {
  return [
    ['running', `${type}${versionId ? ` of ${versionId}` : ''}, since ${startedAt}`],
    ['phase', phase ?? 'no worker answers'],
    ['staging', staging && `${staging.stage}${staging.deadline ? `, cancels itself at ${staging.deadline}` : ''}`],
    ['asked for', details?.replaceAll(/\s*\n+\s*/g, ' ') ?? null],
    ['failing', failing.map(({ activity, attempt, error }) => `${activity}, attempt ${attempt}: ${error}`).join('\n')],
    ['workflow', workflowId],
    ['Temporal', url],
  ];
}

function versionRows({ current, lastGood, latestCopy, pins }: DoctorReport): Row[] {
  return [
    ['current', current ? `${current.versionId}, since ${current.since}` : 'none is known'],
    ['last good', lastGood ? `${lastGood.versionId} (by ${lastGood.by})` : 'none'],
    [
      'latest-copy',
      latestCopy && `${latestCopy.state}${latestCopy.sameAs ? `, the same as ${latestCopy.sameAs}` : ''}`,
    ],
    ['pinned', pins.map(({ versionId, reason }) => `${versionId} (${reason})`).join('\n')],
  ];
}

function servicesRows({ services }: DoctorReport, color: Colors): Row[] {
  return services.map(({ name, up, found }) => [name, up ? found : `${color.red('down')}: ${found}`]);
}

function damageLines({ versions, latestCopy }: DoctorReport, color: Colors): string[] {
  const problems = [
    ...versions.flatMap(({ versionId, artifacts, problems: found }) =>
      artifacts === 'damaged' || artifacts === 'missing' ? found.map((one) => `${versionId}: ${one}`) : [],
    ),
    ...(latestCopy?.state === 'sound' ? [] : (latestCopy?.problems ?? []).map((one) => `latest-copy: ${one}`)),
  ];
  return problems.map((problem) => `  ${color.red('wrong')} ${problem}`);
}

function leftoverLine({ kind, where, name, bytes, ownerRunId, verdict, reason }: Leftover, color: Colors): string {
  const size = bytes === null ? '' : `, ${prettyBytes(bytes)}`;
  const run = ownerRunId === null ? '' : `, of run ${ownerRunId}`;
  return `  ${color.yellow('left')} ${kind} ${name} in ${where}${size}${run}: ${verdict} (${reason})`;
}

function painted(text: string, condition: Condition, color: Colors): string {
  if (condition === 'healthy') return color.green(text);
  return condition === 'busy' ? color.yellow(text) : color.red(text);
}
