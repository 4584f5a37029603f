import { chainBreaks, type ParagraphLinks } from '../../domain/chains';
import type { Offenders } from '../../domain/checks';
import { chapterOfChunk } from '../../domain/chunk-id';
import { OffenderTally } from '../../domain/offenders';
import type { CallControl } from '../ports';
import { PAGE, READ_TIMEOUT_MS, STAGING } from './checks';
import type { GraphConnection } from './driver';

const targets = (type: 'NEXT' | 'PREV') => `
  COLLECT {
    MATCH (p)-[:${type}]->(other:Paragraph) WHERE NOT other:${STAGING}
    RETURN coalesce(toStringOrNull(other.chunk_id), 'node ' + elementId(other))
  }`;

// In the order of the chunk ids, which the constraint's index has: a chapter's paragraphs then come one after the
// other, since they begin alike. What has no chunk_id belongs to no chapter, and check 4 tells of it.
const LINKS = `
  MATCH (p:Paragraph) WHERE p.chunk_id > '' AND NOT p:${STAGING}
  RETURN p.chunk_id AS chunkId, ${targets('NEXT')} AS next, ${targets('PREV')} AS prev
  ORDER BY p.chunk_id`;

/** Judges chapter after chapter, holding one at a time. */
export async function findBrokenChains(
  connection: GraphConnection,
  { onProgress, signal }: CallControl = {},
): Promise<Offenders & { chapters: number }> {
  const breaks = new OffenderTally();
  let chapters = 0;
  let done = 0;
  for await (const { chapterId, paragraphs } of byChapter(connection)) {
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
  connection: GraphConnection,
): AsyncGenerator<{ chapterId: string; paragraphs: ParagraphLinks[] }, void, void> {
  let chapterId = '';
  let paragraphs: ParagraphLinks[] = [];
  for await (const row of connection.stream(LINKS, { timeoutMs: READ_TIMEOUT_MS, fetchSize: PAGE })) {
    const links = row.toObject() as ParagraphLinks;
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
