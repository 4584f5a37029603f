import { workflowInfo } from '@temporalio/workflow';
import type { FilesFound, StoresFound } from '../../activities';
import type { MigrationSettings, RegisterBaselineInput } from '../../domain/baseline';
import type { Claim } from '../../domain/claim';
import type { Inventory } from '../../domain/inventory';
import { fenceTokens } from '../../domain/names';
import type { Operation } from '../../domain/registry';
import { BASELINE_LABEL, formatVersionId } from '../../domain/version-id';
import { forwardSteps, undoSteps, type Steps } from './activities';
import type { ProductionProof } from './prove-production';
import type { Progress } from './progress';
import { RollbackLog } from './rollback-log';
import { emptyRecord } from './run-record';
import { Saga } from './saga';
import type { WriteGate } from './write-gate';

/** What preflight found, as the later phases need it. */
export interface Found {
  inventory: Inventory;
  files: FilesFound;
  stores: StoresFound;
}

/** One run of `registerBaseline`: who it is, what it works with, and what it has promised to undo. */
export class BaselineRun {
  readonly label = BASELINE_LABEL;
  readonly saga = new Saga();
  readonly operations: Operation[] = [];
  readonly warnings: string[] = [];
  readonly record = emptyRecord();
  readonly rollbackLog = new RollbackLog();
  /** Production after a rollback, held against production before the run. */
  proof: ProductionProof | undefined;
  reportPath: string | null = null;
  /** Counts from 0: each try to label has a token of its own. */
  labelTry = 0;
  readonly versionId: string;
  readonly workflowId: string;
  readonly runId: string;
  readonly steps: Steps;
  readonly undo: Steps;

  constructor(
    readonly input: RegisterBaselineInput,
    readonly settings: MigrationSettings,
    readonly progress: Progress,
    readonly gate: WriteGate,
  ) {
    const { workflowId, runId, startTime } = workflowInfo();
    this.workflowId = workflowId;
    this.runId = runId;
    this.versionId = formatVersionId({ number: 1, kind: 'baseline', at: startTime });
    this.steps = forwardSteps(input.maxAttempts);
    this.undo = undoSteps();
  }

  /** The fencing token of the present try: no other run, and no earlier try, has it. */
  get token(): string {
    return fenceTokens(this.runId)[this.labelTry] ?? this.runId;
  }

  get claim(): Claim {
    const { settings, workflowId, runId, versionId, label } = this;
    return {
      base: settings.base,
      namespace: workflowInfo().namespace,
      workflowId,
      runId,
      versionId,
      label,
      claimedAt: workflowInfo().startTime.toISOString(),
    };
  }

  /** A step of the plan: shown while it runs, and written to operation_log once the registry is there. */
  async step<T>(
    name: string,
    work: () => Promise<T>,
    details: (result: T) => Record<string, unknown> = () => ({}),
  ): Promise<T> {
    const startedAt = new Date().toISOString();
    const result = await this.progress.step(name, work);
    this.operations.push({
      type: name.replaceAll(/[^a-z0-9.]+/gi, '_'),
      status: 'success',
      details: details(result),
      startedAt,
      completedAt: new Date().toISOString(),
    });
    return result;
  }

  /** Writes what has been done since the last call to operation_log. */
  async flushOperations(): Promise<void> {
    const operations = this.operations.splice(0);
    if (operations.length > 0) await this.steps.files.logOperations(this.versionId, operations);
  }
}
