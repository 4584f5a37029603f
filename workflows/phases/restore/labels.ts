import { fenceTokens } from '../../../domain/names';
import type { SwitchEntry } from '../../../domain/switch-journal';
import type { Steps } from '../../parts/activities';

const BATCH_SIZE = 1_000;
const BATCHES = 20;

/**
 * Marks the paragraphs that the restore has made anew, which carry no version label yet. Those that stayed kept theirs,
 * be it of a later version: a label is a marker, not a copy. Answers how many had lacked it.
 */
export async function labelRestored({ stores }: Steps, { runId }: SwitchEntry, label: string): Promise<number> {
  const { labels } = await stores.countStores(label);
  if (labels.unlabelled === 0) return 0;
  const [token] = fenceTokens(runId);
  await stores.acquireFence(token, label);
  try {
    for (let after = ''; ;) {
      const { state, cursor } = await stores.labelSpan({
        label,
        token,
        after,
        batchSize: BATCH_SIZE,
        batches: BATCHES,
      });
      if (state !== 'more') return labels.unlabelled;
      after = cursor;
    }
  } finally {
    await stores.revokeFence(token);
  }
}
