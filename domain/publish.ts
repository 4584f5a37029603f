import type { ArtifactSummary, StepRecord } from './baseline';
import type { CheckResult } from './checks';
import type { ConsistencyStatement } from './consistency';
import type { StagedCounts, StagedDelta } from './staging';
import type { VersionKind } from './version-id';

/** Input of `publishVersion`: every field is optional, the worker's configuration fills the rest. */
export interface PublishInput {
  kind?: Exclude<VersionKind, 'baseline'>;
  /** What staging begins with: `production` (the default), `empty`, or the id of a sealed version. */
  from?: string;
  /** Wait for `approve` between the validation and the promote. */
  requireApproval?: boolean;
  /** Share of the nearest neighbours that staging and production must have in common; 0 to 1. */
  minimumOverlap?: number;
  warnAfterMinutes?: number;
  cancelAfterMinutes?: number;
  startedBy?: string;
  notes?: string;
  /** Attempts of one step before it counts as failed for good. */
  maxAttempts?: number;
}

/** What the switch did, and for how long the stores disagreed. */
export interface PromoteRecord {
  /** Milliseconds between the first store that showed the new version and the last. */
  disagreedMs: number;
  mode: 'alias' | 'in place';
  neo4j: Record<string, number>;
  qdrant: Record<string, number>;
}

/** Result of `publishVersion`. */
export interface PublishOutcome {
  outcome: 'committed' | 'cancelled';
  base: string;
  versionId: string;
  kind: Exclude<VersionKind, 'baseline'>;
  from: string;
  committedAt: string | null;
  delta: StagedDelta | null;
  counts: StagedCounts | null;
  checks: CheckResult[];
  promote: PromoteRecord | null;
  artifacts: ArtifactSummary[];
  consistency: ConsistencyStatement | null;
  /** Whether what was captured after the promote is what was staged, by fingerprint. */
  proven: boolean;
  archived: string[];
  steps: StepRecord[];
  reason: string | null;
  warnings: string[];
  reportPath: string | null;
}

/** What a published version leaves for whoever looks later: its outcome, and who asked for it. */
export interface PublishReport extends PublishOutcome {
  format: 'hybridflow-publish-report/1';
  workflowId: string;
  runId: string;
  startedBy: string | null;
  notes: string | null;
  startedAt: string;
  endedAt: string;
  approvedBy: string | null;
}
