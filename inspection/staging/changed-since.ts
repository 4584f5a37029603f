import type { StoreName } from '../../domain/names';
import { summaryOf } from '../../stores/fingerprint-text';
import type { CallControl, Stores } from '../../stores/ports';
import { expectedFingerprint } from './expected';

/** Of the stores asked about, those in which staging is not what it was when it was validated, by fingerprint. */
export async function changedSince(
  stores: Stores,
  expected: Record<StoreName, string>,
  asked: readonly StoreName[],
  control: CallControl,
): Promise<StoreName[]> {
  const { removed } = stores.metadata.stagedDelta();
  const changed = await Promise.all(
    asked.map(async (store) => {
      const groups = await expectedFingerprint(stores, store, removed, control);
      return summaryOf(groups).sha256 !== expected[store];
    }),
  );
  return asked.filter((_, i) => changed[i]);
}
