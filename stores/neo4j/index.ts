import type { GraphStore } from '../ports';
import { openGraphConnection, type GraphTarget } from './driver';
import { exportGraph } from './export';
import { acquireFence, labelBatch, rehearseLabels, readFence, revokeFence, setGate } from './fence';
import { takeCounts, takeInventory } from './inventory';
import { removeLabel } from './labels';

export type { GraphTarget } from './driver';

/** Opens the graph of one Neo4j database. Nothing is sent before the first call. */
export function openGraphStore(target: GraphTarget): GraphStore {
  const connection = openGraphConnection(target);
  return {
    inventory: (label) => takeInventory(connection, label),
    counts: (label) => takeCounts(connection, label),
    exportTo: (file, control) => exportGraph(connection, file, control),
    acquireFence: (token, lease) => acquireFence(connection, token, lease),
    readFence: () => readFence(connection),
    setGate: (token, paused) => setGate(connection, token, paused),
    labelBatch: (batch) => labelBatch(connection, batch),
    rehearseLabels: (label, token) => rehearseLabels(connection, label, token),
    revokeFence: (token) => revokeFence(connection, token),
    removeLabel: (label, batchSize, control) => removeLabel(connection, label, batchSize, control),
    close: () => connection.close(),
  };
}
