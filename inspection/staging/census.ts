import type { CheckResult } from '../../domain/checks';
import { chapterIdOf, chapterOfChunk, countPerTextbook, textbookOfChapter } from '../../domain/chunk-id';
import { OffenderTally } from '../../domain/offenders';
import type { CallControl, ChunkPage } from '../../stores/ports';
import type { CheckedStores } from '../checks';

export interface Census {
  check: CheckResult;
  /** Rows of SQLite: the count that the version is registered with. */
  chapters: number;
  /** The same by Qdrant's chunks: SQLite's rows measured by themselves would always be right. */
  measured: { chapters: number; perTextbook: Record<string, number>; source: string };
  points: number;
  paragraphs: number;
}

/**
 * The orphan census: every chapter that any of the three stores knows must be known to all of them, and there must be
 * one. It takes the stores as they will be; see {@link stagedView}.
 */
export async function takeCensus(view: CheckedStores, control: CallControl): Promise<Census> {
  const startedAt = performance.now();
  const rows = view.metadata.chapters();
  const inSqlite = new Set(rows.map(chapterIdOf));
  const [qdrant, neo4j] = await Promise.all([
    chaptersIn(view.vectors.chunks(control)),
    chaptersIn(view.graph.chunks(control)),
  ]);
  const orphans = new OffenderTally();
  for (const chapter of [...new Set([...inSqlite, ...qdrant.chapters, ...neo4j.chapters])].sort()) {
    const lacking = [
      ...(inSqlite.has(chapter) ? [] : ['SQLite']),
      ...(qdrant.chapters.has(chapter) ? [] : ['Qdrant']),
      ...(neo4j.chapters.has(chapter) ? [] : ['Neo4j']),
    ];
    if (lacking.length > 0) orphans.add(`${chapter}: not in ${lacking.join(' and ')}`);
  }
  const offenders = orphans.result();
  const check: CheckResult = {
    name: 'orphan census: chapters known to all three stores',
    severity: 'critical',
    passed: offenders.total === 0 && inSqlite.size > 0,
    expected: 'every chapter in SQLite, Qdrant and Neo4j alike',
    actual: offenders.total === 0 ? `${inSqlite.size} chapters in each` : `${offenders.total} chapters are not`,
    durationMs: Math.round(performance.now() - startedAt),
    offenders,
  };
  return {
    check,
    chapters: rows.length,
    measured: measureOf(qdrant.chapters),
    points: qdrant.read,
    paragraphs: neo4j.read,
  };
}

function measureOf(chapters: ReadonlySet<string>): Census['measured'] {
  const perTextbook = countPerTextbook([...chapters].map(textbookOfChapter));
  return { chapters: chapters.size, perTextbook, source: 'by the chunks staged in Qdrant' };
}

/** Chapters only: chunk ids without one are the concern of check 4. */
async function chaptersIn(pages: AsyncIterable<ChunkPage>): Promise<{ chapters: Set<string>; read: number }> {
  const chapters = new Set<string>();
  let read = 0;
  for await (const { chunkIds, unnamed } of pages) {
    read += chunkIds.length + unnamed.length;
    for (const chunkId of chunkIds) {
      const chapter = chapterOfChunk(chunkId);
      if (chapter !== undefined) chapters.add(chapter);
    }
  }
  return { chapters, read };
}
