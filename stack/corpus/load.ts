import { FEATURE_DIMENSIONS } from '../../domain/feature-hashing';
import { HybridFlowError } from '../../domain/errors';
import { loadGraph } from '../../stores/neo4j/bulk-load';
import { loadPoints } from '../../stores/qdrant/bulk-load';
import { loadMetadata } from '../../stores/sqlite/bulk-load';
import { chapters } from './chapters';
import { differences, survey, type Targets } from './found';
import type { CorpusPlan } from './plan';
import { graph, metadataRow, points } from './rows';
import { Tally, tallied, type SeedCounts } from './tally';

export interface SeedProgress {
  store: 'sqlite' | 'qdrant' | 'neo4j';
  done: number;
  total: number;
  unit: string;
}

export interface Loaded {
  counts: SeedCounts;
  digest: string;
  /** Milliseconds. Qdrant and Neo4j are loaded side by side. */
  durations: { sqlite: number; qdrant: number; neo4j: number };
}

/**
 * Writes the corpus into three empty stores and compares the counts they report with what was made.
 *
 * The corpus is generated once for each store: making it takes a second or two, holding it would take all the memory.
 */
export async function load(targets: Targets, plan: CorpusPlan, report: (p: SeedProgress) => void): Promise<Loaded> {
  const tally = new Tally();
  const sqlite = await timed(() => Promise.resolve(fillMetadata(targets, plan, tally, report)));
  const counts = tally.counts();
  const { nodes } = counts.neo4j;
  const results = await Promise.allSettled([
    timed(() =>
      loadPoints(targets.qdrant, { dimensions: FEATURE_DIMENSIONS, total: plan.paragraphs }, allPoints(plan), (done) =>
        report({ store: 'qdrant', done, total: plan.paragraphs, unit: 'points' }),
      ),
    ),
    timed(() =>
      loadGraph(targets.neo4j, plan.textbooks, mapped(chapters(plan), graph), (done) =>
        report({ store: 'neo4j', done, total: nodes, unit: 'nodes' }),
      ),
    ),
  ]);
  // Both have stopped here, whatever happened: an error never leaves the other one writing behind the caller's back.
  const [qdrant = 0, neo4j = 0] = results.map((result) => {
    if (result.status === 'rejected') throw result.reason;
    return result.value;
  });
  const wrong = differences(await survey(targets), counts);
  if (wrong.length > 0) {
    throw new HybridFlowError('SEED_REFUSED', {
      found: `After loading, the stores hold ${wrong.join('; ')}`,
      next: 'make sure that nothing else writes to them, then seed again: it starts over',
    });
  }
  return { counts, digest: tally.digest(), durations: { sqlite, qdrant, neo4j } };
}

function fillMetadata(
  { metadataDb }: Targets,
  plan: CorpusPlan,
  tally: Tally,
  report: (p: SeedProgress) => void,
): void {
  const total = plan.chapters.length;
  loadMetadata(metadataDb, mapped(tallied(chapters(plan), tally), metadataRow), (done) =>
    report({ store: 'sqlite', done, total, unit: 'chapters' }),
  );
}

function* allPoints(plan: CorpusPlan) {
  for (const chapter of chapters(plan)) yield* points(chapter);
}

function* mapped<A, B>(items: Iterable<A>, change: (item: A, nth: number) => B): Generator<B, void, undefined> {
  let nth = 0;
  for (const item of items) yield change(item, nth++);
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const started = performance.now();
  await work();
  return Math.round(performance.now() - started);
}
