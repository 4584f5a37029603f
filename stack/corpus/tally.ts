import { createHash } from 'node:crypto';
import type { GraphCounts } from '../../stores/neo4j/bulk-load';
import type { Chapter } from './chapters';

/** What the three stores hold of a corpus. */
export interface SeedCounts {
  sqlite: { chapters: number; byTextbook: Record<string, number> };
  qdrant: { points: number };
  neo4j: GraphCounts;
}

/** Counts and a digest of chapters as they go by, so that nobody has to hold or make them twice for it. */
export class Tally {
  private readonly hash = createHash('sha256');
  private readonly byTextbook: Record<string, number> = {};
  private paragraphs = 0;
  private nodes = 0;
  private relationships = 0;

  add(chapter: Chapter): void {
    const { textbookId, divisions, paragraphs, artifacts } = chapter;
    this.hash.update(JSON.stringify(chapter)).update('\n');
    if (!(textbookId in this.byTextbook)) this.nodes += 1;
    this.byTextbook[textbookId] = (this.byTextbook[textbookId] ?? 0) + 1;
    this.paragraphs += paragraphs.length;
    this.nodes += 1 + divisions.length + paragraphs.length + artifacts.length;
    const hierarchy = 1 + divisions.length + paragraphs.length;
    const chain = 2 * (paragraphs.length - 1);
    this.relationships += hierarchy + chain + artifacts.filter(({ cited }) => cited).length;
  }

  /** The same for the same corpus, different for any other. Ends the counting. */
  digest(): string {
    return this.hash.digest('hex');
  }

  counts(): SeedCounts {
    const { paragraphs, nodes, relationships, byTextbook } = this;
    const chapters = Object.values(byTextbook).reduce((a, b) => a + b, 0);
    return {
      sqlite: { chapters, byTextbook },
      qdrant: { points: paragraphs },
      neo4j: { nodes, relationships, paragraphs },
    };
  }
}

/** Passes chapters on, counting them. */
export function* tallied(chapters: Iterable<Chapter>, tally: Tally): Generator<Chapter, void, undefined> {
  for (const chapter of chapters) {
    tally.add(chapter);
    yield chapter;
  }
}
