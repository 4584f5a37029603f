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

/**
 * For how long at most the stores showed two versions: from the entry, which comes before the first store is switched, to
 * the commit point, which switches the last. The journal keeps whole seconds; each may have been cut by nearly one. Null
 * of a switch that was never committed.
 */
export function disagreedAtMost({
  startedAt,
  committedAt,
}: Pick<SwitchEntry, 'startedAt' | 'committedAt'>): number | null {
  if (committedAt === null) return null;
  // Two workers' clocks may differ.
  return Math.max(0, Date.parse(committedAt) - Date.parse(startedAt)) + 1_000;
}
