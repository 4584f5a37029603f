import { basename } from 'node:path';
import prettyBytes from 'pretty-bytes';
import {
  durationsByPhase,
  type ArtifactSummary,
  type BaselineOutcome,
  type CompensationResult,
  type StepRecord,
} from '../../domain/baseline';
import type { CheckResult } from '../../domain/checks';
import type { Colors } from '../output';
import { table } from './tables';
import { count, duration, fields, plural, shortHash } from './text';
import { criteriaText, unmetLines } from './verdict';

/** What was registered, for people. */
export function renderOutcome(outcome: BaselineOutcome, url: string | null, color: Colors): string {
  if (outcome.outcome === 'already_registered') return renderExisting(outcome, url, color);
  const { counts, labelLatencyMs: latency } = outcome;
  return [
    `${color.green('Registered')} ${color.bold(outcome.versionId)} of ${outcome.base}`,
    ...fields([
      ['committed', moment(outcome.committedAt)],
      ['SQLite', counts && plural(counts.chapters, 'chapter')],
      ['Qdrant', counts && plural(counts.points, 'point')],
      ['Neo4j', counts && neo4jCounts(counts)],
      ['labelling', latency && latencyText(latency)],
      ['phases', phaseDurations(outcome.steps)],
      ['checks', checksText(outcome.checks)],
      ['criteria', criteriaText(outcome.criteria)],
      ['consistency', outcome.consistency?.text],
      ['report', outcome.reportPath],
      ['manifest', outcome.manifestPath],
      ['latest-copy', outcome.latestCopyPath],
      ['Temporal', url],
    ]),
    ...failedChecks(outcome.checks, color),
    ...unmetLines(outcome.criteria, color),
    ...outcome.warnings.map((warning) => `  ${color.yellow('warning')} ${warning}`),
    '',
    renderArtifacts(outcome.artifacts, color),
  ].join('\n');
}

/** Size and hash of each artifact. */
export function renderArtifacts(artifacts: readonly ArtifactSummary[], color: Colors): string {
  const rows = artifacts.map(({ store, path, bytes, sha256 }) => [
    store,
    basename(path),
    prettyBytes(bytes),
    shortHash(sha256),
  ]);
  return table(['store', 'artifact', 'size', 'sha256'], rows, color);
}

/** What was undone, and what could not be. */
export function compensationLines(compensations: readonly CompensationResult[], color: Colors): string[] {
  const mark = {
    undone: color.green('undone '),
    kept: color.dim('kept   '),
    failed: color.red('FAILED '),
    skipped: color.dim('skipped'),
  };
  return compensations.map(({ name, state, error, note }) => {
    const why = error ?? note;
    return `  ${mark[state]} ${name}${why ? `: ${why}` : ''}`;
  });
}

/** `latest-copy 6.1 s, schema migration 120 ms`: how long each phase took, from its first step to its last. */
export function phaseDurations(steps: readonly StepRecord[]): string {
  return durationsByPhase(steps)
    .map(({ phase, milliseconds }) => `${phase} ${duration(milliseconds)}`)
    .join(', ');
}

function renderExisting({ versionId, base, committedAt }: BaselineOutcome, url: string | null, color: Colors): string {
  return [
    `Nothing to do: ${base} has its baseline, ${color.bold(versionId)}`,
    ...fields([
      ['committed', moment(committedAt)],
      ['look at it', `hfv show ${versionId}`],
      ['Temporal', url],
    ]),
  ].join('\n');
}

function neo4jCounts({ paragraphs, labelled, nodes, relationships }: NonNullable<BaselineOutcome['counts']>): string {
  return `${plural(paragraphs, 'paragraph')} (${count(labelled)} labelled), ${plural(nodes, 'node')}, ${plural(relationships, 'relationship')}`;
}

function latencyText({ batches, p50, p95, max }: NonNullable<BaselineOutcome['labelLatencyMs']>): string {
  return `${plural(batches, 'batch', 'batches')}; per batch p50 ${duration(p50)}, p95 ${duration(p95)}, max ${duration(max)}`;
}

function checksText(checks: readonly CheckResult[]): string {
  const passed = checks.filter((check) => check.passed).length;
  return checks.length === 0 ? '' : `${passed} of ${checks.length} passed`;
}

function failedChecks(checks: readonly CheckResult[], color: Colors): string[] {
  return checks
    .filter(({ passed }) => !passed)
    .map(
      ({ name, severity, expected, actual }) =>
        `  ${color.yellow(severity)} ${name}: expected ${expected}, found ${actual}`,
    );
}

function moment(sqlMoment: string | null): string | null {
  return sqlMoment === null ? null : `${sqlMoment} UTC`;
}
