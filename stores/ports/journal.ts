import type { NewSwitch, Pin, SwitchEntry, SwitchState } from '../../domain/switch-journal';
import type { Operation, VersionRow } from '../../domain/registry';
import type { WriteLease } from './common';

/**
 * SHA-256 of lists of fingerprints: what a commit that replaces rows was decided upon. Where a store holds something else
 * by then, somebody has written meanwhile, and would lose it.
 */
export interface ExpectedRows {
  /** Of `fingerprint()`. */
  production?: string;
  /** Of `stagedFingerprint()`. */
  staging?: string;
}

/**
 * switch_journal in metadata.db: which version production is, and the commit point of every change of it. What a call
 * has written outlives a failure of the power. SCHEMA_CONFLICT from whatever writes where there is no such table.
 */
export interface SwitchJournal {
  /**
   * Opens an entry as `switching`; the one that the run has is answered as it is, whatever its state. BASE_BUSY where
   * another run's is open (switching or committed), VERSION_UNKNOWN where the registry has no such version.
   */
  begin(entry: NewSwitch, lease: WriteLease): SwitchEntry;
  /** Merges into the details of the run's entry, whatever its state. STATUS_MOVE_REFUSED where the run has none. */
  amend(runId: string, details: Record<string, unknown>): void;
  /**
   * The commit point of a promote, in one transaction: chapter_metadata's rows become staging's, the version goes from
   * `validating` to `committed`, the entry too. The same run may call it again, also after `done`. STATUS_MOVE_REFUSED
   * where the run's entry is not `switching`, or is being taken back, or no promote; CHECK_FAILED where what is `expected`
   * is not so any more; NOT_STAGING and STAGING_UNFIT as `assertStagingFits`.
   */
  commitPromote(
    runId: string,
    by: string,
    operation: Operation,
    lease: WriteLease,
    expected?: ExpectedRows,
  ): { row: VersionRow; entry: SwitchEntry };
  /**
   * The commit point of a restore: with a file, production's tables become its in the same transaction. The same run may
   * call it again, also after `done`. STATUS_MOVE_REFUSED and CHECK_FAILED as above; ARTIFACT_DAMAGED as `restoreFrom`.
   */
  commitRestore(
    runId: string,
    file: string | null,
    lease: WriteLease,
    expected?: Pick<ExpectedRows, 'production'>,
  ): SwitchEntry;
  /**
   * The first step of whoever takes the run's switch back. Where the answer is `switching` the entry says so from now on
   * (`takenBack` among its details), and no late attempt commits it any more; any other answer leaves it as it is.
   */
  takeBack(runId: string): SwitchState | 'absent';
  /**
   * `committed` -> `done`; `switching` -> `undone`. Being there already, or no entry, is fine; any other way is
   * STATUS_MOVE_REFUSED.
   */
  close(runId: string, state: 'done' | 'undone'): void;
  find(runId: string): SwitchEntry | undefined;
  /** Newest first; empty where there is no such table. */
  list(): SwitchEntry[];
  /** The version that production is: the newest entry that is committed or done, else the committed baseline. */
  current(): { versionId: string; since: string } | undefined;
}

export interface Pins {
  /** In the order in which they were pinned first; empty where there is no such table. */
  list(): Pin[];
  /**
   * A pin that is there is replaced. VERSION_UNKNOWN where the registry has no such version, SCHEMA_CONFLICT where
   * there is no such table.
   */
  add(pin: Omit<Pin, 'pinnedAt'>, lease: WriteLease): Pin;
  /** False where there was none. */
  remove(versionId: string): boolean;
}
