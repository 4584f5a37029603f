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
export const MANIFEST_FILE = 'manifest.json';
export const CHECKSUMS_FILE = 'checksums.txt';

export type StoreName = 'sqlite' | 'qdrant' | 'neo4j';

/** Label of the node that carries the fencing token in Neo4j. Never part of inventory or export. */
export const FENCE_LABEL = '__HybridFlowFence';

/** Where a run builds the next latest-copy before it takes the old one's place. */
export const LATEST_COPY_FOLDERS = {
  building: (runId: string) => `.latest-copy.${runId}`,
} as const;
