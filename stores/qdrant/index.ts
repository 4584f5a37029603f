import type { VectorStore } from '../ports';
import { openQdrantConnection, type VectorTarget } from './client';
import { describeCollection, readStatus, takeInventory } from './inventory';
import { createSnapshot, deleteSnapshot, downloadSnapshot, listSnapshots } from './snapshots';

export type { VectorTarget } from './client';

/** Opens one Qdrant collection, by its own name or an alias. Nothing is sent before the first call. */
export function openVectorStore(target: VectorTarget): VectorStore {
  const connection = openQdrantConnection(target);
  return {
    inventory: () => takeInventory(connection),
    status: () => readStatus(connection),
    describe: () => describeCollection(connection),
    listSnapshots: () => listSnapshots(connection),
    createSnapshot: (before, options) => createSnapshot(connection, before, options),
    downloadSnapshot: (ref, file, control) => downloadSnapshot(connection, ref, file, control),
    deleteSnapshot: (name) => deleteSnapshot(connection, name),
  };
}
