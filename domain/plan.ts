import type { WriterSeen } from './consistency';
import type { ErrorCode } from './errors';
import type { Inventory } from './inventory';
import type { PredictedBytes, Refusal } from './preflight';

/** Rows, points or paragraphs by textbook. */
export type CountsByTextbook = Record<string, number>;

/** What `hfv plan` shows and the pre-migration report holds. Making one changes nothing and takes no lock. */
export interface MigrationPlan {
  format: 'hybridflow-plan/1';
  base: string;
  takenAt: string;
  /** SHA-256 over {@link PlanFacts}: the same facts give the same hash, whoever asks and whenever. */
  hash: string;
  label: string;
  inventory: Inventory;
  /** Beside the chapters per textbook in the inventory; null where the store does not count them. */
  perTextbook: { qdrant: CountsByTextbook | null; neo4j: CountsByTextbook | null };
  tables: { name: string; state: 'absent' | 'fits' | 'differs'; rows: number; differences: string[] }[];
  disk: { path: string; freeBytes: number; neededBytes: number };
  predictedBytes: PredictedBytes;
  batches: { size: number; count: number };
  writers: WriterSeen[];
  /** The fence or claim that stands, in words; null where none does. */
  heldBy: string | null;
  estimate: { phase: string; seconds: number }[];
  /** What would be refused if the migration were started now. */
  refusals: { code: ErrorCode; found: string; next: string | null }[];
  warnings: string[];
  /** The committed baseline, where there is one: then there is nothing to do. */
  existing: string | null;
}

/** What stays the same for as long as production and the request do; never a moment, a path, or a number of bytes. */
export interface PlanFacts {
  format: MigrationPlan['format'];
  base: string;
  label: string;
  batchSize: number;
  sqlite: { chapters: number; perTextbook: CountsByTextbook };
  qdrant: {
    name: string;
    collection: string;
    aliases: { alias: string; collection: string }[];
    points: number;
    perTextbook: CountsByTextbook | null;
    dimension: number | null;
    serverVersion: string;
  };
  neo4j: {
    nodes: number;
    relationships: number;
    paragraphs: number;
    perTextbook: CountsByTextbook | null;
    alreadyLabelled: number;
    withoutChunkId: number;
    edition: string;
    serverVersion: string;
  };
  /** Rows count only as being there or not: what earlier attempts have logged does not change the plan. */
  tables: { name: string; state: string; empty: boolean }[];
  existing: string | null;
}

/**
 * The facts that a plan's hash stands for. The paths of the two sides may differ (a laptop and a worker in a
 * container see another one), and so may the version of the SQLite library, so neither is among them.
 */
export function planFacts(plan: Omit<MigrationPlan, 'hash'>): PlanFacts {
  const { format, base, label, inventory, perTextbook, tables, batches, existing } = plan;
  const { sqlite, qdrant, neo4j } = inventory;
  const { name, collection, points, dimension } = qdrant;
  const { nodes, relationships, paragraphs, alreadyLabelled, withoutChunkId, edition } = neo4j;
  return {
    format,
    base,
    label,
    batchSize: batches.size,
    sqlite: { chapters: sqlite.chapters, perTextbook: sqlite.perTextbook },
    qdrant: {
      name,
      collection,
      aliases: [...qdrant.aliases].sort((a, b) => (a.alias < b.alias ? -1 : 1)),
      points,
      perTextbook: perTextbook.qdrant,
      dimension,
      serverVersion: qdrant.serverVersion,
    },
    neo4j: {
      nodes,
      relationships,
      paragraphs,
      perTextbook: perTextbook.neo4j,
      alreadyLabelled,
      withoutChunkId,
      edition,
      serverVersion: neo4j.serverVersion,
    },
    tables: tables
      .map((table) => ({ name: table.name, state: table.state, empty: table.rows === 0 || table.state === 'fits' }))
      .sort((a, b) => (a.name < b.name ? -1 : 1)),
    existing,
  };
}

/** Insists on the plan that was agreed on, where one was. Only hashes are compared, so what differs cannot be named. */
export function judgePlanHash(given: string | undefined, plan: Pick<MigrationPlan, 'hash'>): Refusal | undefined {
  if (given === undefined || given === plan.hash) return undefined;
  return {
    code: 'PLAN_CHANGED',
    facts: {
      found: `Production, or the request, gives the plan ${plan.hash} now`,
      expected: `the plan that was agreed on, ${given}`,
      next: 'run `hfv plan` again with the same flags, read what is different, and start with the hash that it prints',
      details: { given, hash: plan.hash },
    },
  };
}
