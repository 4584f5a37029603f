import { createHash } from 'node:crypto';
import { gzipLines } from '../gzip-lines';
import { EXPORT_FORMAT, noCounts, type ExportCounts, type ExportLine, type FooterLine } from './export-format';
import { damaged } from './export-values';

/**
 * Reads an export through and compares it with its footer: format, hash and every count. Nothing is to be written
 * anywhere before this has passed. `see` is handed each line between header and footer, parsed and as it stands.
 *
 * @throws HybridFlowError ARTIFACT_DAMAGED
 */
export async function checkExport(
  file: string,
  see: (line: ExportLine, text: string) => void = () => undefined,
): Promise<ExportCounts> {
  const hash = createHash('sha256');
  const found = noCounts();
  let previous: string | undefined;
  for await (const line of gzipLines(file, FAULTS)) {
    // One line behind, since the last one is the footer and not part of the hash.
    if (previous === undefined) assertHeader(line);
    else {
      const parsed = parseLine(previous);
      countLine(parsed, found);
      see(parsed, previous);
      hash.update(`${previous}\n`);
    }
    previous = line;
  }
  const footer = previous === undefined ? undefined : parseLine(previous);
  if (footer?.t !== 'end') throw damaged('no footer: it was cut short');
  assertFooter(footer, found, hash.digest('hex'));
  return found;
}

const FAULTS = {
  unreadable: (code: string) => damaged(`no readable gzip stream (${code})`),
  cutShort: () => damaged('a last line without its end: it was cut short'),
};

/** The lines of an export, parsed, one at a time. */
export async function* readExport(file: string): AsyncGenerator<ExportLine> {
  for await (const line of gzipLines(file, FAULTS)) yield parseLine(line);
}

/** Of the lines of an export those that are asked for, by their number from 0 on; the others are not parsed. */
export async function* readLines(file: string, wants: (number: number) => boolean): AsyncGenerator<ExportLine> {
  let number = 0;
  for await (const line of gzipLines(file, FAULTS)) if (wants(number++)) yield parseLine(line);
}

function parseLine(text: string): ExportLine {
  try {
    return JSON.parse(text) as ExportLine;
  } catch {
    throw damaged('a line that is no JSON');
  }
}

function assertHeader(text: string): void {
  const header = parseLine(text);
  if (header.t !== 'header' || header.format !== EXPORT_FORMAT) throw damaged(`no header of ${EXPORT_FORMAT}`);
}

function countLine(line: ExportLine, counts: ExportCounts): void {
  if (line.t === 'c') counts.constraints += 1;
  if (line.t === 'x') counts.indexes += 1;
  if (line.t === 'r') counts.relationships += 1;
  if (line.t !== 'n') return;
  counts.nodes += 1;
  if (line.l.includes('Paragraph')) counts.paragraphs += 1;
}

function assertFooter(footer: FooterLine, found: ExportCounts, sha256: string): void {
  if (footer.sha256 !== sha256) throw damaged('other bytes than its footer was made for');
  for (const [name, count] of Object.entries(found)) {
    const stated = footer.counts[name as keyof ExportCounts];
    if (stated !== count) throw damaged(`${count} ${name} where its footer says ${stated}`);
  }
}
