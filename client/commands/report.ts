import { Option, type Command } from 'commander';
import { HybridFlowError } from '../../domain/errors';
import { REPORT_FILES, type RunReport } from '../../domain/report';
import { openArtifactStore } from '../../stores/artifacts';
import type { Reports } from '../../stores/ports';
import type { Context } from '../context';
import type { Host } from '../host';
import { renderReportList, type ReportListing } from '../render/report';
import { saveFile } from '../save-file';

interface Flags {
  format?: 'md' | 'json';
  pre?: boolean;
  list?: boolean;
  output?: string;
}

/** `hfv report`: what a run told about itself. It reads the backups folder only, so nothing else needs to be up. */
export function addReport(program: Command, host: Host): void {
  program
    .command('report')
    .argument('[version]', 'version id (default: the newest that has a report)')
    .description('print the report of a migration; works with every service down')
    .addOption(new Option('--format <format>', 'md for people, json for programs').choices(['md', 'json']))
    .option('--pre', 'the report that was written before anything was changed')
    .option('--list', 'list the reports that there are')
    .option('--output <file>', 'write it to a file instead')
    .action(
      host.run<Flags>(async (context, flags, version) => {
        const reports = openArtifactStore(context.settings().backups);
        if (flags.list) return printList(context, reports);
        return printReport(context, reports, flags, version);
      }),
    );
}

async function printList(context: Context, reports: Reports): Promise<void> {
  const versions = await reports.reportedVersions();
  const listed = await Promise.all(versions.map((versionId) => listingOf(reports, versionId)));
  context.out.result({ reports: listed }, (color) => renderReportList(listed, color));
}

async function listingOf(reports: Reports, versionId: string): Promise<ReportListing> {
  const text = await reports.readReport(versionId, `${REPORT_FILES.run}.json`);
  const report = text === undefined ? null : (parsed(text) as RunReport | null);
  const pre = (await reports.readReport(versionId, `${REPORT_FILES.preMigration}.md`)) !== undefined;
  return { versionId, outcome: report?.outcome ?? null, endedAt: report?.endedAt ?? null, preMigration: pre };
}

async function printReport(context: Context, reports: Reports, flags: Flags, given: string): Promise<void> {
  const { out } = context;
  const format = flags.format ?? (out.json ? 'json' : 'md');
  const file = `${flags.pre ? REPORT_FILES.preMigration : REPORT_FILES.run}.${format}`;
  const { versionId, text } = await find(reports, file, given);
  if (flags.output !== undefined) {
    const path = context.pathOf(flags.output);
    await saveFile(path, text, '--output');
    out.result({ versionId, format, path }, () => `${path}: the report of ${versionId}`);
    return;
  }
  const value = format === 'json' ? parsed(text) : null;
  out.result(value ?? { versionId, format, text }, () => text);
}

/** @throws HybridFlowError REPORT_MISSING naming the versions that have one */
async function find(reports: Reports, file: string, given: string): Promise<{ versionId: string; text: string }> {
  const versions = await reports.reportedVersions();
  for (const versionId of given === '' ? versions.toReversed() : [given]) {
    const text = await reports.readReport(versionId, file);
    if (text !== undefined) return { versionId, text };
  }
  const what = file.startsWith(REPORT_FILES.preMigration) ? 'pre-migration report' : 'report of a run';
  throw new HybridFlowError('REPORT_MISSING', {
    found: given === '' ? `There is no ${what} yet` : `${given} has no ${what} (${file})`,
    expected: versions.length > 0 ? `one of ${versions.slice(-5).join(', ')}` : 'a migration that has been run',
    next: versions.length > 0 ? 'list them with `hfv report --list`' : 'run one with `hfv migrate`',
    details: { versions },
  });
}

function parsed(text: string): object | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' ? value : null;
  } catch {
    return null;
  }
}
