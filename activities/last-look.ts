import type { ProductionSeen } from '../domain/consistency';
import { HybridFlowError } from '../domain/errors';
import { BEGUN, type Begun } from '../domain/restore';
import { STORE_TITLES } from '../domain/words';
import { liveFingerprint, recordedFingerprint } from '../inspection/fingerprints';
import { contentIfWritten } from '../inspection/production-seen';
import type { LastLook } from '../stores/ports';
import { callControl, isRetry, run } from './context';
import type { ActivityDeps } from './deps';

type Switched = keyof typeof BEGUN;

/**
 * What a store asks right before a restore overwrites it: whether it still holds what the restore was planned for, or
 * else what an earlier attempt of the same run has made of it. The journal then says that overwriting has begun, so
 * that of a store that was never begun everybody knows that this run wrote nothing to it.
 *
 * The look throws CHECK_FAILED where somebody else has written, FENCED where the run is being taken back.
 */
export function lastLookAt(deps: ActivityDeps, store: Switched, folder: string, planned: ProductionSeen): LastLook {
  const { journal } = deps.metadata;
  const { runId } = run();
  const earlier = begun(journal.find(runId)?.details[BEGUN[store]]);
  const note = (how: Begun) => {
    if (journal.find(runId)?.details[BEGUN[store]] !== how) journal.amend(runId, { [BEGUN[store]]: how });
  };
  return async ({ atOnce }) => {
    try {
      // What an attempt that wrote in parts has left is neither the one nor the other.
      if (earlier !== 'in-parts') await demandKnown(deps, { store, folder, planned, earlier });
    } catch (error) {
      // This may be the second look: what was begun after the first one is taken back by the store itself.
      note(earlier);
      throw error;
    }
    const entry = journal.find(runId);
    if (entry?.state !== 'switching' || entry.details.takenBack === true) throw tooLate();
    note(atOnce && earlier !== 'in-parts' ? 'at-once' : 'in-parts');
  };
}

/** A journal from before this was kept says nothing: then a repeated attempt may find anything. */
function begun(noted: unknown): Begun {
  if (noted === false || noted === 'at-once' || noted === 'in-parts') return noted;
  return isRetry() ? 'in-parts' : false;
}

interface Looked {
  store: Switched;
  folder: string;
  planned: ProductionSeen;
  earlier: Begun;
}

async function demandKnown(deps: ActivityDeps, { store, folder, planned, earlier }: Looked): Promise<void> {
  let content: string | undefined;
  try {
    // What an attempt has put in place may bring a mark of its own with it: then only the content counts.
    content =
      earlier === false
        ? await contentIfWritten(deps, planned, store, callControl())
        : (await liveFingerprint(deps, store, {}, callControl())).summary.sha256;
  } catch (error) {
    // A server that fell while it put the snapshot in place may have lost the collection; the attempt mends that.
    if (earlier !== false && error instanceof HybridFlowError && error.code === 'COLLECTION_MISSING') return;
    throw error;
  }
  if (content === undefined || content === planned.fingerprints[store]) return;
  if (earlier !== false && content === (await recordedFingerprint(deps, folder, store)).summary.sha256) return;
  const title = STORE_TITLES[store];
  throw new HybridFlowError('CHECK_FAILED', {
    found:
      earlier === false
        ? `Somebody wrote to ${title} right before it was to be restored; it was not overwritten`
        : `Somebody wrote to ${title} while it was restored`,
    expected: 'production as it was when the restore was planned',
    next: 'stop the other writer (`hfv plan` shows who is at work), then restore again',
    details: { changed: [store] },
  });
}

function tooLate(): HybridFlowError {
  return new HybridFlowError('FENCED', {
    found: 'the restore of this run is not under way any more',
    expected: 'a switch that goes on',
    next: 'nothing to do: this attempt came too late, and has changed nothing',
  });
}
