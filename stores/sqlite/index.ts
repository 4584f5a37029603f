import { resolve } from 'node:path';
import type { MetadataStore } from '../ports';
import { takeInventory } from './inventory';
import type { Source } from './open';
import { openRegistry } from './registry';
import { snapshotTo } from './snapshot';
import { createTables, inspectTables, undoTables } from './tables';

/**
 * HybridFlow's metadata.db. Nothing is opened, and no file ever created, until a method is called; each call
 * uses a connection of its own. The journal mode of the file is left as it is.
 */
export function openMetadataStore(path: string, { busyTimeoutMs = 5_000 } = {}): MetadataStore {
  const source: Source = { path: resolve(path), busyTimeoutMs };
  return {
    inventory: () => takeInventory(source),
    inspectTables: () => inspectTables(source),
    createTables: (lease) => createTables(source, lease),
    undoTables: (before) => undoTables(source, before),
    snapshotTo: (file) => snapshotTo(source, file),
    registry: openRegistry(source),
    // No connection is kept open between calls.
    close: () => undefined,
  };
}
