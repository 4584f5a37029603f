import type { TableBefore } from './registry';

/**
 * A run's claim on the knowledge base: the guard that holds before the registry exists, and the list of
 * what to undo when its holder is found dead. Kept as a file in the backups folder.
 */
export interface Claim {
  base: string;
  /** What its holder does; a claim from before there was more than one kind is a baseline's. */
  kind?: 'baseline' | 'publish' | 'restore';
  /** Where its run can be asked after; unknown for a claim that the registry stands in for. */
  namespace?: string;
  workflowId: string;
  runId: string;
  versionId: string;
  label: string;
  /** The version that it reads from while it lasts, where it reads from one. */
  from?: string;
  claimedAt: string;
  /** Known from the moment the run has looked: how the versioning tables were before it. */
  tablesBefore?: TableBefore[];
  /** Names of the Qdrant snapshots that existed before the run took one. */
  qdrantSnapshotsBefore?: string[];
  /** Names of the Qdrant snapshots that the run has taken: only these are known to be its own. */
  qdrantSnapshots?: string[];
}

export type ClaimResult = { state: 'claimed' } | { state: 'held'; holder: Claim };
