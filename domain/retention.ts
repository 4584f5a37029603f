import type { Leftover } from './leftovers';
import type { WindowItem } from './window';

/** Input of `applyRetention`: every field is optional, the worker's configuration fills the rest. */
export interface RetentionInput {
  base?: string;
  /** Keep fewer, and delete what is archived at once. */
  emergency?: boolean;
  startedBy?: string;
}

/** What became of one version that was to leave. */
export interface VersionLeft {
  versionId: string;
  /** `kept`: it must not leave after all, and why is in the reason. */
  state: 'archived' | 'deleted' | 'kept';
  reason: string;
  /** Of the version as it was, and of what is left of it. */
  bytes: number;
  storedBytes: number;
  freedBytes: number;
}

/** What became of the leftovers: samples of at most {@link SHOWN_LEFTOVERS} each, with the exact numbers. */
export interface LeftoversSwept {
  swept: Leftover[];
  reported: Leftover[];
  counts: { swept: number; waiting: number; reported: number };
  notes: string[];
}

export const SHOWN_LEFTOVERS = 20;

/** Result of applying the window, by a change after its commit or by `applyRetention`. */
export interface WindowApplied {
  base: string;
  emergency: boolean;
  startedBy: string;
  archived: string[];
  deleted: string[];
  /** Every version that was to leave, and what became of it: damaged ones, and those that something came to hold, stay. */
  left: VersionLeft[];
  kept: WindowItem[];
  leftovers: LeftoversSwept;
  freedBytes: number;
  /** Things that did not stop it but should be known. */
  warnings: string[];
  /** Of the Markdown, where there is a report; see {@link isReported}. */
  reportPath?: string;
}

/** `retention-<moment>-<run>.json` and `.md`, with the reports of the version that was current. */
export interface RetentionReport extends WindowApplied {
  format: 'hybridflow-retention-report/1';
  workflowId: string;
  runId: string;
  startedAt: string;
  endedAt: string;
}

export const RETENTION_SCHEDULE = 'schedule';

/** A schedule that finds nothing to do has nothing to tell; whoever asks for it is told either way. */
export function isReported({ startedBy, archived, deleted, leftovers }: WindowApplied): boolean {
  if (archived.length + deleted.length + leftovers.counts.swept > 0) return true;
  return startedBy !== RETENTION_SCHEDULE && !startedBy.startsWith('publishVersion ');
}
