import type { OperationRow, VersionRow } from '../../domain/registry';
import type { VersionStatus } from '../../domain/status';
import { BASELINE_LABEL } from '../../domain/version-id';

/** Columns of `version_registry` as they come from SQLite. */
export interface RawVersion {
  id: number;
  version_id: string;
  status: VersionStatus;
  created_at: string;
  updated_at: string;
  status_message: string | null;
  metadata_snapshot_path: string | null;
  qdrant_snapshot_path: string | null;
  neo4j_snapshot_path: string | null;
  chapter_count: number | null;
  paragraph_count: number | null;
  validation_passed: number | null;
  committed_by: string | null;
  notes: string | null;
  workflow_id: string | null;
  run_id: string | null;
}

export interface RawOperation {
  id: number;
  version_id: string | null;
  operation_type: string;
  status: string;
  details: string | null;
  created_at: string;
  completed_at: string | null;
}

export function toVersionRow(raw: RawVersion): VersionRow {
  return {
    id: raw.id,
    versionId: raw.version_id,
    status: raw.status,
    createdAt: raw.created_at,
    updatedAt: raw.updated_at,
    statusMessage: raw.status_message,
    metadataSnapshotPath: raw.metadata_snapshot_path,
    qdrantSnapshotPath: raw.qdrant_snapshot_path,
    neo4jSnapshotPath: raw.neo4j_snapshot_path,
    chapterCount: raw.chapter_count,
    paragraphCount: raw.paragraph_count,
    validationPassed: raw.validation_passed === null ? null : raw.validation_passed === 1,
    committedBy: raw.committed_by,
    notes: raw.notes,
    workflowId: raw.workflow_id,
    runId: raw.run_id,
  };
}

export function toOperationRow(raw: RawOperation): OperationRow {
  return {
    id: raw.id,
    versionId: raw.version_id,
    operationType: raw.operation_type,
    status: raw.status,
    details: parseDetails(raw.details),
    createdAt: raw.created_at,
    completedAt: raw.completed_at,
  };
}

/** `2025-12-25 20:00:00`: how the plan prints a moment, in UTC. */
export function sqlMoment(moment: Date | string): string {
  return new Date(moment).toISOString().slice(0, 19).replace('T', ' ');
}

/** `2025-12-25 20:00:00` -> `2025-12-25T20:00:00.000Z`. */
export function isoMoment(moment: string): string {
  return new Date(`${moment.replace(' ', 'T')}Z`).toISOString();
}

export function isBaseline(versionId: string): boolean {
  return versionId.startsWith(`${BASELINE_LABEL}_`);
}

/** Rows written by hand may hold plain text (the plan's own example does). */
function parseDetails(text: string | null): unknown {
  if (text === null) return null;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
