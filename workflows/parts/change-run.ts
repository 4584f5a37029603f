import { workflowInfo } from '@temporalio/workflow';
import type { MigrationSettings } from '../../domain/baseline';
import type { Claim } from '../../domain/claim';
import type { Operation } from '../../domain/registry';
import { forwardSteps, undoSteps, type Steps } from './activities';
import type { Progress } from './progress';

export interface ChangeIdentity {
  kind: NonNullable<Claim['kind']>;
  versionId: string;
  /** What its paragraphs are marked with in Neo4j. */
  label: string;
}

/** One run of a change: who it is, what it works with, and what it has done so far. */
export class ChangeRun {
  readonly operations: Operation[] = [];
  readonly warnings: string[] = [];
  readonly kind: ChangeIdentity['kind'];
  readonly versionId: string;
  readonly label: string;
  readonly workflowId: string;
  readonly runId: string;
  readonly steps: Steps;
  readonly undo: Steps;

  constructor(
    { kind, versionId, label }: ChangeIdentity,
    readonly settings: MigrationSettings,
    readonly progress: Progress,
    maxAttempts?: number,
  ) {
    const { workflowId, runId } = workflowInfo();
    this.kind = kind;
    this.versionId = versionId;
    this.label = label;
    this.workflowId = workflowId;
    this.runId = runId;
    this.steps = forwardSteps(maxAttempts);
    this.undo = undoSteps();
  }

  get claim(): Claim {
    const { settings, workflowId, runId, versionId, label, kind } = this;
    return {
      base: settings.base,
      kind,
      namespace: workflowInfo().namespace,
      workflowId,
      runId,
      versionId,
      label,
      claimedAt: workflowInfo().startTime.toISOString(),
    };
  }

  /** A step of the change: shown while it runs, and written to operation_log once the registry is there. */
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
