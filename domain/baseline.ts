import type { CheckResult } from './checks';
import type { ConsistencyStatement } from './consistency';
import type { CriterionResult } from './criteria';
import type { ConfirmForm } from './rehearsal';
import type { StoreName } from './names';
import type { StagingView } from './staging';
import type { RollbackRecord } from './rollback';
import type { TriggerFound } from './triggers';

/** Input of `registerBaseline`: every field is optional, the worker's configuration fills the rest. */
export interface RegisterBaselineInput {
  /** Paragraphs per label transaction. The plan says 1,000. */
  batchSize?: number;
  /** Who asked for it; written to `committed_by`. */
  startedBy?: string;
  /** Free text, written to the registry. */
  notes?: string;
  /** Attempts of one step before it counts as failed for good. Without it, outages are retried for 15 minutes. */
  maxAttempts?: number;
  /** The plan that was agreed on: the run refuses (PLAN_CHANGED) where production gives another one now. */
  planHash?: string;
  /** How phase 4 confirms that the version can be rolled back to. */
  confirm?: ConfirmForm;
  /** Tag the configured git repository once the version is committed. */
  gitTag?: boolean;
  /** Record the content of the vectors too, for `hfv verify --deep`; as configured where it is not said. */
  deep?: boolean;
}

/** The four phases of the migration plan, in its words, framed by what comes before and after them. */
export const PHASES = [
  'preflight',
  'latest-copy',
  'schema migration',
  'baseline registration',
  'label addition',
  'validation',
] as const;
/** The phases of a version's life from its staging to its place in the window. */
export const PUBLISH_PHASES = [
  'preflight',
  'preparation',
  'staging',
  'validation',
  'approval',
  'promotion',
  'latest-copy',
  'window',
] as const;

/** The phases of a restore. */
export const RESTORE_PHASES = ['preflight', 'rehearsal', 'rescue', 'switch', 'latest-copy'] as const;

export type Phase = (typeof PHASES)[number] | (typeof PUBLISH_PHASES)[number] | (typeof RESTORE_PHASES)[number];

export interface StepRecord {
  phase: Phase;
  name: string;
  state: 'running' | 'done' | 'failed';
  startedAt: string;
  endedAt?: string;
}

export interface LabelProgress {
  done: number;
  total: number;
  batch: number;
  batches: number;
  /** Paragraphs per second of the work so far, pauses left out. */
  rate: number;
  /** Seconds to go at that rate; null while it is unknown. */
  etaSeconds: number | null;
}

export type GateState = 'open' | 'pausing' | 'paused';

export interface PauseView {
  state: GateState;
  reason?: string;
  by?: string;
  requestedAt?: string;
  /** When Neo4j was known to be quiet: no batch of this run in flight. */
  quiescedAt?: string;
  /** When the pause ends by itself. */
  until?: string;
}

export type RunState =
  | 'running'
  | 'rolling back'
  | 'committed'
  | 'already registered'
  | 'restored'
  | 'cancelled'
  | 'rolled back'
  | 'needs operator';

/** Answer of the query `progress`. */
export interface ProgressView {
  base: string;
  versionId: string | null;
  state: RunState;
  phase: Phase;
  steps: StepRecord[];
  labels: LabelProgress | null;
  pause: PauseView;
  /** Why the run is rolling back, or was. */
  reason: string | null;
  rollingBackSince: string | null;
  compensations: CompensationResult[];
  /** The phases of this kind of change, where they are not the migration's. */
  phases?: readonly Phase[];
  /** Of a version that is being staged. */
  staging?: StagingView;
}

export interface CompensationResult {
  name: string;
  /** `kept`: it must stay, because it holds the record of the run. `skipped`: another undo failed before. */
  state: 'undone' | 'kept' | 'failed' | 'skipped';
  /** What went wrong, where it did. */
  error?: string;
  /** What was left where it is, and why. */
  note?: string;
  startedAt?: string;
  endedAt?: string;
}

export interface ArtifactSummary {
  store: StoreName;
  path: string;
  bytes: number;
  sha256: string;
}

export interface BatchLatency {
  batches: number;
  p50: number;
  p95: number;
  max: number;
}

/** Result of `registerBaseline`, and the details of its failure where it ended otherwise. */
export interface BaselineOutcome {
  outcome: 'committed' | 'already_registered' | 'rolled_back' | 'needs_operator';
  base: string;
  versionId: string;
  committedAt: string | null;
  counts: {
    chapters: number;
    points: number;
    paragraphs: number;
    nodes: number;
    relationships: number;
    labelled: number;
  } | null;
  artifacts: ArtifactSummary[];
  manifestPath: string | null;
  latestCopyPath: string | null;
  checks: CheckResult[];
  /** Milliseconds per label batch, as the store saw them. */
  labelLatencyMs: BatchLatency | null;
  steps: StepRecord[];
  reason: string | null;
  compensations: CompensationResult[];
  /** Things that did not stop the run but should be known. */
  warnings: string[];
  // Histories recorded before these were known lack them.
  criteria?: CriterionResult[];
  consistency?: ConsistencyStatement | null;
  trigger?: TriggerFound | null;
  rollback?: RollbackRecord | null;
  /** The run's report in Markdown; its JSON is beside it. */
  reportPath?: string | null;
}

/** A worker's settings as the workflow needs them; never a secret. */
export interface MigrationSettings {
  base: string;
  batchSize: number;
  batchesPerSpan: number;
  minimumFreeBytes: number;
  expectedChapters: number | null;
  expectedParagraphs: number | null;
  confirm: ConfirmForm;
  fenceMinutes: number;
  healthDelaySeconds: number;
  /** Records the content of the vectors too. */
  deep?: boolean;
  /** Where the migration is to be tagged, and how. */
  git?: GitTarget;
  staging: StagingSettings;
  retention: RetentionSettings;
}

export interface GitTarget {
  repository?: string;
  tag: string;
}

/** Minutes without a word from anybody after which a staging is warned of, and cancelled. */
export interface StagingSettings {
  warnAfterMinutes: number;
  cancelAfterMinutes: number;
  minimumOverlap: number;
  requireApproval: boolean;
}

export interface RetentionSettings {
  /** Newest committed versions that stay beside the baseline. */
  keep: number;
  emergencyKeep: number;
  archiveDays: number;
  graceMinutes: number;
}

/** How long each phase took, from the beginning of its first step to the end of its last. */
export function durationsByPhase(steps: readonly StepRecord[]): { phase: Phase; milliseconds: number }[] {
  const phases = [...new Set(steps.map(({ phase }) => phase))];
  return phases.flatMap((phase) => {
    const own = steps.filter((step) => step.phase === phase && step.endedAt !== undefined);
    if (own.length === 0) return [];
    const from = Math.min(...own.map(({ startedAt }) => Date.parse(startedAt)));
    const to = Math.max(...own.map(({ endedAt }) => Date.parse(endedAt ?? '')));
    return [{ phase, milliseconds: to - from }];
  });
}

/** Nearest-rank percentiles over the batch times of a run. */
export function batchLatency(milliseconds: readonly number[]): BatchLatency | null {
  if (milliseconds.length === 0) return null;
  const sorted = [...milliseconds].sort((a, b) => a - b);
  const rank = (p: number) => sorted[Math.max(0, Math.ceil(p * sorted.length) - 1)] ?? 0;
  return { batches: sorted.length, p50: rank(0.5), p95: rank(0.95), max: rank(1) };
}
