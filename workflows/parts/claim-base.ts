import { AlreadyCommitted, undoAbandoned } from './abandoned';
import type { Steps } from './activities';
import type { ChangeRun } from './change-run';
import { windowAfter, type Driven } from './driven';
import { businessFailure } from './failures';

/**
 * Claims the base for this run; what a dead run left is undone, or driven to its end, first.
 *
 * @throws BASE_BUSY; AlreadyCommitted where a baseline was to be registered and a dead run has registered it
 */
export async function claimBase({ claim, settings, kind }: ChangeRun, steps: Steps): Promise<void> {
  const result = await steps.files.claimBase(claim);
  if (result.state === 'claimed') return;
  let driven: Driven | undefined;
  try {
    await undoAbandoned(result.holder, settings);
  } catch (error) {
    // What a dead run had committed has been driven to its end: nothing is in the way of another kind of change.
    if (kind === 'baseline' || !(error instanceof AlreadyCommitted)) throw error;
    driven = error.driven;
  }
  const again = await steps.files.claimBase(claim);
  if (again.state === 'claimed') {
    if (driven) await windowAfter(driven);
    return;
  }
  throw businessFailure('BASE_BUSY', {
    found: `another change took ${settings.base} meanwhile`,
    next: 'run again when it has ended',
  });
}
