import type { Claim } from '../../domain/claim';
import type { WriteFence } from '../../domain/write-fence';
import type { Colors } from '../output';
import { fields } from './text';

export interface FenceView {
  base: string;
  state: 'free' | 'held';
  /** The row in metadata.db, where it stands. */
  fence: WriteFence | null;
  /** The claim in the backups folder: it stands from a run's first moment to its last. */
  claim: Pick<Claim, 'base' | 'versionId' | 'workflowId' | 'runId' | 'claimedAt'> | null;
}

/** Who asks other writers to keep out, why, and until when. */
export function renderFence({ base, state, fence, claim }: FenceView, color: Colors): string {
  if (state === 'free') return `${base} is ${color.green('free')}: nobody asks other writers to keep out`;
  const run = fence ?? claim;
  return [
    `${base} is ${color.yellow('held')}: other writers are asked to keep out`,
    ...fields([
      ['by', fence?.owner ?? `the change that makes ${claim?.versionId}`],
      ['why', fence?.reason ?? 'the change has begun; its write fence is yet to come, or has lapsed'],
      ['since', fence?.acquiredAt ?? claim?.claimedAt],
      ['until', fence ? `${fence.expiresAt}, unless it is renewed` : 'its end'],
      ['workflow', run && `${run.workflowId} (run ${run.runId})`],
    ]),
    ...(fence ? [] : ['If that run is dead, the next `hfv migrate` undoes what it left, and lets go.']),
  ].join('\n');
}
