import prettyBytes from 'pretty-bytes';
import type { Manifest } from '../../domain/manifest';
import type { OperationRow, VersionRow } from '../../domain/registry';
import { disagreedAtMost, type Pin, type SwitchEntry } from '../../domain/switch-journal';
import type { LastDone } from '../../domain/version-stats';
import type { ArtifactPresence } from '../../inspection/doctor/artifacts';
import type { Colors } from '../output';
import { table } from './tables';
import { count, duration, fields, shortHash } from './text';
import { doneText } from './versions';

/** What `hfv show` knows of a version, or of latest-copy. Field names are part of the contract. */
export interface VersionDetails {
  /** The version's id, or `latest-copy`. */
  name: string;
  /** Null of a latest-copy that does not say which version it is. */
  version: VersionRow | null;
  /** It is what production is. */
  current: boolean;
  committedAt: string | null;
  manifest: Manifest | null;
  artifacts: ArtifactPresence[];
  /** Of the run that made it, as its report tells them. */
  checks: { total: number; passed: number; failed: string[] } | null;
  /** When production became this version, and when it went from it to another; newest first. */
  switches: SwitchEntry[];
  pin: Pin | null;
  lastVerified: LastDone | null;
  lastDrill: LastDone | null;
  operations: OperationRow[];
}

type Row = readonly [string, string | null];

/** One version for people: who, when and why, the artifacts, then what was done with it. */
export function renderVersion(details: VersionDetails, color: Colors): string {
  const { name, version, current, artifacts, operations, switches } = details;
  const status =
    version && (version.status === 'committed' ? color.green(version.status) : color.yellow(version.status));
  return [
    [color.bold(name), status, current ? color.green('current') : null].filter(Boolean).join(' '),
    ...fields([...(version ? rowsOf(version, details) : []), ...factsOf(details, color)]),
    '',
    artifacts.length > 0 ? artifactsTable(artifacts, color) : noArtifacts(details),
    ...(switches.length > 0 ? ['', switchesTable(details, color)] : []),
    '',
    operations.length > 0 ? operationsTable(operations, color) : 'No operations are logged.',
  ].join('\n');
}

function rowsOf(version: VersionRow, { name, committedAt }: VersionDetails): Row[] {
  const { versionId, statusMessage, createdAt, updatedAt, validationPassed, committedBy, notes } = version;
  return [
    ['of', versionId === name ? null : versionId],
    ['message', statusMessage],
    ['created', `${createdAt} UTC`],
    ['updated', `${updatedAt} UTC`],
    ['committed', committedAt && `${committedAt} UTC`],
    ['committed by', committedBy],
    ['validation', validationPassed === null ? 'not yet' : validationPassed ? 'passed' : 'FAILED'],
    ['notes', notes],
    ['workflow', version.workflowId && `${version.workflowId} (run ${version.runId})`],
  ];
}

function factsOf({ manifest, checks, operations, pin, lastVerified, lastDrill }: VersionDetails, color: Colors): Row[] {
  return [
    ['counts', manifest && countsOf(manifest.counts)],
    ['consistency', manifest?.consistency ? `${manifest.consistency.verdict}: ${manifest.consistency.text}` : null],
    ['checks', checks && checksText(checks, color)],
    ['criteria', criteriaOf(operations)],
    ['pinned', pin && `${pin.reason}, by ${pin.by} at ${pin.pinnedAt}`],
    ['last verified', doneText(lastVerified, color)],
    ['last drill', doneText(lastDrill, color)],
  ];
}

function checksText({ total, passed, failed }: NonNullable<VersionDetails['checks']>, color: Colors): string {
  return `${passed} of ${total} passed${failed.length > 0 ? color.yellow(`; not: ${failed.join(', ')}`) : ''}`;
}

/** Whether the success criteria were met, where they were judged. */
function criteriaOf(operations: readonly OperationRow[]): string | null {
  const found = operations.findLast(({ operationType }) => operationType === 'success_criteria');
  if (!found) return null;
  return found.status === 'success' ? 'met' : 'NOT met';
}

function noArtifacts({ version, manifest }: VersionDetails): string {
  if (version?.status === 'archived') {
    return `Archived: its artifacts are packed away. \`hfv unarchive ${version.versionId}\` brings them back.`;
  }
  return manifest
    ? 'None of its artifacts could be looked at.'
    : 'No manifest: there are no artifacts of this version.';
}

/** Told from the version's side: a switch away from it is one too. */
function switchesTable({ switches, version, name }: VersionDetails, color: Colors): string {
  const versionId = version?.versionId ?? name;
  const rows = switches.map((entry) => [
    entry.versionId === versionId ? entry.kind : `left by a ${entry.kind} of ${entry.versionId}`,
    entry.state === 'done' || entry.state === 'undone' ? entry.state : color.yellow(entry.state),
    entry.startedAt,
    entry.committedAt ?? '',
    disagreedText(entry),
    entry.stores.join(', '),
  ]);
  return table(['switch', 'state', 'began', 'commit point', 'disagreed', 'stores'], rows, color);
}

function disagreedText(entry: SwitchEntry): string {
  const milliseconds = disagreedAtMost(entry);
  return milliseconds === null ? '' : `at most ${duration(milliseconds)}`;
}

function countsOf(counts: Manifest['counts']): string {
  const { chapters, points, paragraphs, nodes, relationships } = counts;
  return [
    `${count(chapters)} chapters, ${count(points)} points`,
    `${count(paragraphs)} paragraphs, ${count(nodes)} nodes, ${count(relationships)} relationships`,
  ].join(', ');
}

function artifactsTable(artifacts: readonly ArtifactPresence[], color: Colors): string {
  const rows = artifacts.map(({ store, path, bytes, sha256, state }) => [
    store,
    state === 'present' ? state : color.red(state),
    prettyBytes(bytes),
    shortHash(sha256),
    path,
  ]);
  return table(['store', 'state', 'size', 'sha256', 'path'], rows, color);
}

function operationsTable(operations: readonly OperationRow[], color: Colors): string {
  const rows = operations.map(({ operationType, status, createdAt, completedAt }) => [
    operationType,
    status === 'success' ? status : color.red(status),
    createdAt,
    completedAt ?? '',
  ]);
  return table(['operation', 'status', 'began', 'ended'], rows, color);
}
