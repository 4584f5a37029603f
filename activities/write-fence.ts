import type { WriteFence } from '../domain/write-fence';
import { run, writeLease } from './context';
import type { ActivityDeps } from './deps';

export interface FenceRequest {
  /** For people: the change that asks. */
  owner: string;
  reason: string;
  minutes: number;
}

/** The row by which other writers are asked to keep out. */
export function createWriteFenceActivities({ metadata: { fence } }: Pick<ActivityDeps, 'metadata'>) {
  return {
    /** Takes the fence for this run, or renews it. BASE_BUSY where another run holds one. */
    async holdWriteFence({ owner, reason, minutes }: FenceRequest): Promise<WriteFence> {
      const now = Date.now();
      const moments = {
        acquiredAt: new Date(now).toISOString(),
        expiresAt: new Date(now + minutes * 60_000).toISOString(),
      };
      return fence.hold({ owner, reason, ...run(), ...moments }, writeLease());
    },

    async releaseWriteFence(runId: string): Promise<void> {
      fence.release(runId);
    },
  };
}
