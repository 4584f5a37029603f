import type { WriteFence } from '../../domain/write-fence';
import type { WriteLease } from './common';

/**
 * The row in metadata.db that asks other writers to keep out. It is advisory: who ignores it is found by counts and
 * fingerprints. Its table comes and goes with the versioning tables.
 */
export interface WriteFenceStore {
  /** Undefined where nobody holds it: no row, no table, or a row that has expired. */
  read(now?: Date): WriteFence | undefined;
  /**
   * Takes or renews it for the run, from the moment on at which it was first taken; BASE_BUSY where another run holds
   * one that has not expired, FENCED where this run's version has come to its end.
   */
  hold(fence: WriteFence, lease: WriteLease): WriteFence;
  /** Lets go of the run's own fence; any other is left alone. Missing is fine. */
  release(runId: string): void;
}
