import type { HealthReport, LogFinding } from './health';

const MARK = { ok: '✓', warning: '!', failed: '✗', unknown: '?' } as const;

/** A health report as Markdown: the file beside the JSON, and the details that the Temporal UI shows. */
export function healthMarkdown(report: HealthReport, { samples = true } = {}): string {
  const { base, versionId, state, takenAt, metrics, checks, logs, notes } = report;
  return [
    `# Health of ${base}: ${state}`,
    '',
    `${versionId ?? 'No version is committed yet'}; looked at ${takenAt}.`,
    '',
    '| | Metric | Found |',
    '|---|---|---|',
    ...metrics.map((metric) => `| ${MARK[metric.state]} | ${metric.name} | ${cell(metric.value)} |`),
    ...section(
      'Checks',
      checks.map(
        ({ number, name, passed, severity, expected, actual }) =>
          `- ${passed ? MARK.ok : MARK[severity === 'critical' ? 'failed' : 'warning']} ${number === undefined ? '' : `${number}. `}${name}: expected ${line(expected)}, found ${line(actual)}`,
      ),
    ),
    ...section(
      'Logs',
      logs.flatMap((log) => [
        `- ${logText(log)}`,
        ...(samples ? log.samples.map((sample) => `  - \`${line(sample).replaceAll('`', "'")}\``) : []),
      ]),
    ),
    ...section(
      'Notes',
      notes.map((note) => `- ${line(note)}`),
    ),
  ].join('\n');
}

/** One line about a log: what was counted, and what should be known of the count. */
export function logText({ path, readable, errors, undated, since, note }: LogFinding): string {
  if (!readable) return `${path}: cannot be read (${note ?? 'no reason is known'})`;
  const open = undated > 0 ? `, ${undated} of them without a time` : '';
  return `${path}: ${errors} errors since ${since}${open}${note ? ` (${note})` : ''}`;
}

function section(title: string, lines: string[]): string[] {
  return lines.length === 0 ? [] : ['', `## ${title}`, '', ...lines];
}

function line(text: string): string {
  return text.replaceAll(/\s*\n\s*/g, ' ');
}

function cell(text: string): string {
  return line(text).replaceAll('|', '\\|');
}
