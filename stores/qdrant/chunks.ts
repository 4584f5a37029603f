import type { CallControl, ChunkPage } from '../ports';
import type { QdrantConnection } from './client';
import { pagesOf } from './points';
import { resolveCollection } from './resolve';

/** Pages of this size are a few hundred KB, since the chunk_id is all that is asked for. */
const PAGE = 2_500;

/**
 * Every point's chunk_id (production's where no collection is named), in the order of the point ids. One collection is
 * read to the end, even where the alias moves meanwhile.
 *
 * @throws HybridFlowError COLLECTION_MISSING, QDRANT_*
 */
export async function* readChunks(
  connection: QdrantConnection,
  { onProgress, signal }: CallControl = {},
  named?: string,
): AsyncGenerator<ChunkPage, void, void> {
  const collection = named ?? (await resolveCollection(connection)).collection;
  const scroll = { limit: PAGE, with_payload: ['chunk_id'], with_vector: false };
  let done = 0;
  for await (const points of pagesOf(connection, collection, scroll, signal)) {
    const page: ChunkPage = { chunkIds: [], unnamed: [] };
    for (const { id, payload } of points) {
      const chunkId = payload?.chunk_id;
      if (typeof chunkId === 'string' && chunkId !== '') page.chunkIds.push(chunkId);
      else page.unnamed.push(`point ${id}`);
    }
    done += points.length;
    onProgress?.(done);
    yield page;
  }
}
