import { HybridFlowError } from '../domain/errors';
import type { VersionRow } from '../domain/registry';
import type { Stores } from '../stores/ports';

/**
 * Whether a version's artifacts lie beside the others, so that it can be restored, drilled or begun with: of a committed
 * one they do, of an archived one where `hfv unarchive` has brought them back. Its row stays `archived` all the same:
 * that state is final.
 */
export async function isAtHand(
  { artifacts }: Pick<Stores, 'artifacts'>,
  { versionId, status }: Pick<VersionRow, 'versionId' | 'status'>,
): Promise<boolean> {
  return status === 'committed' || (status === 'archived' && (await artifacts.exists(versionId)));
}

export function packedAway(versionId: string): HybridFlowError {
  return new HybridFlowError('VERSION_ARCHIVED', {
    found: `${versionId} is archived: its artifacts are packed away, and no longer in the window`,
    expected: 'a version in the window, latest-copy, or the baseline',
    next: `bring it back beside the others with \`hfv unarchive ${versionId}\`, then run this again`,
    details: { versionId },
  });
}
