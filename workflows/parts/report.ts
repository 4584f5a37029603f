import type { CompensationResult } from '../../domain/baseline';
import { batchLatency } from '../../domain/baseline';
import { judgeChecklists } from '../../domain/checklists';
import type { RunReport } from '../../domain/report';
import { workflowInfo } from '@temporalio/workflow';
import { artifactSummaries } from './outcome';
import { tellingSteps } from './activities';
import type { BaselineRun } from './baseline-run';
import { criteriaFacts } from './criteria';
import { messageOf } from './failures';

/** Writes the report of a run, however it ended. A report that cannot be written is a warning, never a failure. */
export async function writeReport(
  run: BaselineRun,
  outcome: RunReport['outcome'],
  reason: string | null,
  compensations: CompensationResult[],
): Promise<string | null> {
  try {
    const { files } = tellingSteps();
    run.record.logs = await files.readServiceLogs(workflowInfo().startTime.toISOString());
    const { markdown } = await files.writeRunReport(composeReport(run, outcome, reason, compensations));
    run.reportPath = markdown;
    return markdown;
  } catch (error) {
    run.warnings.push(`the report could not be written: ${messageOf(error)}`);
    return null;
  }
}

function composeReport(
  run: BaselineRun,
  outcome: RunReport['outcome'],
  reason: string | null,
  compensations: CompensationResult[],
): RunReport {
  const { record, input, settings, versionId, workflowId, runId, progress, warnings } = run;
  const { taken, labelLatencies, labelRetries, ...found } = record;
  const report: RunReport = {
    format: 'hybridflow-report/1',
    base: settings.base,
    versionId,
    outcome,
    workflowId,
    runId,
    startedBy: input.startedBy ?? null,
    notes: input.notes ?? null,
    startedAt: workflowInfo().startTime.toISOString(),
    endedAt: new Date().toISOString(),
    reason,
    ...found,
    artifacts: artifactSummaries(taken),
    labels: { latencyMs: batchLatency(labelLatencies), retries: labelRetries },
    checklists: [],
    steps: progress.steps,
    compensations,
    warnings,
  };
  return { ...report, checklists: judgeChecklists({ ...report, ...criteriaFacts(run), git: settings.git }) };
}
