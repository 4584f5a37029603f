import { HybridFlowError } from '../../domain/errors';
import type { Neighbour } from '../ports';
import type { QdrantConnection } from './client';

/** The name by which a vector is asked for; undefined where vectors have none. */
type VectorName = string | undefined;

/**
 * Searches by the configured name as readers do: the server itself resolves an alias, so that a search is one call.
 * Only the vector's name is looked up, once.
 *
 * @throws HybridFlowError QDRANT_UNFIT where a point has several vectors
 */
export function nearestIn(
  connection: QdrantConnection,
): (vector: readonly number[], limit: number) => Promise<Neighbour[]> {
  const { call, target } = connection;
  let known: { name: VectorName } | undefined;
  return async (vector, limit) => {
    const { name: using } = (known ??= { name: await vectorName(connection) });
    const { points } = await call((client) =>
      client.query(target.collection, { query: [...vector], using, limit, with_payload: ['chunk_id'] }),
    );
    return points.map(({ id, score, payload }) => {
      const chunkId = payload?.chunk_id;
      return { id: String(id), score, chunkId: typeof chunkId === 'string' ? chunkId : null };
    });
  };
}

async function vectorName({ call, target }: QdrantConnection): Promise<VectorName> {
  const { vectors } = (await call((client) => client.getCollection(target.collection))).config.params;
  if (vectors != null && typeof vectors.size === 'number') return undefined;
  const names = Object.keys(vectors ?? {});
  if (names.length === 1) return names[0];
  throw new HybridFlowError('QDRANT_UNFIT', {
    found: `each point of "${target.collection}" has ${names.length} vectors${names.length > 0 ? ` (${names.join(', ')})` : ''}`,
    expected: 'one vector a point, for a query to be near to',
  });
}
