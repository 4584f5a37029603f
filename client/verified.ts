import { HybridFlowError } from '../domain/errors';
import { VERIFY_OPERATION } from '../domain/version-stats';
import { findHolder } from '../inspection/holders';
import type { Verification } from '../inspection/verify';
import type { Stores } from '../stores/ports';

/** So many verifications of a version are kept. */
const KEPT = 20;

/**
 * Notes in operation_log that a version was found intact, so that `hfv versions` can tell when it last was. Answers why
 * it was not noted, or null. Nothing that stands in the way of it is an error: what was asked for is the verification.
 *
 * While somebody holds the base nothing is written: a change watches whether anybody but itself writes to metadata.db.
 */
export async function noteVerified(
  stores: Pick<Stores, 'metadata' | 'artifacts'>,
  { version, passed, contents }: Verification,
  startedAt: Date,
): Promise<string | null> {
  const { registry } = stores.metadata;
  try {
    if (!passed || !registry.find(version)) return null;
    const holder = await findHolder(stores, {});
    if (holder) return `not noted in operation_log: ${holder.words}`;
    const details = { contents: Object.fromEntries(contents.map(({ store, state }) => [store, state])) };
    const at = { startedAt: startedAt.toISOString(), completedAt: new Date().toISOString() };
    registry.logOperations(version, [{ type: VERIFY_OPERATION, status: 'success', details, ...at }]);
    registry.pruneOperations(version, VERIFY_OPERATION, KEPT);
    return null;
  } catch (error) {
    // A version is verified far from its metadata.db, too: then there is nothing to note it in.
    if (error instanceof HybridFlowError && error.code === 'METADATA_DB_MISSING') return null;
    return `not noted in operation_log: ${error instanceof Error ? error.message : String(error)}`;
  }
}
