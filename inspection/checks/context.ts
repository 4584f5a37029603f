import type { CallControl, Stores } from '../../stores/ports';
import type { Reads } from './reads';

export interface ChecksOptions {
  /** What the inventory before the change counted; check 1 is measured by it. */
  expected?: { chapters: number; perTextbook: Record<string, number> };
  /** What the configuration states, for want of an inventory and of a committed version. */
  expectedChapters?: number | null;
  /** Numbers of the checks to run; all seven by default. */
  only?: readonly number[];
}

/** What a check works with. */
export interface CheckContext {
  stores: Stores;
  /** What several checks read, read once. */
  reads: Reads;
  options: ChecksOptions;
  control: CallControl;
}
