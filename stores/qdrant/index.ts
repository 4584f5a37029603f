import type { VectorStore } from '../ports';
import { readChunks } from './chunks';
import { openQdrantConnection, type VectorTarget } from './client';
import { takeFingerprint } from './fingerprint';
import { describeCollection, readStatus, takeInventory } from './inventory';
import { takeMark } from './mark';
import { nearestIn } from './search';
import { collectionsNamed, dropAside, restoreAside, restoreProduction } from './restore';
import { createSnapshot, deleteSnapshot, downloadSnapshot, listSnapshots } from './snapshots';
import { countPointsPerTextbook } from './textbooks';

export type { VectorTarget } from './client';

/** Opens one Qdrant collection, by its own name or an alias. Nothing is sent before the first call. */
export function openVectorStore(target: VectorTarget): VectorStore {
  const connection = openQdrantConnection(target);
  return {
    inventory: () => takeInventory(connection),
    status: () => readStatus(connection),
    chunks: (control) => readChunks(connection, control),
    nearest: nearestIn(connection),
    describe: () => describeCollection(connection),
    fingerprint: (options, control) => takeFingerprint(connection, options, control),
    listSnapshots: () => listSnapshots(connection),
    createSnapshot: (before, options) => createSnapshot(connection, before, options),
    downloadSnapshot: (ref, file, control) => downloadSnapshot(connection, ref, file, control),
    deleteSnapshot: (name) => deleteSnapshot(connection, name),
    restoreAside: (file, collection, control) => restoreAside(connection, file, collection, control),
    dropAside: (collection) => dropAside(connection, collection),
    collectionsNamed: (prefix) => collectionsNamed(connection, prefix),
    restoreFrom: (file, control) => restoreProduction(connection, file, control),
    mark: () => takeMark(connection),
    pointsPerTextbook: (textbooks) => countPointsPerTextbook(connection, textbooks),
  };
}
