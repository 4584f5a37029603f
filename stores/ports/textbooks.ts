import type { CountsByTextbook } from '../../domain/plan';

/** How the points and paragraphs spread over the textbooks: for people, and for finding where two stores differ. */
export interface VectorTextbooks {
  /** Exact numbers of the points whose payload names these textbooks. */
  pointsPerTextbook(textbooks: readonly string[]): Promise<CountsByTextbook>;
}

export interface GraphTextbooks {
  /** By the first part of the chunk_id; paragraphs without one are left out. */
  paragraphsPerTextbook(): Promise<CountsByTextbook>;
}
