import { createHash } from 'node:crypto';
import { estimatePhases } from '../domain/estimate';
import type { MigrationSettings } from '../domain/baseline';
import type { Inventory } from '../domain/inventory';
import { canonicalJson } from '../domain/canonical-json';
import { planFacts, type CountsByTextbook, type MigrationPlan } from '../domain/plan';
import { judgeAll, neededBytes, predictArtifacts, type PreflightFacts, type Refusal } from '../domain/preflight';
import type { CallControl, Stores } from '../stores/ports';
import { inspectBackups } from './backups-folder';
import { findHolder, judgeHolder, type Asking, type Holder } from './holders';
import { takeMarks } from './marks';
import { lookForWriters } from './writers';

export interface PlanRequest extends Pick<
  MigrationSettings,
  'base' | 'batchSize' | 'minimumFreeBytes' | 'expectedChapters' | 'expectedParagraphs'
> {
  label: string;
}

export interface PlanOptions extends Asking {
  /** How long to watch for other writers; 0 looks only at who is at work this moment. */
  watchMs: number;
}

/** More textbooks than this are not counted one by one in Qdrant: each may take a scan. */
const MOST_TEXTBOOKS = 50;
/** Statuses that pass by themselves; a migration waits for them. */
const SETTLING = ['yellow', 'grey'];

/**
 * Says what a migration would find, take and refuse, without beginning one: opens nothing for writing, makes no file and
 * no folder, takes no lock.
 *
 * @throws HybridFlowError where a store cannot be read at all: METADATA_DB_*, CHAPTER_TABLE_MISSING, QDRANT_*, NEO4J_*, COLLECTION_MISSING
 */
export async function makePlan(
  stores: Stores,
  request: PlanRequest,
  { watchMs, ...asking }: PlanOptions,
  control?: CallControl,
): Promise<MigrationPlan> {
  const { metadata, artifacts } = stores;
  const { base, label, batchSize, minimumFreeBytes } = request;
  // Whoever is the first to read a database with a leftover log puts it in order, which is no sign of a writer.
  metadata.inventory();
  const marks = await takeMarks(stores);
  const inventory = await takeInventory(stores, label);
  const perTextbook = await countPerTextbook(stores, inventory);
  const tablesBefore = metadata.inspectTables();
  const folder = await inspectBackups(artifacts);
  const holder = await findHolder(stores, asking);
  const found = await lookForWriters(stores, { marks, inventory }, { label, watchMs }, control);
  const existing = metadata.registry.committedBaseline()?.versionId ?? null;
  const facts = { inventory, tablesBefore, settings: request, freeBytes: folder.freeBytes, label, versionInUse: false };
  const refusals = [...judgeHolder(holder), ...folder.refusals, ...judgeForPlan(facts)];
  const plan: Omit<MigrationPlan, 'hash'> = {
    format: 'hybridflow-plan/1',
    base,
    takenAt: inventory.takenAt,
    label,
    inventory,
    perTextbook,
    tables: tablesBefore.map(({ name, state, rows, differences }) => ({ name, state, rows, differences })),
    disk: {
      path: folder.path,
      freeBytes: folder.freeBytes,
      neededBytes: neededBytes(inventory, minimumFreeBytes),
    },
    predictedBytes: predictArtifacts(inventory),
    batches: { size: batchSize, count: Math.ceil(inventory.neo4j.paragraphs / batchSize) },
    writers: found.writers,
    heldBy: holder?.words ?? null,
    estimate: estimatePhases(inventory),
    // A base that has its baseline is left as it is, before anything is judged.
    refusals: existing === null ? refusals.map(shown) : [],
    warnings: [...warningsOf(inventory, holder), ...unevenTextbooks(perTextbook), ...found.blind],
    existing,
  };
  return { ...plan, hash: hashOf(plan) };
}

/** The same facts give the same hash, here and on the worker. */
export function hashOf(plan: Omit<MigrationPlan, 'hash'>): string {
  return createHash('sha256')
    .update(canonicalJson(planFacts(plan)))
    .digest('hex');
}

async function takeInventory({ metadata, vectors, graph }: Stores, label: string): Promise<Inventory> {
  const sqlite = metadata.inventory();
  const [qdrant, neo4j] = await Promise.all([vectors.inventory(), graph.inventory(label)]);
  return { takenAt: new Date().toISOString(), sqlite, qdrant, neo4j };
}

/** What belongs to no textbook that SQLite knows is counted too, so that the sums are the totals. */
async function countPerTextbook(
  { vectors, graph }: Stores,
  { sqlite, qdrant }: Inventory,
): Promise<MigrationPlan['perTextbook']> {
  const textbooks = Object.keys(sqlite.perTextbook);
  const neo4j = await graph.paragraphsPerTextbook();
  if (textbooks.length > MOST_TEXTBOOKS) return { qdrant: null, neo4j };
  const points = await vectors.pointsPerTextbook(textbooks);
  const others = qdrant.points - sum(points);
  return { qdrant: others > 0 ? { ...points, '(other)': others } : points, neo4j };
}

function judgeForPlan(facts: PreflightFacts): Refusal[] {
  const settling = SETTLING.includes(facts.inventory.qdrant.status);
  return judgeAll(facts).filter(({ code }) => !(settling && code === 'COLLECTION_NOT_GREEN'));
}

function shown({ code, facts }: Refusal): MigrationPlan['refusals'][number] {
  const found = facts.expected ? `${facts.found}; expected: ${facts.expected}` : facts.found;
  return { code, found, next: facts.next ?? null };
}

function warningsOf({ qdrant }: Inventory, holder: Holder | undefined): string[] {
  const { collection, status } = qdrant;
  return [
    ...(SETTLING.includes(status)
      ? [`the collection ${collection} is ${status}: a migration waits up to 3 minutes for it to become green`]
      : []),
    ...(holder?.alive === false
      ? [`${holder.words}; its run has ended, so a migration first undoes what it left`]
      : []),
  ];
}

/** The totals may agree where two textbooks do not. */
function unevenTextbooks({ qdrant, neo4j }: MigrationPlan['perTextbook']): string[] {
  if (!qdrant || !neo4j) return [];
  return Object.entries(qdrant)
    .filter(([textbook, points]) => textbook !== '(other)' && points !== (neo4j[textbook] ?? 0))
    .map(([textbook, points]) => `${textbook} has ${points} points and ${neo4j[textbook] ?? 0} paragraphs`);
}

function sum(counts: CountsByTextbook): number {
  return Object.values(counts).reduce((total, count) => total + count, 0);
}
