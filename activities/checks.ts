import type { CheckResult, StoreCounts } from '../domain/checks';
import { runChecks, type ChecksOptions } from '../inspection/checks';
import { callControl } from './context';
import type { ActivityDeps } from './deps';

/** Exact counts after the labelling, for the workflow to judge, and the seven checks. */
export function createFileChecks(deps: ActivityDeps) {
  const { metadata, settings } = deps;
  return {
    /** The seven checks, or those of them that are named. `expected` is what the inventory counted. */
    async runSevenChecks(expected?: ChecksOptions['expected'] | null, only?: number[]): Promise<CheckResult[]> {
      const { expectedChapters } = settings;
      return runChecks(deps, { expected: expected ?? undefined, expectedChapters, only }, callControl());
    },

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
