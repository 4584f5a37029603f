import type { GroupFingerprint } from '../../domain/fingerprint';
import type { CallControl } from '../ports';
import { encodeProperties } from './export';
import { encodeValue } from './export-values';
import { GraphFingerprint } from './graph-fingerprint';
import { PAGE, READ_TIMEOUT_MS } from './checks';
import { toNumber, type GraphConnection } from './driver';
import { isPlaceholder, realLabels, STAGED } from './staged-nodes';
import { readStagedChapters } from './staged-survey';

const NODES = `MATCH (n) WHERE ${STAGED.holds('n')} RETURN id(n) AS id, labels(n) AS labels, properties(n) AS properties`;
const LINKS = `MATCH (n)-[r]->(m) WHERE ${STAGED.holds('n')} AND ${STAGED.holds('m')}
  RETURN type(r) AS type, id(n) AS start, id(m) AS end`;

/**
 * The groups of the staged chapters as production will have them: the same items that the fingerprint of the whole
 * graph will be made of. A chapter without paragraphs has no group, there as here.
 */
export async function fingerprintStaged(
  connection: GraphConnection,
  { onProgress, signal }: CallControl = {},
): Promise<GroupFingerprint[]> {
  const fingerprint = new GraphFingerprint();
  let done = 0;
  const tick = () => {
    if (++done % PAGE !== 0) return;
    signal?.throwIfAborted();
    onProgress?.(done);
  };
  const options = { timeoutMs: READ_TIMEOUT_MS, fetchSize: PAGE };
  for await (const row of connection.stream(NODES, options)) {
    tick();
    const { id, labels, properties } = row.toObject() as StagedNode;
    if (isPlaceholder(labels)) {
      // It may stand for the textbook that the chapter is to hang from.
      const { label, key } = properties;
      if (label === 'Textbook') fingerprint.node(toNumber(id), ['Textbook'], '{}', encodeValue(key));
      continue;
    }
    const [text, key] = encodeProperties(properties);
    fingerprint.node(toNumber(id), realLabels(labels), text, key);
  }
  for await (const row of connection.stream(LINKS, options)) {
    tick();
    // Of relationships only those that give a node its place are looked at, and none of them leads to a placeholder.
    fingerprint.relationship(String(row.get('type')), toNumber(row.get('start')), toNumber(row.get('end')), '{}');
  }
  const chapters = new Set(await readStagedChapters(connection));
  return fingerprint.groups().filter(({ group }) => chapters.has(group));
}

interface StagedNode {
  id: unknown;
  labels: string[];
  properties: Record<string, unknown>;
}
