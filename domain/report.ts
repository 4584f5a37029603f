import type { ArtifactSummary, BatchLatency, CompensationResult, StepRecord } from './baseline';
import type { ChecklistItem } from './checklists';
import type { CheckResult, StoreCounts } from './checks';
import type { ConsistencyStatement } from './consistency';
import type { CriterionResult } from './criteria';
import type { FingerprintComparison } from './fingerprint';
import type { LogFinding } from './health';
import type { MigrationPlan } from './plan';
import type { ProbeComparison, ProbeSummary } from './probes';
import type { RehearsedStore } from './rehearsal';
import type { RollbackRecord } from './rollback';
import type { TriggerFound } from './triggers';

export const REPORT_FILES = {
  preMigration: 'pre-migration',
  run: 'report',
  health: 'health',
  retention: 'retention',
  probesBefore: 'probes-before.json',
  probesAfter: 'probes-after.json',
  /** How production answers as the version that was just committed. */
  probesRecorded: 'probes-recorded.json',
} as const;

/** Everything that a run found, did and proved: `report.json`, and `report.md` made from it. */
export interface RunReport {
  format: 'hybridflow-report/1';
  base: string;
  versionId: string;
  outcome: 'committed' | 'rolled_back' | 'needs_operator' | 'refused';
  workflowId: string;
  runId: string;
  startedBy: string | null;
  notes: string | null;
  startedAt: string;
  endedAt: string;
  /** Why it did not commit. */
  reason: string | null;
  trigger: TriggerFound | null;
  plan: MigrationPlan | null;
  preMigrationPath: string | null;
  probesBefore: ProbeSummary | null;
  /** All three stores after the labelling. */
  counts: StoreCounts | null;
  consistency: ConsistencyStatement | null;
  artifacts: ArtifactSummary[];
  manifestPath: string | null;
  latestCopyPath: string | null;
  labels: { latencyMs: BatchLatency | null; retries: LabelRetry[] };
  checks: CheckResult[];
  /** Production after the labelling against production before the run (criterion 6). */
  fingerprints: FingerprintComparison[];
  probes: ProbeComparison[];
  rehearsal: RehearsedStore[];
  criteria: CriterionResult[];
  checklists: ChecklistItem[];
  steps: StepRecord[];
  compensations: CompensationResult[];
  rollback: RollbackRecord | null;
  /** Of the services' log files, where they can be read from here. */
  logs: LogFinding[];
  /** The tag that the run set in the configured git repository. */
  gitTag: string | null;
  warnings: string[];
}

/** One go of the plan's "retry with smaller batch sizes". */
export interface LabelRetry {
  batchSize: number;
  error: string;
}

/** A rollback that another workflow than the run itself did. */
export interface RollbackTold {
  base: string;
  workflowId: string;
  runId: string;
  startedAt: string;
  endedAt: string;
  rollback: RollbackRecord;
  compensations: CompensationResult[];
}

/** The report of a run with the rollback that followed it; of a run that could write none, what is known of it. */
export function withRollback(previous: RunReport | null, told: RollbackTold): RunReport {
  const { rollback, compensations, endedAt } = told;
  const outcome = rollback.left.length === 0 ? 'rolled_back' : 'needs_operator';
  const base = previous ?? silentRun(told);
  const reason = base.reason ?? rollback.reason;
  // What the run itself found out about its end stays: the trigger is the first failure, not the last.
  const known = { ...withProofBefore(rollback, base.rollback), trigger: base.trigger };
  return { ...base, outcome, reason, endedAt, compensations, rollback: known };
}

/** An undo that found the version judged has compared and restored nothing: what the one before it told stays. */
function withProofBefore(now: RollbackRecord, before: RollbackRecord | null): RollbackRecord {
  const { verdict } = now;
  if (!verdict) return now;
  return { ...now, proof: before?.proof ?? [], restored: verdict.restored, savedTo: verdict.savedTo };
}

function silentRun({ base, workflowId, runId, startedAt, endedAt, rollback }: RollbackTold): RunReport {
  return {
    format: 'hybridflow-report/1',
    base,
    versionId: rollback.versionId,
    outcome: 'rolled_back',
    workflowId,
    runId,
    startedBy: null,
    notes: null,
    startedAt,
    endedAt,
    reason: rollback.reason,
    trigger: null,
    plan: null,
    preMigrationPath: null,
    probesBefore: null,
    counts: null,
    consistency: null,
    artifacts: [],
    manifestPath: null,
    latestCopyPath: null,
    labels: { latencyMs: null, retries: [] },
    checks: [],
    fingerprints: [],
    probes: [],
    rehearsal: [],
    criteria: rollback.criteria ?? [],
    checklists: [],
    steps: [],
    compensations: [],
    rollback: null,
    logs: [],
    gitTag: null,
    warnings: ['the run was ended from outside and wrote no report itself'],
  };
}
