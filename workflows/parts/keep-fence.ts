import { CancellationScope, isCancellation, sleep } from '@temporalio/workflow';
import type { BaselineRun } from './baseline-run';

/**
 * Renews the write fence at half of its time, for as long as the run goes on (a pause may take hours): the fence ends
 * with its run, and not before. Answers what stops the renewing; a cancelled run stops it too.
 */
export function keepFence(run: BaselineRun): () => void {
  const scope = new CancellationScope();
  const renewing = scope.run(async () => {
    for (;;) {
      await sleep((run.settings.fenceMinutes * 60_000) / 2);
      await run.steps.files.holdWriteFence(fenceOf(run));
    }
  });
  renewing.catch((error: unknown) => {
    if (!isCancellation(error))
      run.warnings.push('the write fence could not be renewed: writers are no longer asked to keep out');
  });
  return () => scope.cancel();
}

export function fenceOf({ versionId, settings }: BaselineRun): { owner: string; reason: string; minutes: number } {
  return {
    owner: `registerBaseline ${versionId}`,
    reason: 'the baseline is being registered',
    minutes: settings.fenceMinutes,
  };
}
