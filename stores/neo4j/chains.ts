import { chainBreaks, type ParagraphLinks } from '../../domain/chains';
import type { Offenders } from '../../domain/checks';
import { chapterOfChunk } from '../../domain/chunk-id';
import { OffenderTally } from '../../domain/offenders';
import type { CallControl } from '../ports';
import { LIVE, PAGE, READ_TIMEOUT_MS, STAGING } from './checks';
import type { GraphConnection } from './driver';

/** Cypher that collects the chunk ids of the paragraphs that `from` leads to. */
export const targets = (from: string, type: 'NEXT' | 'PREV') => `
  COLLECT {
    MATCH (${from})-[:${type}]->(other:Paragraph) WHERE NOT other:${STAGING}
    RETURN coalesce(toStringOrNull(other.chunk_id), 'node ' + elementId(other))
  }`;

// In the order of the chunk ids, which the constraint's index has: a chapter's paragraphs then come one after the
// other, since they begin alike. What has no chunk_id belongs to no chapter, and check 4 tells of it.
export async function* readLinks(
  connection: GraphConnection,
  { paragraph, leavesOutParagraph, parameters } = LIVE,
): AsyncGenerator<ParagraphLinks, void, void> {
  const query = `
    MATCH (p:${paragraph}) WHERE p.chunk_id > '' AND NOT (${leavesOutParagraph('p')})
    RETURN p.chunk_id AS chunkId, ${targets('p', 'NEXT')} AS next, ${targets('p', 'PREV')} AS prev
    ORDER BY p.chunk_id`;
  for await (const row of connection.stream(query, { timeoutMs: READ_TIMEOUT_MS, fetchSize: PAGE, parameters })) {
    yield row.toObject() as ParagraphLinks;
  }
}

/** Judges chapter after chapter, holding one at a time. A chapter's paragraphs are to come one after the other. */
export async function findBrokenChains(
  all: AsyncIterable<ParagraphLinks>,
  { onProgress, signal }: CallControl = {},
): Promise<Offenders & { chapters: number }> {
  const breaks = new OffenderTally();
  let chapters = 0;
  let done = 0;
  for await (const { chapterId, paragraphs } of byChapter(all)) {
    signal?.throwIfAborted();
    for (const told of chainBreaks(chapterId, paragraphs)) breaks.add(told);
    chapters += 1;
    done += paragraphs.length;
    onProgress?.(done);
  }
  return { ...breaks.result(), chapters };
}

/** A chunk id that names no chapter is one of its own, so that any link from it leads out. */
async function* byChapter(
  all: AsyncIterable<ParagraphLinks>,
): AsyncGenerator<{ chapterId: string; paragraphs: ParagraphLinks[] }, void, void> {
  let chapterId = '';
  let paragraphs: ParagraphLinks[] = [];
  for await (const links of all) {
    const its = chapterOfChunk(links.chunkId) ?? links.chunkId;
    if (its !== chapterId) {
      if (paragraphs.length > 0) yield { chapterId, paragraphs };
      chapterId = its;
      paragraphs = [];
    }
    paragraphs.push(links);
  }
  if (paragraphs.length > 0) yield { chapterId, paragraphs };
}
