import { setTimeout } from 'node:timers/promises';
import type { Marks, WriterSeen } from '../domain/consistency';
import { HybridFlowError } from '../domain/errors';
import type { Inventory } from '../domain/inventory';
import type { StoreName } from '../domain/names';
import type { CallControl, Stores } from '../stores/ports';
import { moved, takeMarks } from './marks';

type Watched = Pick<Stores, 'metadata' | 'vectors' | 'graph'>;

/** How the stores stood when the watch began. */
export interface SeenBefore {
  marks: Marks;
  inventory: Inventory;
}

export interface WritersFound {
  writers: WriterSeen[];
  /** What could not be found out, in words. */
  blind: string[];
}

/**
 * Looks for other writers: transactions of Neo4j that write or may, and marks and counts that change while it waits.
 * SQLite and Qdrant do not tell who writes, only that somebody does. Writes nothing itself.
 */
export async function lookForWriters(
  stores: Watched,
  { marks, inventory }: SeenBefore,
  { label, watchMs }: { label: string; watchMs: number },
  control?: CallControl,
): Promise<WritersFound> {
  const { found: open, blind } = await openTransactions(stores);
  if (watchMs === 0) return { writers: open, blind };
  await setTimeout(watchMs, undefined, { signal: control?.signal });
  const after = await takeMarks(stores);
  const changes = await countsThatChanged(stores, inventory, label);
  const silent = (Object.keys(after) as StoreName[]).filter(
    (store) => after[store].value === null || marks[store].value === null,
  );
  const seen = moved(marks, after)
    .filter((store) => !changes.some((change) => change.store === store))
    .map((store) => ({ store, what: `wrote to ${NAMES[store]} while it was watched`, since: marks[store].at }));
  const watched = changes.map(({ store, what }) => ({ store, what, since: marks[store].at }));
  return {
    writers: [...open, ...watched, ...seen],
    blind: [...blind, ...silent.map((store) => `${NAMES[store]} does not say whether it was written to`)],
  };
}

const NAMES: Record<StoreName, string> = { sqlite: 'metadata.db', qdrant: 'Qdrant', neo4j: 'Neo4j' };

async function openTransactions({ graph }: Watched): Promise<{ found: WriterSeen[]; blind: string[] }> {
  try {
    return { found: await graph.writers(), blind: [] };
  } catch (error) {
    if (!(error instanceof HybridFlowError) || error.code !== 'NEO4J_REFUSED') throw error;
    return { found: [], blind: ['Neo4j does not let this user see its transactions'] };
  }
}

async function countsThatChanged(
  { metadata, vectors, graph }: Watched,
  { sqlite, qdrant, neo4j }: Inventory,
  label: string,
): Promise<Pick<WriterSeen, 'store' | 'what'>[]> {
  const [{ points }, { nodes, relationships, labels }] = await Promise.all([vectors.status(), graph.counts(label)]);
  const compared: [StoreName, string, number, number][] = [
    ['sqlite', 'chapters', sqlite.chapters, metadata.inventory().chapters],
    ['qdrant', 'points', qdrant.points, points],
    ['neo4j', 'nodes', neo4j.nodes, nodes],
    ['neo4j', 'relationships', neo4j.relationships, relationships],
    ['neo4j', 'paragraphs', neo4j.paragraphs, labels.paragraphs],
  ];
  return compared
    .filter(([, , before, after]) => before !== after)
    .map(([store, what, before, after]) => ({ store, what: `changed the ${what} from ${before} to ${after}` }));
}
