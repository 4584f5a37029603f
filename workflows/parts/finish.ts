import { CancellationScope } from '@temporalio/workflow';
import { unmetCriteria } from '../../domain/criteria';
import type { BaselineRun } from './baseline-run';
import { criteriaOperation, judgeRun, unmetText } from './criteria';
import { messageOf } from './failures';
import { writeReport } from './report';
import { startHealthCheck } from './start-health-check';

/** Tidies up behind a commit. Nothing here can take the commit back; what fails is a warning, and the next run mends it. */
export async function finish(run: BaselineRun): Promise<void> {
  const { undo, runId, versionId, settings, input, record } = run;
  const tidy: [string, () => Promise<unknown>][] = [
    ['release the write fence', () => undo.files.releaseWriteFence(runId)],
    ['drop the previous latest-copy', () => undo.files.settleLatestCopy(runId, 'new')],
    ['release the claim', () => undo.files.releaseClaim(runId)],
    ['record the eight criteria', () => recordCriteria(run)],
    ['plan the health check', () => startHealthCheck(settings.base, versionId, settings.healthDelaySeconds)],
  ];
  if (input.gitTag) {
    tidy.push(['tag the git repository', async () => (record.gitTag = await undo.files.tagRelease(versionId))]);
  }
  await CancellationScope.nonCancellable(async () => {
    for (const [name, work] of tidy) await orWarn(run, name, work);
    await writeReport(run, 'committed', null, []);
  });
}

async function orWarn({ progress, warnings }: BaselineRun, name: string, work: () => Promise<unknown>): Promise<void> {
  try {
    await progress.step(name, work);
  } catch (error) {
    warnings.push(`could not ${name}: ${messageOf(error)}`);
  }
}

/** Only after the commit can the first criterion hold, which wants the row to say `committed`. */
async function recordCriteria(run: BaselineRun): Promise<void> {
  const startedAt = new Date().toISOString();
  const criteria = judgeRun(run);
  run.warnings.push(...unmetCriteria(criteria).map((one) => `criterion ${unmetText(one)}`));
  const operation = criteriaOperation(criteria, { startedAt, completedAt: new Date().toISOString() });
  await run.undo.files.logOperations(run.versionId, [operation]);
}
