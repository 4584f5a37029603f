import type { TakenArtifact } from '../../activities';
import { batchLatency, type BaselineOutcome, type CompensationResult, type StepRecord } from '../../domain/baseline';
import type { CheckResult, StoreCounts } from '../../domain/checks';
import type { VersionRow } from '../../domain/registry';
import type { BaselineRun } from './baseline-run';

const EMPTY: Omit<BaselineOutcome, 'outcome' | 'base' | 'versionId' | 'steps'> = {
  committedAt: null,
  counts: null,
  artifacts: [],
  manifestPath: null,
  latestCopyPath: null,
  checks: [],
  labelLatencyMs: null,
  reason: null,
  compensations: [],
  warnings: [],
};

export interface Proven {
  row: VersionRow;
  counts: StoreCounts;
  checks: CheckResult[];
  taken: readonly TakenArtifact[];
  manifestPath: string;
  latestCopyPath: string;
  latencies: number[];
}

export function committed(run: BaselineRun, proven: Proven): BaselineOutcome {
  const { counts } = proven;
  return {
    ...EMPTY,
    outcome: 'committed',
    base: run.settings.base,
    versionId: run.versionId,
    committedAt: proven.row.updatedAt,
    counts: {
      chapters: counts.chapters,
      points: counts.points,
      paragraphs: counts.labels.paragraphs,
      nodes: counts.nodes,
      relationships: counts.relationships,
      labelled: counts.labels.labelled,
    },
    artifacts: proven.taken.map(({ path, artifact: { store, bytes, sha256 } }) => ({ store, path, bytes, sha256 })),
    manifestPath: proven.manifestPath,
    latestCopyPath: proven.latestCopyPath,
    checks: proven.checks,
    labelLatencyMs: batchLatency(proven.latencies),
    steps: run.progress.steps,
    warnings: run.warnings,
  };
}

/** Nothing was done: the base has its baseline. */
export function alreadyRegistered(base: string, row: VersionRow, steps: StepRecord[]): BaselineOutcome {
  return { ...EMPTY, outcome: 'already_registered', base, versionId: row.versionId, committedAt: row.updatedAt, steps };
}

export function unfinished(
  run: BaselineRun,
  outcome: 'rolled_back' | 'needs_operator',
  reason: string,
  compensations: CompensationResult[],
): BaselineOutcome {
  const { settings, versionId, progress, warnings } = run;
  return { ...EMPTY, outcome, base: settings.base, versionId, steps: progress.steps, reason, compensations, warnings };
}
