import type { StoreMark } from '../../domain/consistency';
import { HybridFlowError } from '../../domain/errors';
import type { QdrantConnection } from './client';
import { readAliases, resolveCollection } from './resolve';

/** The least that shows the shards of each collection; the next one would list every segment. */
const DETAILS_LEVEL = 3;

interface ShardTelemetry {
  id: number;
  local?: { update_queue?: { length?: number; op_num?: number | null } | null } | null;
}

interface CollectionTelemetry {
  id?: string;
  config?: { uuid?: string | null } | null;
  shards?: ShardTelemetry[] | null;
}

/**
 * The number of the last write that each shard has applied, as the server's telemetry has it (since Qdrant 1.17), with
 * the collection behind the name: a moved alias is another one. Null where the server is older, or keeps its telemetry
 * from this key.
 */
export async function takeMark(connection: QdrantConnection, name?: string): Promise<StoreMark> {
  const at = new Date().toISOString();
  const collection =
    name === undefined ? (await resolveCollection(connection)).collection : await behind(connection, name);
  const found = (await readTelemetry(connection)).find(({ id }) => id === collection);
  return { at, value: found ? valueOf(found) : null };
}

async function behind(connection: QdrantConnection, name: string): Promise<string> {
  return (await readAliases(connection)).find(({ alias_name }) => alias_name === name)?.collection_name ?? name;
}

async function readTelemetry({ call }: QdrantConnection): Promise<CollectionTelemetry[]> {
  try {
    const { data } = await call((client) => client.api().telemetry({ details_level: DETAILS_LEVEL }));
    return (data.result?.collections.collections ?? []) as CollectionTelemetry[];
  } catch (error) {
    const silent = error instanceof HybridFlowError && ['QDRANT_AUTH', 'QDRANT_REFUSED'].includes(error.code);
    if (silent) return [];
    throw error;
  }
}

function valueOf({ id, config, shards }: CollectionTelemetry): string | null {
  const queues = (shards ?? []).map((shard) => ({ shard: shard.id, ...shard.local?.update_queue }));
  if (queues.length === 0 || queues.some(({ op_num }) => op_num == null)) return null;
  // What waits in the queue was acknowledged, but is not in the number yet.
  const applied = queues.map(({ shard, op_num, length }) => `${shard}=${op_num}+${length ?? 0}`).sort();
  return [id, config?.uuid ?? '', ...applied].join(' ');
}
