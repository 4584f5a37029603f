import prettyBytes from 'pretty-bytes';
import type { Manifest } from '../../domain/manifest';
import type { OperationRow, VersionRow } from '../../domain/registry';
import type { Colors } from '../output';
import { table } from './tables';
import { count, fields, shortHash } from './text';

/** An artifact as the manifest names it, and whether a file of that size is where it should be. */
export interface ArtifactPresence {
  store: string;
  path: string;
  bytes: number;
  sha256: string;
  state: 'present' | 'missing' | 'wrong size';
}

export interface VersionDetails {
  version: VersionRow;
  manifest: Manifest | null;
  artifacts: ArtifactPresence[];
  operations: OperationRow[];
}

/** One version for people: the row, the manifest's counts, the artifacts, the operations. */
export function renderVersion({ version, manifest, artifacts, operations }: VersionDetails, color: Colors): string {
  const { versionId, status, statusMessage, createdAt, updatedAt, validationPassed, committedBy, notes } = version;
  return [
    `${color.bold(versionId)} ${status === 'committed' ? color.green(status) : color.yellow(status)}`,
    ...fields([
      ['message', statusMessage],
      ['created', `${createdAt} UTC`],
      ['updated', `${updatedAt} UTC`],
      ['committed by', committedBy],
      ['validation', validationPassed === null ? 'not yet' : validationPassed ? 'passed' : 'FAILED'],
      ['notes', notes],
      ['counts', manifest && countsOf(manifest.counts)],
      ['workflow', version.workflowId && `${version.workflowId} (run ${version.runId})`],
    ]),
    '',
    artifacts.length > 0 ? artifactsTable(artifacts, color) : 'No manifest: there are no artifacts of this version.',
    '',
    operations.length > 0 ? operationsTable(operations, color) : 'No operations are logged.',
  ].join('\n');
}

function countsOf(counts: NonNullable<VersionDetails['manifest']>['counts']): string {
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
