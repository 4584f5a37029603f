import type { RetentionReport, VersionLeft, WindowApplied } from './retention';
import { plural } from './words';

/** What applying the window has done, for the current details of its run: every version one line. */
export function windowMarkdown({ base, emergency, left, kept, leftovers, warnings }: WindowApplied): string {
  const line = ({ versionId, reason }: Pick<VersionLeft, 'versionId' | 'reason'>, verb: string) =>
    `- ${verb} \`${versionId}\`: ${reason}`;
  const { swept, waiting, reported } = leftovers.counts;
  return [
    `**Window of ${base}**${emergency ? ', emergency' : ''}`,
    '',
    ...left.map((one) => line(one, one.state === 'kept' ? 'left as it is' : one.state)),
    ...kept.map((one) => line(one, 'kept')),
    `- ${plural(swept, 'leftover')} swept, ${waiting} not yet, ${reported} to be looked at`,
    ...warnings.map((warning) => `- ! ${warning}`),
  ].join('\n');
}

/** The same as a report of its own: beside the JSON. */
export function windowReport(report: RetentionReport): string {
  const { startedAt, endedAt, startedBy, workflowId, runId, freedBytes } = report;
  return [
    `# Retention of ${report.base}`,
    '',
    `From ${startedAt} to ${endedAt}, started by ${startedBy} (workflow ${workflowId}, run ${runId}).`,
    `${freedBytes} bytes freed.`,
    '',
    windowMarkdown(report),
  ].join('\n');
}
