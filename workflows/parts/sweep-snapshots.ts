import type { Steps } from './activities';
import type { Kept } from './saga';

/**
 * Removes a run's own snapshots from the Qdrant server; those that may be somebody else's are told, and stay.
 * `justNow`: the run itself asks, and not whoever finds it dead.
 */
export async function sweepSnapshots(
  { files }: Steps,
  before: string[],
  { runId, justNow }: { runId: string; justNow: boolean },
): Promise<Kept | undefined> {
  const { left } = await files.sweepQdrantSnapshots(before, runId, justNow);
  if (left.length === 0) return undefined;
  return { kept: `${left.join(', ')} on the server: taken meanwhile, not known to be this run's` };
}
