import type { GroupFingerprint } from '../../domain/fingerprint';
import type { CallControl } from '../ports';
import type { ExportLine } from './export-format';
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
export async function fingerprintExport(
  file: string,
  { onProgress, signal }: CallControl = {},
): Promise<GroupFingerprint[]> {
  signal?.throwIfAborted();
  const fingerprint = new GraphFingerprint();
  let lines = 0;
  await checkExport(file, (line, text) => {
    take(fingerprint, line, text);
    if (++lines % STRIDE !== 0) return;
    signal?.throwIfAborted();
    onProgress?.(lines);
  });
  return fingerprint.groups();
}

function take(fingerprint: GraphFingerprint, line: ExportLine, text: string): void {
  if (line.t === 'c') fingerprint.schema('constraint', line.ddl);
  if (line.t === 'x' && line.kind === 'own') fingerprint.schema('index', line.ddl);
  if (line.t === 'n') fingerprint.node(line.id, line.l, propertiesOf(text), line.p.id);
  if (line.t !== 'r') return;
  const known = fingerprint.relationship(line.y, line.s, line.e, propertiesOf(text));
  if (!known) throw damaged('a relationship to a node that it does not hold');
}

/**
 * The properties as they stand in the line, since parsing and writing them again could change their order. The first
 * place that looks like their beginning is it: what comes before holds no quote that is not escaped.
 */
export function propertiesOf(text: string): string {
  return text.slice(text.indexOf(',"p":') + 5, -1);
}
