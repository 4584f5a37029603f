import { resolve } from 'node:path';
import type { MetadataStore } from '../ports';
import { readChapters } from './chapters';
import { takeFingerprint } from './fingerprint';
import { integrity } from './health';
import { takeInventory } from './inventory';
import { openJournal } from './journal';
import { markOf } from './mark';
import type { Source } from './open';
import { openPins } from './pins';
import { openRegistry } from './registry';
import { dropStaging, restoreFrom } from './restore';
import { snapshotTo } from './snapshot';
import { openStaging } from './staging';
import { createTables, inspectTables } from './tables';
import { undoTables } from './undo-tables';
import { openWriteFence } from './write-fence';

/**
 * HybridFlow's metadata.db. Nothing is opened, and no file ever created, until a method is called; each call
 * uses a connection of its own. The journal mode of the file is left as it is.
 */
export function openMetadataStore(path: string, { busyTimeoutMs = 5_000 } = {}): MetadataStore {
  const source: Source = { path: resolve(path), busyTimeoutMs };
  return {
    inventory: () => takeInventory(source),
    chapters: (file) => readChapters(file === undefined ? source : { ...source, path: resolve(file) }),
    fingerprint: (file) => takeFingerprint(source, file),
    inspectTables: () => inspectTables(source),
    createTables: (lease) => createTables(source, lease),
    undoTables: (before) => undoTables(source, before),
    snapshotTo: (file) => snapshotTo(source, file),
    restoreFrom: (file, lease) => restoreFrom(source, file, lease),
    dropStaging: (lease) => dropStaging(source, lease),
    ...openStaging(source),
    integrity: (file) => integrity(file === undefined ? source : { ...source, path: resolve(file) }),
    mark: async () => markOf(source),
    registry: openRegistry(source),
    fence: openWriteFence(source),
    journal: openJournal(source),
    pins: openPins(source),
    // No connection is kept open between calls.
    close: () => undefined,
  };
}
