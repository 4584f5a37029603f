import type { Offenders } from '../../domain/checks';
import { crossReferencesProblem } from '../../domain/cross-references';
import { STAGING_NAMES } from '../../domain/names';
import { OffenderTally } from '../../domain/offenders';
import type { CallControl, ChunkPage } from '../ports';
import { onlyRow, toNumber, type GraphConnection } from './driver';

export const STAGING = STAGING_NAMES.label;
/** Rows that the server hands out at a time, and between which a cancellation is seen. */
export const PAGE = 2_000;
export const READ_TIMEOUT_MS = 10 * 60_000;
/** What a paragraph is called where it has no chunk_id of its own. */
export const NAME = `CASE WHEN p.chunk_id > '' THEN p.chunk_id ELSE 'node ' + elementId(p) END`;

/** The ways down from a chapter. */
const DOWN = 'HAS_SECTION|HAS_SUBSECTION|HAS_SUBSUBSECTION|HAS_PARAGRAPH';

const PARAGRAPHS = `MATCH (p:Paragraph) WHERE NOT p:${STAGING} RETURN count(p) AS n`;

const CHUNKS = `
  MATCH (p:Paragraph) WHERE NOT p:${STAGING}
  RETURN ${NAME} AS name, p.chunk_id > '' AS named`;

// Whether any path is there is asked, never which: the server then walks breadth first and visits a node once, so
// that divisions that contain each other end the search instead of multiplying it.
const ORPHANS = `
  MATCH (p:Paragraph)
  WHERE NOT p:${STAGING} AND NOT EXISTS {
    MATCH path = (p)<-[:${DOWN}*1..]-(c:Chapter) WHERE none(n IN nodes(path) WHERE n:${STAGING})
  }
  RETURN ${NAME} AS name, EXISTS { (p)<-[:${DOWN}]-(above) WHERE NOT above:${STAGING} } AS hangs
  ORDER BY p.chunk_id`;

const CROSS_REFERENCES = `
  MATCH (p:Paragraph) WHERE NOT p:${STAGING} AND p.cross_references IS NOT NULL
  RETURN ${NAME} AS name, p.cross_references AS value ORDER BY p.chunk_id`;

export async function countParagraphs(connection: GraphConnection): Promise<number> {
  return toNumber(onlyRow(await connection.run(PARAGRAPHS)).get('n'));
}

/** Streamed and not by keyset, since a keyset page would pass over what has no chunk_id, or a second one of a kind. */
export async function* readChunks(
  connection: GraphConnection,
  { onProgress, signal }: CallControl = {},
): AsyncGenerator<ChunkPage, void, void> {
  let page: ChunkPage = { chunkIds: [], unnamed: [] };
  let done = 0;
  for await (const row of connection.stream(CHUNKS, { timeoutMs: READ_TIMEOUT_MS, fetchSize: PAGE })) {
    const name = row.get('name') as string;
    if (row.get('named') === true) page.chunkIds.push(name);
    else page.unnamed.push(name);
    if (++done % PAGE !== 0) continue;
    signal?.throwIfAborted();
    onProgress?.(done);
    yield page;
    page = { chunkIds: [], unnamed: [] };
  }
  onProgress?.(done);
  yield page;
}

/** Paragraphs that have no parent, or one that no chapter of production reaches. */
export async function findOrphans(connection: GraphConnection, { signal }: CallControl = {}): Promise<Offenders> {
  const orphans = new OffenderTally();
  for await (const row of connection.stream(ORPHANS, { timeoutMs: READ_TIMEOUT_MS, fetchSize: PAGE })) {
    signal?.throwIfAborted();
    const why = row.get('hangs') === true ? 'no chapter reaches its parent' : 'no parent';
    orphans.add(`${row.get('name')}: ${why}`);
  }
  return orphans.result();
}

export async function findInvalidCrossReferences(
  connection: GraphConnection,
  { onProgress, signal }: CallControl = {},
): Promise<Offenders & { carrying: number }> {
  const invalid = new OffenderTally();
  let carrying = 0;
  for await (const row of connection.stream(CROSS_REFERENCES, { timeoutMs: READ_TIMEOUT_MS, fetchSize: PAGE })) {
    const problem = crossReferencesProblem(row.get('value'));
    if (problem !== undefined) invalid.add(`${row.get('name')}: ${problem}`);
    if (++carrying % PAGE !== 0) continue;
    signal?.throwIfAborted();
    onProgress?.(carrying);
  }
  return { ...invalid.result(), carrying };
}
