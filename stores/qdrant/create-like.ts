import type { Schemas } from '@qdrant/js-client-rest';
import type { QdrantConnection } from './client';
import { resolveCollection } from './resolve';

/** Makes an empty collection with production's own settings and payload indexes. What goes by the name must be gone. */
export async function createLikeProduction(connection: QdrantConnection, name: string): Promise<void> {
  const { collection } = await resolveCollection(connection);
  const { config, payload_schema: indexes } = await connection.call((client) => client.getCollection(collection));
  await connection.callPatiently((client) => client.createCollection(name, settingsOf(config)));
  for (const [field_name, index] of Object.entries(indexes)) {
    const field_schema = (index?.params ?? index?.data_type) as Schemas['PayloadFieldSchema'];
    await connection.callPatiently((client) =>
      client.createPayloadIndex(name, { field_name, field_schema, wait: true }),
    );
  }
}

/** What the server states of a collection, as it is asked for when one is made: two names differ. */
function settingsOf({
  params,
  hnsw_config,
  optimizer_config,
  wal_config,
  quantization_config,
  strict_mode_config,
}: Schemas['CollectionConfig']): Schemas['CreateCollection'] {
  const { vectors, sparse_vectors, shard_number, sharding_method } = params;
  const { replication_factor, write_consistency_factor, on_disk_payload } = params;
  return {
    ...{ vectors, sparse_vectors, shard_number, sharding_method },
    ...{ replication_factor, write_consistency_factor, on_disk_payload },
    ...{ hnsw_config, optimizers_config: optimizer_config, wal_config, quantization_config },
    strict_mode_config,
  };
}
