import type { StoreName } from './names';

export type SwitchKind = 'promote' | 'restore';
/** `committed` is the point after which everything is driven forward; before it everything is taken back. */
export type SwitchState = 'switching' | 'committed' | 'done' | 'undone';

/** One switch of production from one version to another, as the journal in metadata.db keeps it. Moments are ISO 8601, UTC. */
export interface SwitchEntry {
  id: number;
  kind: SwitchKind;
  versionId: string;
  /** What was current before; null where nothing was. */
  previousVersionId: string | null;
  state: SwitchState;
  /** A restore may be of one store only. */
  stores: StoreName[];
  /** What taking back and driving forward need to know, e.g. the collection that production's alias pointed to. */
  details: Record<string, unknown>;
  workflowId: string;
  runId: string;
  startedAt: string;
  committedAt: string | null;
  endedAt: string | null;
}

export type NewSwitch = Pick<
  SwitchEntry,
  'kind' | 'versionId' | 'previousVersionId' | 'stores' | 'details' | 'workflowId' | 'runId'
>;

/** A version that no clean-up may remove, and why. */
export interface Pin {
  versionId: string;
  reason: string;
  by: string;
  pinnedAt: string;
}
