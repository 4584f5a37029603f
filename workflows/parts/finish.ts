import { CancellationScope } from '@temporalio/workflow';
import type { BaselineRun } from './baseline-run';
import { messageOf } from './failures';

/** Tidies up behind a commit. Nothing here can take the commit back; what fails is a warning, and the next run mends it. */
export async function finish(run: BaselineRun): Promise<void> {
  const { undo, runId, warnings } = run;
  const tidy: [string, () => Promise<unknown>][] = [
    ['drop the previous latest-copy', () => undo.files.settleLatestCopy(runId, 'new')],
    ['release the claim', () => undo.files.releaseClaim(runId)],
  ];
  await CancellationScope.nonCancellable(async () => {
    for (const [name, work] of tidy) {
      try {
        await run.progress.step(name, work);
      } catch (error) {
        warnings.push(`could not ${name}: ${messageOf(error)}`);
      }
    }
  });
}
