import { STAGING_NAMES } from '../../domain/names';
import type { Stores } from '../../stores/ports';
import type { CheckedStores } from '../checks';

/**
 * The stores as they will be once staging is promoted, as far as the seven checks look at them: staging's table and
 * collection, and the graph with the staged chapters in place.
 *
 * @param removed chapters that the promote takes away
 */
export function stagedView({ metadata, vectors, graph, artifacts }: Stores, removed: readonly string[]): CheckedStores {
  return {
    artifacts,
    metadata: { registry: metadata.registry, journal: metadata.journal, chapters: () => metadata.stagedChapters() },
    vectors: vectors.checksOf(STAGING_NAMES.collection),
    graph: graph.stagedChecks(removed),
  };
}
