import { HybridFlowError } from '../domain/errors';
import { meanOf, overlapOf, type Overlaps, type QueryOverlap } from '../domain/overlap';
import type { CallControl, Embedder, Neighbour, VectorStore } from '../stores/ports';

export interface OverlapStores {
  vectors: Pick<VectorStore, 'inventory' | 'nearest' | 'nearestIn'>;
}

export interface OverlapRequest {
  queries: readonly string[];
  /** Neighbours asked for. */
  limit: number;
  /** The collection that is held against production. */
  collection: string;
}

/**
 * Asks production and another collection the same queries, and measures how many of the nearest chunks they have in
 * common. Reads only.
 *
 * @throws HybridFlowError QDRANT_UNFIT where a point has several vectors to be near to; EMBEDDER_UNREACHABLE,
 * EMBEDDER_UNFIT; whatever Qdrant refuses
 */
export async function measureOverlap(
  { vectors }: OverlapStores,
  embedder: Embedder,
  { queries: given, limit, collection }: OverlapRequest,
  { signal, onProgress }: CallControl = {},
): Promise<Overlaps> {
  const queries = [...new Set(given)];
  const embedded = queries.length === 0 ? [] : await embedder.embed(queries, await dimensionOf(vectors), signal);
  const found: QueryOverlap[] = [];
  for (const [nth, query] of queries.entries()) {
    signal?.throwIfAborted();
    const vector = embedded[nth] ?? [];
    const production = await vectors.nearest(vector, limit);
    const staging = await vectors.nearestIn(collection, vector, limit);
    found.push(overlapOf(query, production.map(nameOf), staging.map(nameOf)));
    onProgress?.(found.length);
  }
  return { collection, limit, queries: found, mean: meanOf(found) };
}

/** A chunk that has no name is known by its point. */
function nameOf({ id, chunkId }: Neighbour): string {
  return chunkId ?? `point ${id}`;
}

async function dimensionOf(vectors: OverlapStores['vectors']): Promise<number> {
  const { dimension } = await vectors.inventory();
  if (dimension !== null) return dimension;
  throw new HybridFlowError('QDRANT_UNFIT', {
    found: 'the collection has several vectors a point, or none, so that a query has no dimension',
    next: 'leave probes.queries empty: nothing is compared then',
  });
}
