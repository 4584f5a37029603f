import type { CheckResult } from './checks';
import type { CriterionResult } from './criteria';
import type { ErrorFacts } from './errors';
import type { BriefComparison, FingerprintComparison } from './fingerprint';
import type { StoreName } from './names';
import type { TriggerFound } from './triggers';

/** The plan's rollback, step by step. */
export const ROLLBACK_STEPS = [
  'name the failed version',
  'set rolling_back and open the operation_log row',
  'drop the SQLite staging table',
  'delete the Qdrant staging collection',
  'delete staging nodes and remove the version label',
  'verify latest-copy',
  'restore production where it is contaminated',
  'set rolled_back, close the log row, validate',
] as const;

export interface RollbackStep {
  number: number;
  name: (typeof ROLLBACK_STEPS)[number];
  state: 'done' | 'not needed' | 'failed';
  detail: string;
  startedAt: string;
  endedAt: string;
}

/** What is known of production from the undo that has judged a version; it stands in the row that the verdict closed. */
export interface Verdict {
  proof: BriefComparison[];
  restored: StoreName[];
  savedTo: string | null;
}

/** A verdict is given of a production that differs, too, where the difference is somebody else's. */
export function isProvenBy({ proof }: Verdict): boolean {
  return proof.length > 0 && proof.every(({ same }) => same);
}

/** How a rollback ended, and the proof that production is as it was. */
export interface RollbackRecord {
  versionId: string;
  trigger: TriggerFound | null;
  reason: string;
  steps: RollbackStep[];
  restored: StoreName[];
  /** Where what was there before a restore is kept. */
  savedTo: string | null;
  /** Production now against production before the run; empty where nothing could be compared with. */
  proof: FingerprintComparison[];
  /** Of an undo before this one, which has judged the version and let go of what production was held against. */
  verdict?: Verdict;
  checks: CheckResult[];
  /** The migration's success criteria by what it had reached; a version after the baseline has none. */
  criteria?: CriterionResult[];
  proven: boolean;
  /** What is left where, each with its error; empty where all is undone. */
  left: string[];
  /** Where it was committed: nothing was rolled back, and what was left to do has been done. */
  driven?: { versionId: string; disagreedAtMostMs: number | null };
  /** The one command that continues, where something is left. */
  next: string | null;
}

/** Input of `rollBackVersion`. */
export interface RollBackInput {
  versionId?: string;
  reason?: string;
  startedBy?: string;
}

/** A version past its commit point is not rolled back: what it replaced is restored instead. */
export function committedFacts(versionId: string, previous: string | null): ErrorFacts {
  return {
    found: `${versionId} is committed: it came too late to roll it back`,
    expected: 'a version that is not committed',
    next: previous === null ? 'list what can be restored with `hfv versions`' : `\`hfv restore ${previous}\``,
    details: { versionId, previousVersionId: previous },
  };
}
