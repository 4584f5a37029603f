import type { Schemas } from '@qdrant/js-client-rest';
import { HybridFlowError } from '../../domain/errors';
import type { QdrantInventory } from '../../domain/inventory';
import type { QdrantConnection } from './client';
import { resolveCollection } from './resolve';

export { resolveCollection } from './resolve';

type CollectionInfo = Schemas['CollectionInfo'];

/** What stands behind the name. @throws HybridFlowError COLLECTION_MISSING, QDRANT_UNFIT (a cluster) */
export async function takeInventory(connection: QdrantConnection): Promise<QdrantInventory> {
  const { call, target } = connection;
  const serverVersion = await readVersion(connection);
  const { collection, aliases } = await resolveCollection(connection);
  await assertOneNode(connection, collection);
  const info = await call((client) => client.getCollection(collection));
  return {
    name: target.collection,
    collection,
    aliases: aliases.map((a) => ({ alias: a.alias_name, collection: a.collection_name })),
    status: info.status,
    points: await countPoints(connection, collection),
    dimension: dimensionOf(info),
    serverVersion,
  };
}

/** Of production, where no collection is named. */
export async function readStatus(
  connection: QdrantConnection,
  named?: string,
): Promise<{ points: number; status: string }> {
  const collection = named ?? (await resolveCollection(connection)).collection;
  const { status } = await connection.call((client) => client.getCollection(collection));
  return { points: await countPoints(connection, collection), status };
}

export async function describeCollection(
  connection: QdrantConnection,
): Promise<{ config: unknown; payloadSchema: unknown }> {
  const { collection } = await resolveCollection(connection);
  const info = await connection.call((client) => client.getCollection(collection));
  return { config: info.config, payloadSchema: info.payload_schema };
}

/** The counter in the collection's info is an estimate; this one is not. */
export async function countPoints({ call }: QdrantConnection, collection: string): Promise<number> {
  return (await call((client) => client.count(collection, { exact: true }))).count;
}

async function readVersion({ call, target }: QdrantConnection): Promise<string> {
  const { version } = (await call((client) => client.versionInfo())) as { version?: unknown };
  if (typeof version === 'string') return version;
  throw new HybridFlowError('QDRANT_REFUSED', {
    found: `what answers at ${target.url} is not Qdrant: it states no version`,
    next: 'correct QDRANT_URL',
  });
}

/** A collection's snapshot holds what one node holds: in a cluster it would be a part, and look like the whole. */
async function assertOneNode({ call }: QdrantConnection, collection: string): Promise<void> {
  const cluster = (await call((client) => client.api().clusterStatus({}))).data.result;
  const peers = cluster?.status === 'enabled' ? Object.keys(cluster.peers).length : 1;
  const shards = await call((client) => client.collectionClusterInfo(collection));
  if (peers <= 1 && shards.remote_shards.length === 0) return;
  throw new HybridFlowError('QDRANT_UNFIT', {
    found: `a cluster of ${peers} peers, with ${shards.remote_shards.length} shards of "${collection}" on other peers`,
    expected: 'one node that holds the whole collection, since a snapshot covers one node',
    next: 'move the collection to a single node, or take its versions with the tools of the cluster',
  });
}

/** Null where the collection has several vectors a point, or none: there is no one number then. */
function dimensionOf({ config }: CollectionInfo): number | null {
  const { vectors } = config.params;
  if (vectors == null) return null;
  if (typeof vectors.size === 'number') return vectors.size;
  const named = Object.values(vectors as Record<string, Schemas['VectorParams']>);
  return named.length === 1 ? (named[0]?.size ?? null) : null;
}
