import { fenceTokens } from '../../../domain/names';
import type { SwitchEntry } from '../../../domain/switch-journal';
import { versionLabel } from '../../../domain/version-id';
import type { Steps } from '../../parts/activities';
import type { RollbackLog } from '../../parts/rollback-log';

const BATCH_SIZE = 1_000;
const BATCHES = 20;

/**
 * Marks the paragraphs that the restore has made anew, which carry no version label yet. Those that stayed kept theirs,
 * be it of a later version: a label is a marker, not a copy. Answers how many had lacked it.
 */
export async function labelRestored(steps: Steps, { runId }: SwitchEntry, label: string): Promise<number> {
  const [token] = fenceTokens(runId);
  return labelUnlabelled(steps, label, token);
}

/**
 * Of a restore that is taken back: what it has made anew carries no label, and production is again the version from
 * before the switch. A part of the rollback's seventh step.
 */
export async function giveLabelsBack(steps: Steps, log: RollbackLog, entry: SwitchEntry): Promise<void> {
  const { previousVersionId, runId } = entry;
  if (previousVersionId === null) return;
  const label = versionLabel(previousVersionId);
  // Not the token that the switch wrote with: an attempt of it that wakes late must go on being refused.
  const [, , token] = fenceTokens(runId);
  await log.step(7, async () => {
    const labelled = await labelUnlabelled(steps, label, token ?? runId);
    const detail = labelled === 0 ? `no paragraph lacks :${label}` : `:${label} given back to ${labelled} paragraphs`;
    return { detail, result: undefined };
  });
}

async function labelUnlabelled({ stores }: Steps, label: string, token: string): Promise<number> {
  const { labels } = await stores.countStores(label);
  if (labels.unlabelled === 0) return 0;
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
