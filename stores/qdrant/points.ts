import type { Schemas } from '@qdrant/js-client-rest';
import { chapterOfChunk } from '../../domain/chunk-id';
import type { ItemWriter } from '../fingerprint';
import type { QdrantConnection } from './client';
import { addVectors } from './vector-bytes';

export type Point = Schemas['Record'];
export type PointId = Schemas['ExtendedPointId'];
type Scroll = Pick<Schemas['ScrollRequest'], 'limit' | 'filter' | 'with_payload' | 'with_vector'>;

/** The group of whatever no chapter can be told of. */
export const NO_CHAPTER = '(no chapter)';

/** Every point of a collection that fits the filter, page by page, in the order of the ids. */
export async function* pagesOf(
  { call }: QdrantConnection,
  collection: string,
  scroll: Scroll,
  signal?: AbortSignal,
): AsyncGenerator<Point[], void, void> {
  let offset: Schemas['ScrollRequest']['offset'];
  do {
    signal?.throwIfAborted();
    const page = await call((client) => client.scroll(collection, { ...scroll, offset }));
    yield page.points;
    const next = page.next_page_offset;
    offset = typeof next === 'string' || typeof next === 'number' ? next : undefined;
  } while (offset !== undefined);
}

/** The point as one digest: id and payload, and where `deep` the vectors. */
export function digestOf({ id, payload, vector }: Point, deep: boolean, item: ItemWriter): Buffer {
  item.text(String(id)).text(canonicalJson(payload ?? {}));
  if (deep) addVectors(item, vector);
  return item.digest();
}

/** The chapter that the payload names, as fingerprints group points. */
export function groupOf({ payload }: Pick<Point, 'payload'>): string {
  const chapter = payload?.chapter_id;
  return typeof chapter === 'string' && chapter !== '' ? chapter : NO_CHAPTER;
}

/** The chapter that a change goes by: where the payload names none, the one that the chunk_id begins with. */
export function chapterOf(point: Pick<Point, 'payload'>): string {
  const group = groupOf(point);
  if (group !== NO_CHAPTER) return group;
  const chunkId = point.payload?.chunk_id;
  return (typeof chunkId === 'string' ? chapterOfChunk(chunkId) : undefined) ?? NO_CHAPTER;
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
