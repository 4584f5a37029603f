import type { StoreCounts } from '../domain/checks';
import type { ActivityDeps } from './deps';

/** Exact counts after the labelling, for the workflow to judge. */
export function createFileChecks({ metadata }: ActivityDeps) {
  return {
    async countChapters(): Promise<Pick<StoreCounts, 'chapters' | 'perTextbook'>> {
      const { chapters, perTextbook } = metadata.inventory();
      return { chapters, perTextbook };
    },
  };
}

export function createStoreChecks({ vectors, graph }: ActivityDeps) {
  return {
    async countStores(label: string): Promise<Omit<StoreCounts, 'chapters' | 'perTextbook'>> {
      const [{ points, status }, counts] = await Promise.all([vectors.status(), graph.counts(label)]);
      return { points, qdrantStatus: status, ...counts };
    },
  };
}
