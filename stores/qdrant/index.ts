import type { VectorStore } from '../ports';
import { adoptAlias, retire } from './adopt-alias';
import { readMode, switchAlias } from './alias';
import { applyDelta } from './apply-delta';
import { readChunks } from './chunks';
import { openQdrantConnection, type VectorTarget } from './client';
import { stagedDelta } from './delta';
import { takeFingerprint } from './fingerprint';
import { describeCollection, readStatus, takeInventory } from './inventory';
import { takeMark } from './mark';
import { readPointDigests } from './point-digests';
import { searchesOf } from './search';
import { collectionsNamed, dropAside, restoreAside, restoreProduction } from './restore';
import { createSnapshot, deleteSnapshot, downloadSnapshot, listSnapshots } from './snapshots';
import { dropStaging, prepareStaging } from './staging';
import { assertStagingFits } from './staging-fit';
import { countPointsPerTextbook } from './textbooks';

export type { VectorTarget } from './client';

/** Opens one Qdrant collection, by its own name or an alias. Nothing is sent before the first call. */
export function openVectorStore(target: VectorTarget): VectorStore {
  const connection = openQdrantConnection(target);
  return {
    inventory: () => takeInventory(connection),
    status: () => readStatus(connection),
    chunks: (control) => readChunks(connection, control),
    ...searchesOf(connection),
    describe: () => describeCollection(connection),
    checksOf: (collection) => ({
      chunks: (control) => readChunks(connection, control, collection),
      status: () => readStatus(connection, collection),
    }),
    fingerprint: (options, control) => takeFingerprint(connection, options, control),
    listSnapshots: () => listSnapshots(connection),
    pointDigests: (options, control) => readPointDigests(connection, options, control),
    createSnapshot: (before, options) => createSnapshot(connection, before, options),
    downloadSnapshot: (ref, file, control) => downloadSnapshot(connection, ref, file, control),
    deleteSnapshot: (name) => deleteSnapshot(connection, name),
    restoreAside: (file, collection, control) => restoreAside(connection, file, collection, control),
    dropAside: (collection) => dropAside(connection, collection),
    collectionsNamed: (prefix) => collectionsNamed(connection, prefix),
    restoreFrom: (file, control) => restoreProduction(connection, file, control),
    prepareStaging: (from, physical, control) => prepareStaging(connection, from, physical, control),
    assertStagingFits: (control) => assertStagingFits(connection, control),
    stagedDelta: (control) => stagedDelta(connection, control),
    applyDelta: (chapters, control) => applyDelta(connection, chapters, control),
    dropStaging: () => dropStaging(connection),
    readMode: () => readMode(connection),
    switchAlias: (collection) => switchAlias(connection, collection),
    adoptAlias: () => adoptAlias(connection),
    retire: (collection) => retire(connection, collection),
    mark: (collection) => takeMark(connection, collection),
    pointsPerTextbook: (textbooks) => countPointsPerTextbook(connection, textbooks),
  };
}
