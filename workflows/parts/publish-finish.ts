import { workflowInfo } from '@temporalio/workflow';
import { applyWindow } from '../phases/window';
import { tellingSteps } from './activities';
import { messageOf } from './failures';
import { publishOutcome } from './publish-outcome';
import type { PublishRun } from './publish-run';
import { startHealthCheck } from './start-health-check';

/** Tidies up behind a version that is committed and sealed. What fails here is a warning, and the next run mends it. */
export async function finishPublish(run: PublishRun): Promise<void> {
  const { undo, runId, versionId, settings, progress, record } = run;
  await orWarn(run, 'record the probes of the version', () => tellingSteps().longFiles.recordProbes(versionId));
  await orWarn(run, 'release the claim', () => undo.files.releaseClaim(runId));
  progress.enter('window');
  await orWarn(run, 'apply the window', async () => {
    const applied = await applyWindow(tellingSteps(), { startedBy: `publishVersion ${versionId}` });
    record.archived = applied.archived;
    run.warnings.push(...applied.warnings);
  });
  await orWarn(run, 'plan the health check', () =>
    startHealthCheck(settings.base, versionId, settings.healthDelaySeconds),
  );
  await orWarn(run, 'write operation_log', () => undo.files.logOperations(versionId, run.operations.splice(0)));
  run.gate.close();
  run.desk.enter('closed');
  await orWarn(run, 'write the report', () => writeReport(run));
  progress.ended('committed');
}

async function writeReport(run: PublishRun): Promise<void> {
  const { input, workflowId, runId, record } = run;
  const told = {
    format: 'hybridflow-publish-report/1' as const,
    ...publishOutcome(run, 'committed', null),
    ...{ workflowId, runId, startedBy: input.startedBy ?? null, notes: input.notes ?? null },
    startedAt: workflowInfo().startTime.toISOString(),
    endedAt: new Date().toISOString(),
    approvedBy: run.desk.view.approvedBy,
  };
  const { markdown } = await tellingSteps().files.writePublishReport(told);
  record.reportPath = markdown;
}

async function orWarn({ progress, warnings }: PublishRun, name: string, work: () => Promise<unknown>): Promise<void> {
  try {
    await progress.step(name, work);
  } catch (error) {
    warnings.push(`could not ${name}: ${messageOf(error)}`);
  }
}
