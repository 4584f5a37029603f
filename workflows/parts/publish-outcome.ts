import type { PublishOutcome } from '../../domain/publish';
import { artifactSummaries } from './outcome';
import type { PublishRun } from './publish-run';

/** What a publication has to tell, however it ended. */
export function publishOutcome(
  run: PublishRun,
  outcome: PublishOutcome['outcome'],
  reason: string | null,
): PublishOutcome {
  const { settings, versionId, terms, record, progress, warnings } = run;
  const { verdict, committedAt, promote, consistency, proven, archived, taken, reportPath } = record;
  return {
    outcome,
    base: settings.base,
    versionId,
    kind: terms.kind,
    from: terms.from,
    committedAt,
    delta: verdict?.delta ?? null,
    counts: verdict?.counts ?? null,
    checks: verdict?.checks ?? [],
    promote,
    artifacts: artifactSummaries(taken),
    consistency,
    proven,
    archived,
    steps: progress.steps,
    reason,
    warnings,
    reportPath,
  };
}
