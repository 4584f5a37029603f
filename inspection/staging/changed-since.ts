import { STORE_NAMES, type StoreName } from '../../domain/names';
import { summaryOf } from '../../stores/fingerprint-text';
import type { CallControl, Stores } from '../../stores/ports';
import { expectedFingerprints } from './expected';

/** Stores in which staging is not what it was when it was validated, by fingerprint. */
export async function changedSince(
  stores: Stores,
  expected: Record<StoreName, string>,
  control: CallControl,
): Promise<StoreName[]> {
  const lists = await expectedFingerprints(stores, stores.metadata.stagedDelta().removed, control);
  return STORE_NAMES.filter((store) => summaryOf(lists[store]).sha256 !== expected[store]);
}
