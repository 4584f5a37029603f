import { QdrantClient } from '@qdrant/js-client-rest';
import { embedText } from '../../domain/feature-hashing';
import { STAGING_NAMES } from '../../domain/names';
import { chapterId, chunksOf, pointId, type ParsedChapter } from './chapter';

const BATCH = 200;

/**
 * Puts the points of these chapters into the staging collection. What a chapter had before goes first, so that chunks
 * which the new text no longer has are not left over.
 */
export async function stagePoints(
  { url, apiKey }: { url: string; apiKey?: string },
  chapters: readonly ParsedChapter[],
  removed: readonly string[],
): Promise<void> {
  const client = new QdrantClient({ url, apiKey, checkCompatibility: false });
  const { collection } = STAGING_NAMES;
  for (const id of [...removed, ...chapters.map(chapterId)]) {
    const filter = { must: [{ key: 'chapter_id', match: { value: id } }] };
    await client.delete(collection, { wait: true, filter });
  }
  for (const chapter of chapters) {
    const points = pointsOf(chapter);
    for (let at = 0; at < points.length; at += BATCH) {
      await client.upsert(collection, { wait: true, points: points.slice(at, at + BATCH) });
    }
  }
}

function pointsOf(chapter: ParsedChapter) {
  const { textbookId, number, title } = chapter;
  return chunksOf(chapter).map(({ chunkId, sectionTitle, text, page }) => ({
    id: pointId(chunkId),
    // A real ingestion asks its embedding model here; the demonstration corpus is made with the same function.
    vector: embedText(text).map((value) => Math.round(value * 1e7) / 1e7),
    payload: {
      chunk_id: chunkId,
      textbook_id: textbookId,
      chapter_id: chapterId(chapter),
      chapter_number: number,
      chapter_title: title,
      section_title: sectionTitle,
      hierarchy_path: `Chapter ${number}: ${title} > ${sectionTitle}`,
      text,
      page,
    },
  }));
}
