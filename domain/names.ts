/** Names that other programs rely on: workflow types, ids, task queues, search attributes, artifact files. */

export const TASK_QUEUE = 'hybridflow';

/** The queue of whatever touches metadata.db or local artifacts: polled only where those files are. */
export function filesQueue(taskQueue: string): string {
  return `${taskQueue}.files`;
}

/** One change at a time per knowledge base: Temporal itself refuses a second start under this id. */
export function changeWorkflowId(base: string): string {
  return `hybridflow/${base}/change`;
}

/** The undo of what a dead run left: one workflow per dead run. */
export function undoWorkflowId(base: string, runId: string): string {
  return `hybridflow/${base}/undo/${runId}`;
}

/** A rollback that somebody asked for; it must be able to run beside the change that it stops. */
export function rollbackWorkflowId(base: string): string {
  return `hybridflow/${base}/rollback`;
}

/** The check of a version's health after its commit; the schedule's runs have ids of Temporal's making. */
export function healthWorkflowId(base: string, versionId: string): string {
  return `hybridflow/${base}/health/${versionId}`;
}

export function healthScheduleId(base: string): string {
  return `hybridflow/${base}/health`;
}

/** The window that somebody asked to be applied; the schedule's runs have ids of Temporal's making. */
export function retentionWorkflowId(base: string): string {
  return `hybridflow/${base}/retention`;
}

export function retentionScheduleId(base: string): string {
  return `hybridflow/${base}/retention`;
}

/** A restore of a version beside production; it may run beside whatever else does. */
export function drillWorkflowId(base: string, versionId: string): string {
  return `hybridflow/${base}/drill/${versionId}`;
}

/** Side collections that a rehearsal makes in Qdrant begin so; the rest is the run's id. */
export const REHEARSAL_PREFIX = 'hfv_rehearsal_';

/** Where staging data lives. */
export const STAGING_NAMES = {
  table: 'chapter_metadata_staging',
  collection: 'textbook_chunks_staging',
  label: 'staging',
} as const;
/** In Neo4j a staged node carries each of its labels with this before it, so that plain readers never meet it. */
export const STAGED_PREFIX = 'Staged';
/** Stands for a node that is not staged: `{label, key}` name it by its label and its chunk_id or id. */
export const STAGED_LINK = 'StagedLink';

/** Custom search attributes, all of type Keyword. */
export const SEARCH_ATTRIBUTES = {
  versionId: 'HybridFlowVersionId',
  base: 'HybridFlowBase',
  phase: 'HybridFlowPhase',
  outcome: 'HybridFlowOutcome',
} as const;

/** Files of one version under `<backups>/<version_id>/`. */
export const ARTIFACT_FILES = {
  metadata: 'metadata.db',
  qdrant: 'textbook_chunks.snapshot',
  neo4j: 'neo4j.jsonl.gz',
} as const;
/** The lists of group fingerprints beside the artifacts; see docs/fingerprints.md. */
export const FINGERPRINT_FILES = {
  sqlite: 'metadata.fingerprint.txt',
  qdrant: 'textbook_chunks.fingerprint.txt',
  neo4j: 'neo4j.fingerprint.txt',
} as const;
export const MANIFEST_FILE = 'manifest.json';
export const CHECKSUMS_FILE = 'checksums.txt';

export const STORE_NAMES = ['sqlite', 'qdrant', 'neo4j'] as const;
export type StoreName = (typeof STORE_NAMES)[number];

/** Label of the node that carries the fencing token in Neo4j. Never part of inventory or export. */
export const FENCE_LABEL = '__HybridFlowFence';

/** The fencing tokens of a run: one for each of its tries to label, so that a failed try can write nothing more. */
export function fenceTokens(runId: string): [first: string, ...later: string[]] {
  return [runId, `${runId}:2`, `${runId}:3`];
}

/** Where a run builds the next latest-copy before it takes the old one's place. */
export const LATEST_COPY_FOLDERS = {
  building: (runId: string) => `.latest-copy.${runId}`,
} as const;
