import { partOf } from '../../domain/chapter-digest';
import type { GroupFingerprint } from '../../domain/fingerprint';
import type { CallControl } from '../ports';
import { ChapterDigests } from './chapter-digests';
import { encodeProperties } from './export';
import { encodeValue } from './export-values';
import { GraphFingerprint } from './graph-fingerprint';
import { PAGE, READ_TIMEOUT_MS } from './checks';
import { toNumber, type GraphConnection } from './driver';
import { isPlaceholder, realLabels, STAGED } from './staged-nodes';
import { readStagedChapters } from './staged-survey';

const NODES = `MATCH (n) WHERE ${STAGED.holds('n')} RETURN id(n) AS id, labels(n) AS labels, properties(n) AS properties`;
const LINKS = `MATCH (n)-[r]->(m) WHERE ${STAGED.holds('n')} AND ${STAGED.holds('m')}
  RETURN type(r) AS type, id(n) AS start, id(m) AS end, properties(r) AS properties`;

/**
 * The groups of the staged chapters as production will have them: the same items that the fingerprint of the whole
 * graph will be made of, and each chapter whole beside them. A chapter without paragraphs has no group of its own, there
 * as here.
 */
export async function fingerprintStaged(
  connection: GraphConnection,
  { onProgress, signal }: CallControl = {},
): Promise<GroupFingerprint[]> {
  const staged = new StagedFingerprint();
  let done = 0;
  const tick = () => {
    if (++done % PAGE !== 0) return;
    signal?.throwIfAborted();
    onProgress?.(done);
  };
  const options = { timeoutMs: READ_TIMEOUT_MS, fetchSize: PAGE };
  for await (const row of connection.stream(NODES, options)) {
    tick();
    staged.node(row.toObject() as StagedNode);
  }
  for await (const row of connection.stream(LINKS, options)) {
    tick();
    staged.relationship(row.toObject() as StagedLink);
  }
  const chapters = new Set(await readStagedChapters(connection));
  return staged.groups().filter(({ group }) => chapters.has(partOf(group)?.chapter ?? group));
}

class StagedFingerprint {
  readonly #paragraphs = new GraphFingerprint();
  readonly #chapters = new ChapterDigests();

  node({ id: internal, labels, properties }: StagedNode): void {
    const id = toNumber(internal);
    if (isPlaceholder(labels)) {
      const [label, key] = [String(properties.label), encodeValue(properties.key ?? null)];
      this.#chapters.placeholder(id, label, key);
      // It may stand for the textbook that the chapter is to hang from.
      if (label === 'Textbook') this.#paragraphs.node(id, ['Textbook'], '{}', key);
      return;
    }
    const [text, key] = encodeProperties(properties);
    const real = realLabels(labels);
    this.#paragraphs.node(id, real, text, key);
    this.#chapters.node(id, real, text, { id: key, chunkId: encodeValue(properties.chunk_id ?? null) });
  }

  relationship({ type, start, end, properties }: StagedLink): void {
    const [from, to, [text]] = [toNumber(start), toNumber(end), encodeProperties(properties)];
    // Of these only those that give a node its place are looked at, and none of them leads to a placeholder.
    this.#paragraphs.relationship(type, from, to, '{}');
    this.#chapters.relationship(type, from, to, text);
  }

  groups(): GroupFingerprint[] {
    return [...this.#paragraphs.groups(), ...this.#chapters.groups()];
  }
}

interface StagedNode {
  id: unknown;
  labels: string[];
  properties: Record<string, unknown>;
}

interface StagedLink {
  type: string;
  start: unknown;
  end: unknown;
  properties: Record<string, unknown>;
}
