import type { Schemas } from '@qdrant/js-client-rest';
import type { GroupFingerprint } from '../../domain/fingerprint';
import { FingerprintGroups, ItemWriter } from '../fingerprint';
import type { CallControl } from '../ports';
import type { QdrantConnection } from './client';
import { resolveCollection } from './inventory';
import { addVectors } from './vector-bytes';

type Point = Schemas['Record'];

const PAGE = 1_000;
/** A vector of 768 numbers is some 8 KB on the wire. */
const DEEP_PAGE = 200;

/**
 * Of every point of a collection (production's where none is named), page by page.
 *
 * @throws HybridFlowError COLLECTION_MISSING
 */
export async function takeFingerprint(
  connection: QdrantConnection,
  { deep = false, collection }: { deep?: boolean; collection?: string } = {},
  { onProgress, signal }: CallControl = {},
): Promise<GroupFingerprint[]> {
  const groups = new FingerprintGroups();
  const item = new ItemWriter();
  // Asked once: an alias that moves meanwhile must not make one fingerprint of two collections.
  const name = collection ?? (await resolveCollection(connection)).collection;
  const page = { limit: deep ? DEEP_PAGE : PAGE, with_payload: true, with_vector: deep };
  let done = 0;
  for (let offset: Schemas['ScrollRequest']['offset']; ;) {
    signal?.throwIfAborted();
    const { points, next_page_offset: next } = await connection.call((client) =>
      client.scroll(name, { ...page, offset }),
    );
    for (const point of points) groups.add(groupOf(point), digestOf(point, deep, item));
    onProgress?.((done += points.length));
    if (typeof next !== 'string' && typeof next !== 'number') return groups.list();
    offset = next;
  }
}

function digestOf({ id, payload, vector }: Point, deep: boolean, item: ItemWriter): Buffer {
  item.text(String(id)).text(canonicalJson(payload ?? {}));
  if (deep) addVectors(item, vector);
  return item.digest();
}

function groupOf({ payload }: Point): string {
  const chapter = payload?.chapter_id;
  return typeof chapter === 'string' && chapter !== '' ? chapter : '(no chapter)';
}

/** JSON as RFC 8785 has it: keys in order at every depth, numbers as doubles. */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  // On newer releases of Node the client hands out large integers as such; on all of them they count as doubles.
  if (typeof value === 'bigint') return JSON.stringify(Number(value));
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const source = value as Record<string, unknown>;
  const keys = Object.keys(source).sort();
  return `{${keys.map((key) => `${JSON.stringify(key)}:${canonicalJson(source[key])}`).join(',')}}`;
}
