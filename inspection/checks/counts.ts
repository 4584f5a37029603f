import { HybridFlowError } from '../../domain/errors';
import { judgeChapters, judgeCountsAgree, type ExpectedChapters, type Verdict } from '../../domain/seven-checks';
import { measureOf } from '../production-measure';
import type { CheckContext } from './context';

/** Check 1. A manifest that cannot be read fails it: what it states is what production is to be measured by. */
export async function checkChapters(context: CheckContext): Promise<Verdict> {
  const chapters = await context.reads.chapters();
  try {
    return judgeChapters(chapters, await expectedChapters(context));
  } catch (error) {
    if (!(error instanceof HybridFlowError) || error.code !== 'ARTIFACT_DAMAGED') throw error;
    return {
      passed: false,
      expected: 'the counts in the manifest of the current version',
      actual: `${chapters.length} chapters, and no counts to compare: ${error.facts.found}`,
      offenders: { total: 0, samples: [] },
    };
  }
}

/** Check 2. */
export async function checkCounts({ reads }: CheckContext): Promise<Verdict> {
  const [points, paragraphs] = await Promise.all([reads.points(), reads.paragraphs()]);
  return judgeCountsAgree(points, paragraphs);
}

/** The inventory at hand; else the version that production is, by its manifest or its row; else the configuration. */
async function expectedChapters({ stores, options }: CheckContext): Promise<ExpectedChapters | null> {
  if (options.expected) return { source: 'inventory before the change', ...options.expected };
  const { journal, registry } = stores.metadata;
  const current = journal.current()?.versionId;
  const version = registry.list().find(({ versionId }) => versionId === current);
  if (version) {
    const { versionId: source, chapterCount } = version;
    const manifest = await measureOf(stores.artifacts, source);
    if (manifest) {
      return { chapters: manifest.counts.chapters, perTextbook: manifest.counts.chaptersPerTextbook, source };
    }
    if (chapterCount !== null) return { chapters: chapterCount, perTextbook: null, source };
  }
  const stated = options.expectedChapters ?? null;
  return stated === null ? null : { chapters: stated, perTextbook: null, source: 'configuration' };
}
