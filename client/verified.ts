import { HybridFlowError } from '../domain/errors';
import { VERIFY_OPERATION } from '../domain/version-stats';
import { findHolder } from '../inspection/holders';
import type { Verification } from '../inspection/verify';
import type { Stores } from '../stores/ports';

/** So many verifications of a version are kept. */
const KEPT = 20;
/** So many of its problems are noted; the rest is told by verifying it again. */
const MOST_PROBLEMS = 10;

/** Whether it failed for want of a service alone. */
export function isUnsure({ passed, problems, contents }: Verification): boolean {
  return !passed && problems.length === contents.filter(({ state }) => state === 'unchecked').length;
}

/**
 * Notes in operation_log how a version was found, so that `hfv versions` can tell when it was last looked at, and that it
 * was damaged then. Answers why it was not noted, or null. Nothing that stands in the way of it is an error: what was
 * asked for is the verification. One that could not look everywhere and found nothing wrong says nothing of the version.
 *
 * While somebody holds the base nothing is written: a change watches whether anybody but itself writes to metadata.db.
 */
export async function noteVerified(
  stores: Pick<Stores, 'metadata' | 'artifacts'>,
  verification: Verification,
  startedAt: Date,
): Promise<string | null> {
  const { version, passed, contents, problems } = verification;
  const { registry } = stores.metadata;
  try {
    if (isUnsure(verification) || !registry.find(version)) return null;
    const holder = await findHolder(stores, {});
    if (holder) return `not noted in operation_log: ${holder.words}`;
    const details = {
      contents: Object.fromEntries(contents.map(({ store, state }) => [store, state])),
      ...(!passed && { problems: problems.slice(0, MOST_PROBLEMS) }),
    };
    const at = { startedAt: startedAt.toISOString(), completedAt: new Date().toISOString() };
    registry.logOperations(version, [
      { type: VERIFY_OPERATION, status: passed ? 'success' : 'failed', details, ...at },
    ]);
    registry.pruneOperations(version, VERIFY_OPERATION, KEPT);
    return null;
  } catch (error) {
    // A version is verified far from its metadata.db, too: then there is nothing to note it in.
    if (error instanceof HybridFlowError && error.code === 'METADATA_DB_MISSING') return null;
    return `not noted in operation_log: ${error instanceof Error ? error.message : String(error)}`;
  }
}
