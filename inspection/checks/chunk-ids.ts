import type { Offenders } from '../../domain/checks';
import { MOST_SAMPLES } from '../../domain/offenders';
import { judgeCoverage, judgeMatch, type Verdict } from '../../domain/seven-checks';
import type { ChunkPage } from '../../stores/ports';
import type { ChunkTable, Side } from './chunk-table';
import type { CheckContext } from './context';

/** Check 3. */
export async function checkCoverage({ reads }: CheckContext): Promise<Verdict> {
  const [chapters, { missing, read }] = await Promise.all([reads.chapters(), reads.qdrant()]);
  return judgeCoverage(chapters.length, missing, read);
}

/** Check 4. What was read is held against the stores' own counts, so that an answer cut short is not believed. */
export async function checkMatch({ reads, stores, control }: CheckContext): Promise<Verdict> {
  const counts = Promise.all([reads.points(), reads.paragraphs()]);
  const [[points, paragraphs], qdrant, neo4j] = await Promise.all([counts, reads.qdrant(), reads.neo4j()]);
  const { inBoth, ...only } = reads.table.tally();
  return judgeMatch({
    counted: { points, paragraphs },
    read: { points: qdrant.read, paragraphs: neo4j.read },
    inBoth,
    onlyQdrant: await named('Qdrant', only.onlyQdrant, reads.table, () => stores.vectors.chunks(control)),
    onlyNeo4j: await named('Neo4j', only.onlyNeo4j, reads.table, () => stores.graph.chunks(control)),
    twiceQdrant: qdrant.twice,
    twiceNeo4j: neo4j.twice,
    unnamedQdrant: qdrant.unnamed,
    unnamedNeo4j: neo4j.unnamed,
  });
}

/** The table keeps no names: where there is something to name, the side is read again until enough are found. */
async function named(
  side: Side,
  total: number,
  table: ChunkTable,
  pages: () => AsyncIterable<ChunkPage>,
): Promise<Offenders> {
  const found = new Set<string>();
  const wanted = Math.min(total, MOST_SAMPLES);
  if (wanted === 0) return { total, samples: [] };
  for await (const { chunkIds } of pages()) {
    for (const chunkId of chunkIds) if (found.size < wanted && table.onlyIn(side, chunkId)) found.add(chunkId);
    if (found.size === wanted) break;
  }
  return { total, samples: [...found].map((chunkId) => `only in ${side}: ${chunkId}`) };
}
