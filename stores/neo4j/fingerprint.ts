import type { GroupFingerprint } from '../../domain/fingerprint';
import type { CallControl } from '../ports';
import { ChapterDigests } from './chapter-digests';
import type { ExportCounts, ExportLine } from './export-format';
import { damaged } from './export-values';
import { GraphFingerprint } from './graph-fingerprint';
import { checkExport } from './import-read';

/** Progress, and the question whether to stop, once so many lines. */
const STRIDE = 2_000;

/**
 * Of the graph that an export holds: the list that the export's own pass gave. Contacts no server.
 *
 * @throws HybridFlowError ARTIFACT_DAMAGED where the file is not whole
 */
export async function fingerprintExport(file: string, control: CallControl = {}): Promise<GroupFingerprint[]> {
  const fingerprint = new GraphFingerprint();
  await through(file, control, (line, text) => take(fingerprint, line, text));
  return fingerprint.groups();
}

/**
 * Of an export's chapters whole, or of those that are named: the groups of domain/chapter-digest.ts. Contacts no server.
 *
 * @throws HybridFlowError ARTIFACT_DAMAGED where the file is not whole
 */
export async function digestChapters(
  file: string,
  control: CallControl = {},
  wanted?: ReadonlySet<string>,
): Promise<GroupFingerprint[]> {
  const digests = new ChapterDigests(wanted);
  await through(file, control, (line, text) => {
    if (line.t === 'n') {
      digests.node(line.id, line.l, propertiesOf(text), { id: line.p.id, chunkId: line.p.chunk_id });
    }
    if (line.t === 'r' && !digests.relationship(line.y, line.s, line.e, propertiesOf(text))) throw dangling();
  });
  return digests.groups();
}

/**
 * What an export holds, counted. Contacts no server.
 *
 * @throws HybridFlowError ARTIFACT_DAMAGED where the file is not whole
 */
export async function countExport(file: string, control: CallControl = {}): Promise<Record<string, number>> {
  return { ...(await through(file, control, () => undefined)) };
}

async function through(
  file: string,
  { onProgress, signal }: CallControl,
  see: (line: ExportLine, text: string) => void,
): Promise<ExportCounts> {
  signal?.throwIfAborted();
  let lines = 0;
  return checkExport(file, (line, text) => {
    see(line, text);
    if (++lines % STRIDE !== 0) return;
    signal?.throwIfAborted();
    onProgress?.(lines);
  });
}

function take(fingerprint: GraphFingerprint, line: ExportLine, text: string): void {
  if (line.t === 'c') fingerprint.schema('constraint', line.ddl);
  if (line.t === 'x' && line.kind === 'own') fingerprint.schema('index', line.ddl);
  if (line.t === 'n') fingerprint.node(line.id, line.l, propertiesOf(text), line.p.id);
  if (line.t !== 'r') return;
  const known = fingerprint.relationship(line.y, line.s, line.e, propertiesOf(text));
  if (!known) throw dangling();
}

function dangling() {
  return damaged('a relationship to a node that it does not hold');
}

/**
 * The properties as they stand in the line, since parsing and writing them again could change their order. The first
 * place that looks like their beginning is it: what comes before holds no quote that is not escaped.
 */
export function propertiesOf(text: string): string {
  return text.slice(text.indexOf(',"p":') + 5, -1);
}
