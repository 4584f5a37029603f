import type { CallControl, ChunkPage } from '../ports';
import type { QdrantConnection } from './client';
import { resolveCollection } from './inventory';

/** Pages of this size are a few hundred KB, since the chunk_id is all that is asked for. */
const PAGE = 2_500;

/**
 * Every point's chunk_id, in the order of the point ids. One collection is read to the end, even where the alias
 * moves meanwhile.
 *
 * @throws HybridFlowError COLLECTION_MISSING, QDRANT_*
 */
export async function* readChunks(
  connection: QdrantConnection,
  { onProgress, signal }: CallControl = {},
): AsyncGenerator<ChunkPage, void, void> {
  const { collection } = await resolveCollection(connection);
  let done = 0;
  let offset: string | number | undefined;
  do {
    signal?.throwIfAborted();
    const { points, next_page_offset: following } = await connection.call((client) =>
      client.scroll(collection, { limit: PAGE, offset, with_payload: ['chunk_id'], with_vector: false }),
    );
    const page: ChunkPage = { chunkIds: [], unnamed: [] };
    for (const { id, payload } of points) {
      const chunkId = payload?.chunk_id;
      if (typeof chunkId === 'string' && chunkId !== '') page.chunkIds.push(chunkId);
      else page.unnamed.push(`point ${id}`);
    }
    done += points.length;
    onProgress?.(done);
    yield page;
    offset = (following ?? undefined) as string | number | undefined;
  } while (offset !== undefined);
}
