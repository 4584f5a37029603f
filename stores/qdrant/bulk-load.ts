import { QdrantClient } from '@qdrant/js-client-rest';
import { HybridFlowError } from '../../domain/errors';
import { maskUrl } from '../../domain/masking';
import { readingAlias, readingNames } from './resolve';

export interface QdrantTarget {
  url: string;
  apiKey?: string;
  collection: string;
}

export interface PointRow {
  id: string;
  vector: number[];
  payload: Record<string, unknown> & { text: string };
}

export interface CollectionSurvey {
  /** Names that readers go by and that are taken: the collection itself, an alias, or the `_latest` alias. */
  taken: string[];
  /** Exact, of what readers see; 0 where there is nothing. */
  points: number;
}

/** A point as its owner can recognise it. */
export interface HeldPoint {
  handle: string;
  key: string;
  mark: string;
}

const BATCH = 500;
const PAGE = 2_000;
const INDEXED_FIELDS = ['textbook_id', 'chapter_id'] as const;

/** What already goes by the collection's name. Readers look for the alias `<name>_latest` first, so it counts too. */
export async function surveyCollection(target: QdrantTarget): Promise<CollectionSurvey> {
  return withClient(target, async (client) => {
    const { collections } = await client.getCollections();
    const { aliases } = await client.getAliases();
    const names = [...collections.map(({ name }) => name), ...aliases.map(({ alias_name }) => alias_name)];
    const taken = readingNames(target.collection).reverse();
    const production = await findProduction(client, target);
    const points = production === undefined ? 0 : await exactCount(client, production);
    return { taken: taken.filter((name) => names.includes(name)), points };
  });
}

/**
 * Creates the collection with its payload indexes and fills it in batches.
 *
 * Only the last batch waits: a shard applies its updates in order, so when the last is in, all are. The exact count
 * is returned, for the caller to compare.
 */
export async function loadPoints(
  target: QdrantTarget,
  { dimensions, total }: { dimensions: number; total: number },
  points: Iterable<PointRow>,
  onProgress?: (done: number) => void,
): Promise<number> {
  return withClient(target, async (client) => {
    const { collection } = target;
    await client.createCollection(collection, { vectors: { size: dimensions, distance: 'Cosine' } });
    for (const field_name of INDEXED_FIELDS) {
      await client.createPayloadIndex(collection, { field_name, field_schema: 'keyword', wait: true });
    }
    let done = 0;
    for (const batch of batches(points, BATCH)) {
      done += batch.length;
      await client.upsert(collection, { points: batch, wait: done >= total });
      onProgress?.(done);
    }
    return exactCount(client, collection);
  });
}

/** Every point that readers see, page by page, with its text. Nothing where there is no collection. */
export async function* heldPoints(target: QdrantTarget): AsyncGenerator<HeldPoint[], void, undefined> {
  const production = await withClient(target, (client) => findProduction(client, target));
  if (production === undefined) return;
  let offset: string | number | undefined;
  do {
    const from = offset;
    const page = await withClient(target, (client) =>
      client.scroll(production, { limit: PAGE, with_payload: ['text'], with_vector: false, offset: from }),
    );
    yield page.points.map(({ id, payload }) => {
      const text = payload?.text;
      return { handle: String(id), key: String(id), mark: typeof text === 'string' ? text : '' };
    });
    const next = page.next_page_offset;
    offset = typeof next === 'string' || typeof next === 'number' ? next : undefined;
  } while (offset !== undefined);
}

/**
 * Deletes the points named, and the collection with them where that was all it held.
 * @returns the points that are still there
 */
export async function removePoints(target: QdrantTarget, handles: readonly string[]): Promise<number> {
  return withClient(target, async (client) => {
    const name = await findProduction(client, target);
    if (name === undefined) return 0;
    if ((await exactCount(client, name)) === handles.length) {
      await client.deleteCollection(name);
      return 0;
    }
    for (const batch of batches(handles, PAGE)) await client.delete(name, { points: batch, wait: true });
    return exactCount(client, name);
  });
}

/** The collection that readers see; undefined where there is none. */
async function findProduction(client: QdrantClient, { collection }: QdrantTarget): Promise<string | undefined> {
  const { aliases } = await client.getAliases();
  const name = readingAlias(collection, aliases)?.collection_name ?? collection;
  return (await client.collectionExists(name)).exists ? name : undefined;
}

async function exactCount(client: QdrantClient, collection: string): Promise<number> {
  return (await client.count(collection, { exact: true })).count;
}

function* batches<T>(items: Iterable<T>, size: number): Generator<T[], void, undefined> {
  let batch: T[] = [];
  for (const item of items) {
    batch.push(item);
    if (batch.length < size) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}

async function withClient<T>(target: QdrantTarget, use: (client: QdrantClient) => Promise<T>): Promise<T> {
  const { url, apiKey } = target;
  try {
    return await use(new QdrantClient({ url, ...(apiKey === undefined ? {} : { apiKey }), checkCompatibility: false }));
  } catch (cause) {
    if (cause instanceof HybridFlowError) throw cause;
    throw asHybridFlowError(url, cause);
  }
}

function asHybridFlowError(url: string, cause: unknown): HybridFlowError {
  const message = cause instanceof Error ? cause.message : String(cause);
  // The client's errors carry an HTTP status where there was an answer, and none where there was no server.
  const status = (cause as { status?: number }).status ?? /Unexpected Response: (\d+)/.exec(message)?.[1];
  const where = maskUrl(url);
  if (status === undefined) {
    const next = 'start the services (hfv up), or check QDRANT_URL';
    return new HybridFlowError('QDRANT_UNREACHABLE', { found: `Qdrant at ${where}: ${message}`, next }, { cause });
  }
  const code = Number(status) === 401 || Number(status) === 403 ? 'QDRANT_AUTH' : 'QDRANT_REFUSED';
  return new HybridFlowError(code, { found: `Qdrant at ${where} answered ${status}: ${message}` }, { cause });
}
