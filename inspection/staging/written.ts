import type { StagedMarks, WrittenSince } from '../../domain/staging';
import { STAGING_NAMES, STORE_NAMES, type StoreName } from '../../domain/names';
import type { Stores } from '../../stores/ports';
import { markProduction, sameMark } from '../marks';

type Marking = Pick<Stores, 'vectors' | 'graph'>;

/** Asks Qdrant and Neo4j what was last written to production and to staging; taken before either is read. */
export async function takeStagedMarks({ vectors, graph }: Marking): Promise<StagedMarks> {
  const [production, staging] = await Promise.all([
    markProduction({ vectors, graph }),
    vectors.mark(STAGING_NAMES.collection),
  ]);
  return { ...production, stagingCollection: staging.value };
}

/**
 * The stores that have to be read again: those that were written to since the marks were taken, and those that cannot
 * say. SQLite is always among them, since this system writes to it itself and reading it takes no time.
 */
export async function writtenSince(stores: Marking, before: StagedMarks | undefined): Promise<WrittenSince> {
  const now = await takeStagedMarks(stores);
  const same = (name: keyof StagedMarks) => before !== undefined && sameMark(before[name], now[name]);
  const unless = (untouched: Record<StoreName, boolean>) => STORE_NAMES.filter((store) => !untouched[store]);
  // Production's graph and the staged one are one database.
  const neo4j = same('neo4j');
  return {
    production: unless({ sqlite: false, qdrant: same('qdrant'), neo4j }),
    staging: unless({ sqlite: false, qdrant: same('stagingCollection'), neo4j }),
  };
}
