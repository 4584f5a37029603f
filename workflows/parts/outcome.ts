import type { TakenArtifact } from '../../activities';
import {
  batchLatency,
  type ArtifactSummary,
  type BaselineOutcome,
  type CompensationResult,
  type StepRecord,
} from '../../domain/baseline';
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

export function committed(run: BaselineRun, row: VersionRow): BaselineOutcome {
  const { record } = run;
  return {
    ...EMPTY,
    ...found(run),
    outcome: 'committed',
    committedAt: row.updatedAt,
    artifacts: artifactSummaries(record.taken),
    manifestPath: record.manifestPath,
    latestCopyPath: record.latestCopyPath,
    checks: record.checks,
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
  const { trigger, rollback } = run.record;
  return { ...EMPTY, ...found(run), outcome, reason, compensations, trigger, rollback };
}

export function artifactSummaries(taken: readonly TakenArtifact[]): ArtifactSummary[] {
  return taken.map(({ path, artifact: { store, bytes, sha256 } }) => ({ store, path, bytes, sha256 }));
}

/** What a run has to tell, however it ended. */
function found({ settings, versionId, record, progress, warnings, reportPath }: BaselineRun) {
  const { counts, criteria, consistency, labelLatencies } = record;
  return {
    base: settings.base,
    versionId,
    counts: counts && {
      chapters: counts.chapters,
      points: counts.points,
      paragraphs: counts.labels.paragraphs,
      nodes: counts.nodes,
      relationships: counts.relationships,
      labelled: counts.labels.labelled,
    },
    labelLatencyMs: batchLatency(labelLatencies),
    steps: progress.steps,
    warnings,
    criteria,
    consistency,
    reportPath,
  };
}
