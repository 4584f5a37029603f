import { CancellationScope, isCancellation, sleep } from '@temporalio/workflow';
import type { ChangeRun } from './change-run';

/**
 * Renews the write fence at half of its time, for as long as the run goes on (a pause may take hours): the fence ends
 * with its run, and not before. Answers what stops the renewing; a cancelled run stops it too.
 */
export function keepFence(run: ChangeRun): () => void {
  const scope = new CancellationScope();
  const renewing = scope.run(async () => {
    for (;;) {
      await sleep((run.settings.fenceMinutes * 60_000) / 2, { summary: 'until the write fence is renewed' });
      await run.steps.files.holdWriteFence(fenceOf(run));
    }
  });
  renewing.catch((error: unknown) => {
    if (!isCancellation(error))
      run.warnings.push('the write fence could not be renewed: writers are no longer asked to keep out');
  });
  return () => scope.cancel();
}

const WHY = {
  baseline: ['registerBaseline', 'the baseline is being registered'],
  publish: ['publishVersion', 'a version is being promoted'],
  restore: ['restoreVersion', 'a version is being restored'],
} as const;

export function fenceOf({ kind, versionId, settings }: ChangeRun): { owner: string; reason: string; minutes: number } {
  const [change, reason] = WHY[kind];
  return {
    owner: `${change} ${versionId}`,
    reason,
    minutes: settings.fenceMinutes,
  };
}
