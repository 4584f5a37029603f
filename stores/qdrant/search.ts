import { HybridFlowError } from '../../domain/errors';
import type { Neighbour } from '../ports';
import type { QdrantConnection } from './client';
import { resolveCollection } from './resolve';

/** The name by which a vector is asked for; undefined where vectors have none. */
type VectorName = string | undefined;

export interface Searches {
  nearest(vector: readonly number[], limit: number): Promise<Neighbour[]>;
  nearestIn(collection: string, vector: readonly number[], limit: number): Promise<Neighbour[]>;
}

/**
 * Searches as readers do: they look which name to go by, and ask by that name, so that an alias that moves in between
 * costs no search. Only the vector's name is kept, by collection.
 *
 * @throws HybridFlowError QDRANT_UNFIT where a point has several vectors
 */
export function searchesOf(connection: QdrantConnection): Searches {
  const known = new Map<string, VectorName>();
  const search = async (collection: string, askedAs: string, vector: readonly number[], limit: number) => {
    if (!known.has(collection)) known.set(collection, await vectorName(connection, collection));
    const using = known.get(collection);
    const { points } = await connection.call((client) =>
      client.query(askedAs, { query: [...vector], using, limit, with_payload: ['chunk_id'] }),
    );
    return points.map(({ id, score, payload }): Neighbour => {
      const chunkId = payload?.chunk_id;
      return { id: String(id), score, chunkId: typeof chunkId === 'string' ? chunkId : null };
    });
  };
  return {
    async nearest(vector, limit) {
      const { collection, readAs } = await resolveCollection(connection);
      return search(collection, readAs, vector, limit);
    },
    nearestIn: (collection, vector, limit) => search(collection, collection, vector, limit),
  };
}

async function vectorName({ call }: QdrantConnection, collection: string): Promise<VectorName> {
  const { vectors } = (await call((client) => client.getCollection(collection))).config.params;
  if (vectors != null && typeof vectors.size === 'number') return undefined;
  const names = Object.keys(vectors ?? {});
  if (names.length === 1) return names[0];
  throw new HybridFlowError('QDRANT_UNFIT', {
    found: `each point of "${collection}" has ${names.length} vectors${names.length > 0 ? ` (${names.join(', ')})` : ''}`,
    expected: 'one vector a point, for a query to be near to',
  });
}
