import type { Marks, ProductionSeen, StoreMark } from '../domain/consistency';
import type { StoreName } from '../domain/names';
import type { Stores } from '../stores/ports';

type Marking = Pick<Stores, 'metadata' | 'vectors' | 'graph'>;

/** Asks each store what was last written to it; all three at once, so that the marks are of nearly one moment. */
export async function takeMarks({ metadata, vectors, graph }: Marking): Promise<Marks> {
  const [sqlite, qdrant, neo4j] = await Promise.all([metadata.mark(), vectors.mark(), graph.mark()]);
  return { sqlite, qdrant, neo4j };
}

/** Stores that were written to between two marks, as far as they can say. */
export function moved(before: Marks, after: Marks): StoreName[] {
  const differ = (a: StoreMark, b: StoreMark) => a.value !== null && b.value !== null && a.value !== b.value;
  return (Object.keys(before) as StoreName[]).filter((store) => differ(before[store], after[store]));
}

/** Whether both marks say that nothing was written in between; a store that cannot say vouches for nothing. */
export function sameMark(before: string | null, now: string | null): boolean {
  return before !== null && before === now;
}

/** Asked before the stores are read: equal marks later say that what was read then is what is there. */
export async function markProduction({
  vectors,
  graph,
}: Pick<Stores, 'vectors' | 'graph'>): Promise<ProductionSeen['marks']> {
  const [qdrant, neo4j] = await Promise.all([vectors.mark(), graph.mark()]);
  return { qdrant: qdrant.value, neo4j: neo4j.value };
}
