import { workflowInfo } from '@temporalio/workflow';
import type { FilesFound, StoresFound } from '../../activities';
import type { MigrationSettings, RegisterBaselineInput } from '../../domain/baseline';
import type { Inventory } from '../../domain/inventory';
import { fenceTokens } from '../../domain/names';
import { BASELINE_LABEL, formatVersionId } from '../../domain/version-id';
import { ChangeRun } from './change-run';
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

/** One run of `registerBaseline`: what it has found out, and what it has promised to undo. */
export class BaselineRun extends ChangeRun {
  readonly saga = new Saga();
  readonly shrinks = true;
  readonly record = emptyRecord();
  readonly rollbackLog = new RollbackLog();
  /** Production after a rollback, held against production before the run. */
  proof: ProductionProof | undefined;
  reportPath: string | null = null;
  /** Counts from 0: each try to label has a token of its own. */
  labelTry = 0;

  constructor(
    readonly input: RegisterBaselineInput,
    settings: MigrationSettings,
    progress: Progress,
    readonly gate: WriteGate,
  ) {
    const versionId = formatVersionId({ number: 1, kind: 'baseline', at: workflowInfo().startTime });
    super({ kind: 'baseline', versionId, label: BASELINE_LABEL }, settings, progress, input.maxAttempts);
  }

  /** The fencing token of the present try: no other run, and no earlier try, has it. */
  get token(): string {
    return fenceTokens(this.runId)[this.labelTry] ?? this.runId;
  }
}
