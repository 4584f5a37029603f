import type { GroupFingerprint } from '../../domain/fingerprint';
import { FingerprintGroups, ItemWriter } from '../fingerprint';
import type { CallControl } from '../ports';
import type { QdrantConnection } from './client';
import { digestOf, groupOf, pagesOf, type Point } from './points';
import { resolveCollection } from './resolve';

export { canonicalJson } from './points';

const PAGE = 1_000;
/** A vector of 768 numbers is some 8 KB on the wire. */
const DEEP_PAGE = 200;

export interface FingerprintOptions {
  deep?: boolean;
  /** Another collection than production's. */
  collection?: string;
  /** What to group by instead of the payload's chapter. */
  group?: (point: Point) => string;
}

/**
 * Of every point of a collection (production's where none is named), page by page.
 *
 * @throws HybridFlowError COLLECTION_MISSING
 */
export async function takeFingerprint(
  connection: QdrantConnection,
  { deep = false, collection, group = groupOf }: FingerprintOptions = {},
  { onProgress, signal }: CallControl = {},
): Promise<GroupFingerprint[]> {
  const groups = new FingerprintGroups();
  const item = new ItemWriter();
  // Asked once: an alias that moves meanwhile must not make one fingerprint of two collections.
  const name = collection ?? (await resolveCollection(connection)).collection;
  const scroll = { limit: deep ? DEEP_PAGE : PAGE, with_payload: true, with_vector: deep };
  let done = 0;
  for await (const points of pagesOf(connection, name, scroll, signal)) {
    for (const point of points) groups.add(group(point), digestOf(point, deep, item));
    onProgress?.((done += points.length));
  }
  return groups.list();
}
