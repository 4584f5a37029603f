import type { CallControl } from '../ports';
import { PAGE, READ_TIMEOUT_MS } from './checks';
import { onlyRow, toNumber, type GraphConnection } from './driver';
import {
  known,
  NAMED_ELSEWHERE,
  nodeRow,
  prefixOf,
  PRODUCTION,
  STAGED,
  type NodeFacts,
  type Side,
} from './staged-nodes';

/** What is staged and what it takes the place of, as ids by the chapter that a node's name says: a number a node. */
export interface Survey {
  staged: Map<string, number[]>;
  /** Of production, what no index finds. */
  production: Map<string, number[]>;
  /** Chapters that are staged, in order. */
  chapters: string[];
  /** Of those to be removed, the ones of which anything is left. */
  removed: string[];
  /** Nodes and relationships that the switch has to do with, about. */
  size: number;
}

/** Reads, without any text, what a switch of these chapters is about. */
export async function surveyStaging(
  connection: GraphConnection,
  removed: readonly string[],
  control: CallControl = {},
): Promise<Survey> {
  const chapters = await readStagedChapters(connection);
  const staged = await byChapter(connection, `MATCH (n) WHERE ${STAGED.holds('n')}`, {}, control);
  const prefixes = [...new Set([...chapters, ...removed])].map(prefixOf);
  const production = await byChapter(connection, namedElsewhere(PRODUCTION), { prefixes }, control);
  const links = toNumber(onlyRow(await connection.run(LINKS)).get('n'));
  const left = await readRemoved(connection, removed, production);
  const paragraphs = left.reduce((sum, one) => sum + one.paragraphs, 0);
  const going = left.map(({ chapter }) => chapter).filter((chapter) => !chapters.includes(chapter));
  const size = sizeOf(staged, [...staged.keys()]) + links + sizeOf(production, going) + 2 * paragraphs;
  return { staged, production, chapters, removed: going, size };
}

async function readRemoved(
  connection: GraphConnection,
  removed: readonly string[],
  production: ReadonlyMap<string, number[]>,
): Promise<{ chapter: string; paragraphs: number }[]> {
  const rows = await connection.run(REMOVED, { chapters: [...removed] });
  return rows
    .map((row) => ({
      chapter: String(row.get('chapter')),
      paragraphs: toNumber(row.get('paragraphs')),
      stands: row.get('stands') === true,
    }))
    .filter(({ chapter, paragraphs, stands }) => stands || paragraphs > 0 || production.has(chapter));
}

const LINKS = `MATCH (n)-[r]->() WHERE ${STAGED.holds('n')} RETURN count(r) AS n`;
const REMOVED = `UNWIND $chapters AS chapter
  RETURN chapter, EXISTS { MATCH (n:Chapter {id: chapter}) WHERE ${PRODUCTION.holds('n')} } AS stands,
    COUNT { MATCH (n:Paragraph) WHERE n.chunk_id STARTS WITH chapter + ':' AND ${PRODUCTION.holds('n')} } AS paragraphs`;

export async function readStagedChapters(connection: GraphConnection): Promise<string[]> {
  const query = `MATCH (n:${STAGED.label('Chapter')}) WHERE ${STAGED.holds('n')} AND n.id IS NOT NULL
    RETURN DISTINCT toString(n.id) AS id ORDER BY id`;
  return (await connection.run(query)).map((row) => String(row.get('id')));
}

function namedElsewhere(side: Side): string {
  const named = `any(prefix IN $prefixes WHERE n.chunk_id STARTS WITH prefix OR n.id STARTS WITH prefix)`;
  return `MATCH (n:${NAMED_ELSEWHERE.map((kind) => side.label(kind)).join('|')}) WHERE ${side.holds('n')} AND ${named}`;
}

async function byChapter(
  connection: GraphConnection,
  match: string,
  parameters: Record<string, unknown>,
  { signal, onProgress }: CallControl,
): Promise<Map<string, number[]>> {
  const found = new Map<string, number[]>();
  let done = 0;
  const options = { timeoutMs: READ_TIMEOUT_MS, fetchSize: PAGE, parameters };
  for await (const row of connection.stream(`${match} RETURN ${nodeRow('n')} AS facts`, options)) {
    const [id, labels, key, chunkId] = row.get('facts') as NodeFacts;
    if (++done % PAGE === 0) {
      signal?.throwIfAborted();
      onProgress?.(done);
    }
    const { chapter = '' } = known(labels, key, chunkId);
    const ids = found.get(chapter);
    if (ids) ids.push(toNumber(id));
    else found.set(chapter, [toNumber(id)]);
  }
  return found;
}

function sizeOf(ids: ReadonlyMap<string, number[]>, chapters: readonly string[]): number {
  return chapters.reduce((sum, chapter) => sum + (ids.get(chapter)?.length ?? 0), 0);
}
