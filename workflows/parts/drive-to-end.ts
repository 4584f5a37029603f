import type { Claim } from '../../domain/claim';
import type { SwitchEntry } from '../../domain/switch-journal';
import { driveForward } from '../phases/publish/sealing';
import { driveRestoreForward } from '../phases/restore/forward';
import { undoSteps } from './activities';
import { sweepSnapshots } from './sweep-snapshots';

const NEVER_PAUSED = {
  pauseRequested: false,
  holdUntilResumed: () => Promise.resolve(),
  startWriting: () => undefined,
};

const BATCHES_PER_SPAN = 10;

/** A dead run's switch had passed its commit point: what was still to be done after it is done here. */
export async function driveToEnd(holder: Claim, entry: SwitchEntry, batchSize: number): Promise<void> {
  const steps = undoSteps();
  const { base, runId, workflowId, versionId, label } = holder;
  // First, while the claim still names those that the dead run took: what is captured below is this run's own.
  await sweepSnapshots(steps, [], { runId, justNow: false });
  if (entry.kind === 'restore') await driveRestoreForward(steps, entry);
  else {
    const startedAt = new Date().toISOString();
    const warnings: string[] = [];
    const { proven } = await driveForward({
      ...{ steps, versionId, runId, workflowId, label, token: runId },
      settings: { base, batchSize, batchesPerSpan: BATCHES_PER_SPAN },
      gate: NEVER_PAUSED,
      progress: { labels: () => undefined },
      step: (_, work) => work(),
      warnings,
    });
    const details = { proven, warnings, note: 'driven to its end after its run had died' };
    const completedAt = new Date().toISOString();
    await steps.files.logOperations(versionId, [
      { type: 'driven_forward', status: proven ? 'success' : 'failed', details, startedAt, completedAt },
    ]);
  }
  await steps.files.releaseWriteFence(runId);
  await steps.files.releaseClaim(runId);
}
