import type { TakenArtifact } from '../../activities';
import type { CheckResult, StoreCounts } from '../../domain/checks';
import type { ConsistencyStatement } from '../../domain/consistency';
import type { CriteriaFacts, CriterionResult, SchemaFacts } from '../../domain/criteria';
import type { LogFinding } from '../../domain/health';
import type { FingerprintComparison } from '../../domain/fingerprint';
import type { MigrationPlan } from '../../domain/plan';
import type { ProbeComparison, ProbeSummary } from '../../domain/probes';
import type { VersionRow } from '../../domain/registry';
import type { RehearsedStore } from '../../domain/rehearsal';
import type { LabelRetry } from '../../domain/report';
import type { RollbackRecord } from '../../domain/rollback';
import type { TriggerFound } from '../../domain/triggers';

/** What a run has found out and proved so far: each phase adds its part, and the report is made of it, however it ends. */
export interface RunRecord {
  plan: MigrationPlan | null;
  probesBefore: ProbeSummary | null;
  consistency: ConsistencyStatement | null;
  latestCopyPath: string | null;
  preMigrationPath: string | null;
  /** The versioning tables right after their creation (criterion 2). */
  schema: SchemaFacts | null;
  row: VersionRow | null;
  taken: readonly TakenArtifact[];
  manifestPath: string | null;
  labelLatencies: number[];
  labelRetries: LabelRetry[];
  rehearsal: RehearsedStore[];
  counts: StoreCounts | null;
  checks: CheckResult[];
  fingerprints: FingerprintComparison[];
  probes: ProbeComparison[];
  /** Criterion 8: the plan's test row, or why it could not be written. */
  operational: CriteriaFacts['operational'];
  criteria: CriterionResult[];
  trigger: TriggerFound | null;
  rollback: RollbackRecord | null;
  logs: LogFinding[];
  gitTag: string | null;
}

export function emptyRecord(): RunRecord {
  return {
    plan: null,
    probesBefore: null,
    consistency: null,
    latestCopyPath: null,
    preMigrationPath: null,
    schema: null,
    row: null,
    taken: [],
    manifestPath: null,
    labelLatencies: [],
    labelRetries: [],
    rehearsal: [],
    counts: null,
    checks: [],
    fingerprints: [],
    probes: [],
    operational: null,
    criteria: [],
    trigger: null,
    rollback: null,
    logs: [],
    gitTag: null,
  };
}
