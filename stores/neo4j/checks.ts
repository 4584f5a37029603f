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

/** Which paragraphs a check looks at, and through which nodes a chapter may lead to them. */
export interface ParagraphScope {
  paragraph: string;
  chapter: string;
  /** Cypher that holds for the nodes that are left out; never null. */
  leavesOut: (node: string) => string;
  /** Cypher that holds for the paragraphs that are left out, in terms of {@link leavesOut} or narrower. */
  leavesOutParagraph: (node: string) => string;
  parameters: Record<string, unknown>;
}

/** Production as it stands. */
export const LIVE: ParagraphScope = {
  paragraph: 'Paragraph',
  chapter: 'Chapter',
  leavesOut: (node) => `${node}:${STAGING}`,
  leavesOutParagraph: (node) => `${node}:${STAGING}`,
  parameters: {},
};

const paragraphs = ({ paragraph, leavesOutParagraph }: ParagraphScope) =>
  `MATCH (p:${paragraph}) WHERE NOT (${leavesOutParagraph('p')})`;

const chunks = (scope: ParagraphScope) => `
  ${paragraphs(scope)}
  RETURN ${NAME} AS name, p.chunk_id > '' AS named`;

// Whether any path is there is asked, never which: the server then walks breadth first and visits a node once, so
// that divisions that contain each other end the search instead of multiplying it.
const orphans = (scope: ParagraphScope) => `
  ${paragraphs(scope)} AND NOT EXISTS {
    MATCH path = (p)<-[:${DOWN}*1..]-(c:${scope.chapter}) WHERE none(n IN nodes(path) WHERE ${scope.leavesOut('n')})
  }
  RETURN ${NAME} AS name, EXISTS { (p)<-[:${DOWN}]-(above) WHERE NOT (${scope.leavesOut('above')}) } AS hangs
  ORDER BY p.chunk_id`;

const crossReferences = (scope: ParagraphScope) => `
  ${paragraphs(scope)} AND p.cross_references IS NOT NULL
  RETURN ${NAME} AS name, p.cross_references AS value ORDER BY p.chunk_id`;

const streaming = ({ parameters }: ParagraphScope) => ({ timeoutMs: READ_TIMEOUT_MS, fetchSize: PAGE, parameters });

export async function countParagraphs(connection: GraphConnection, scope = LIVE): Promise<number> {
  const { parameters } = scope;
  return toNumber(onlyRow(await connection.run(`${paragraphs(scope)} RETURN count(p) AS n`, parameters)).get('n'));
}

/** Streamed and not by keyset, since a keyset page would pass over what has no chunk_id, or a second one of a kind. */
export async function* readChunks(
  connection: GraphConnection,
  { onProgress, signal }: CallControl = {},
  scope = LIVE,
): AsyncGenerator<ChunkPage, void, void> {
  let page: ChunkPage = { chunkIds: [], unnamed: [] };
  let done = 0;
  for await (const row of connection.stream(chunks(scope), streaming(scope))) {
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
export async function findOrphans(
  connection: GraphConnection,
  { signal }: CallControl = {},
  scope = LIVE,
): Promise<Offenders> {
  const found = new OffenderTally();
  for await (const row of connection.stream(orphans(scope), streaming(scope))) {
    signal?.throwIfAborted();
    const why = row.get('hangs') === true ? 'no chapter reaches its parent' : 'no parent';
    found.add(`${row.get('name')}: ${why}`);
  }
  return found.result();
}

export async function findInvalidCrossReferences(
  connection: GraphConnection,
  { onProgress, signal }: CallControl = {},
  scope = LIVE,
): Promise<Offenders & { carrying: number }> {
  const invalid = new OffenderTally();
  let carrying = 0;
  for await (const row of connection.stream(crossReferences(scope), streaming(scope))) {
    const problem = crossReferencesProblem(row.get('value'));
    if (problem !== undefined) invalid.add(`${row.get('name')}: ${problem}`);
    if (++carrying % PAGE !== 0) continue;
    signal?.throwIfAborted();
    onProgress?.(carrying);
  }
  return { ...invalid.result(), carrying };
}
