import { open, stat } from 'node:fs/promises';
import type { LogFinding } from '../../domain/health';
import { redact } from '../../domain/masking';

/** A log may be gigabytes; what happened lately is at its end. */
const TAIL_BYTES = 1_000_000;
const SAMPLES = 5;
const SAMPLE_CHARACTERS = 300;

/** The level as the services write it: in capitals, as logfmt, as JSON (pino's numbers too); or a panic. */
const ERRORS = [
  /(?:^|\s)\[?(?:ERROR|FATAL|CRITICAL)\]?[\s:]/,
  /\blevel=(?:error|fatal)\b|"level":\s*(?:"(?:error|fatal)"|[56]0\b)/i,
  /\bpanic(?:ked)?\b/,
];
/** ISO 8601 and what looks like it: a blank for the T, a comma for the point, a zone or none. */
const MOMENT = /(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)(?:[.,](\d{1,9}))?\s?(Z\b|[+-]\d\d:?\d\d\b)?/;
const EPOCH = /"(?:ts|time|timestamp)":\s*(\d{10}(?:\.\d+)?|\d{13})\b/;

export interface LogOptions {
  since: Date;
  secrets: readonly string[];
  tailBytes?: number;
}

/** Counts the lines of one log that name an error since a moment. Never throws: what cannot be read is said so. */
export async function readLog(path: string, options: LogOptions): Promise<LogFinding> {
  const since = options.since.toISOString();
  try {
    const { text, cut } = await readTail(path, options.tailBytes ?? TAIL_BYTES);
    const { errors, undated, samples, reached } = countErrors(text, options);
    const note = cut && !reached ? `only the last ${Buffer.byteLength(text)} bytes were read` : null;
    return { path, readable: true, since, errors, undated, samples, note };
  } catch (error) {
    const note = error instanceof Error ? error.message : String(error);
    return { path, readable: false, since, errors: 0, undated: 0, samples: [], note };
  }
}

/** A line without a time of its own (a stack trace, a panic) belongs to the last one before it that has one. */
function countErrors(
  text: string,
  { since, secrets }: LogOptions,
): Pick<LogFinding, 'errors' | 'undated' | 'samples'> & { reached: boolean } {
  let at: number | undefined;
  let reached = false;
  let undated = 0;
  const found: string[] = [];
  let errors = 0;
  for (const line of text.split('\n')) {
    at = momentOf(line) ?? at;
    if (at !== undefined && at < since.getTime()) reached = true;
    if (!ERRORS.some((pattern) => pattern.test(line)) || (at !== undefined && at < since.getTime())) continue;
    errors += 1;
    if (at === undefined) undated += 1;
    found.push(line);
    if (found.length > SAMPLES) found.shift();
  }
  // The latest: they say how it stands. Masked before they are cut, so that no half of a secret is left.
  const samples = found.map((line) => redact(line.trim(), secrets).slice(0, SAMPLE_CHARACTERS));
  return { errors, undated, samples, reached };
}

function momentOf(line: string): number | undefined {
  const iso = MOMENT.exec(line);
  if (iso) {
    const [, day, time, fraction = '0', zone = ''] = iso;
    // Without a zone it is the clock of this machine, as whoever writes such lines means it.
    const at = Date.parse(`${day}T${time}.${fraction.slice(0, 3)}${zone.replace(/^([+-]\d\d)(\d\d)$/, '$1:$2')}`);
    if (!Number.isNaN(at)) return at;
  }
  const [, epoch] = EPOCH.exec(line) ?? [];
  if (epoch === undefined) return undefined;
  return epoch.length === 13 ? Number(epoch) : Number(epoch) * 1_000;
}

async function readTail(path: string, tailBytes: number): Promise<{ text: string; cut: boolean }> {
  // Looked at before it is opened: opening a named pipe would wait until somebody writes to it.
  const found = await stat(path);
  if (!found.isFile()) throw new Error('it is no file');
  const file = await open(path, 'r');
  try {
    const from = Math.max(0, found.size - tailBytes);
    const buffer = Buffer.alloc(found.size - from);
    const { bytesRead } = await file.read(buffer, 0, buffer.length, from);
    const text = buffer.toString('utf8', 0, bytesRead);
    // The first line of a cut is half a line.
    return from === 0 ? { text, cut: false } : { text: text.slice(text.indexOf('\n') + 1), cut: true };
  } finally {
    await file.close();
  }
}
