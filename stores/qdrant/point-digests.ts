import { ItemWriter } from '../fingerprint';
import type { CallControl } from '../ports';
import type { PointDigest } from '../ports/contents';
import type { QdrantConnection } from './client';
import { digestOf, groupOf, pagesOf } from './points';
import { resolveCollection } from './resolve';

const PAGE = 1_000;

/**
 * Every point by content, without its vectors, page by page: the digests that the fingerprint of the collection is made of.
 * One collection is read to the end, even where the alias moves meanwhile.
 *
 * @throws HybridFlowError COLLECTION_MISSING, QDRANT_*
 */
export async function* readPointDigests(
  connection: QdrantConnection,
  { collection }: { collection?: string } = {},
  { onProgress, signal }: CallControl = {},
): AsyncGenerator<PointDigest[], void, void> {
  const item = new ItemWriter();
  const name = collection ?? (await resolveCollection(connection)).collection;
  let done = 0;
  for await (const points of pagesOf(
    connection,
    name,
    { limit: PAGE, with_payload: true, with_vector: false },
    signal,
  )) {
    yield points.map((point) => {
      const chunkId = point.payload?.chunk_id;
      return {
        pointId: String(point.id),
        chunkId: typeof chunkId === 'string' ? chunkId : '',
        group: groupOf(point),
        digest: digestOf(point, false, item),
      };
    });
    onProgress?.((done += points.length));
  }
}
