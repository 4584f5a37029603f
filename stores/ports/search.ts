/** Reads as the knowledge base's own readers make them: the probes repeat these before and after a change. */
export interface Neighbour {
  id: string;
  score: number;
  chunkId: string | null;
}

export interface VectorSearch {
  /**
   * The `limit` nearest points of production, best first. QDRANT_REFUSED where the vector's dimension is not the
   * collection's, QDRANT_UNFIT where a point has several vectors to be near to.
   */
  nearest(vector: readonly number[], limit: number): Promise<Neighbour[]>;
}

export interface GraphSearch {
  /** chunk_id -> text, of those that exist. */
  texts(chunkIds: readonly string[]): Promise<Record<string, string>>;
  /** The chapter with the whole tree below it; null where there is no such chapter. */
  hierarchy(chapterId: string): Promise<HierarchyNode | null>;
  /** The first chapter of each of the first `limit` textbooks, in order. */
  firstChapters(limit: number): Promise<string[]>;
}

/** A node as readers see it: of its labels only what it is, so that the marker of a version is no part of it. */
export interface HierarchyNode {
  kind: string;
  properties: Record<string, unknown>;
  /** By how they hang from the node, then in the order of their numbers and ids. */
  children: HierarchyNode[];
}

/** Text to vectors. */
export interface Embedder {
  /** For the record: which one it was. */
  readonly name: string;
  /**
   * One vector a text, each of `dimension` numbers, none all zeros. EMBEDDER_UNFIT where the embedder makes others,
   * EMBEDDER_UNREACHABLE where it may answer later.
   */
  embed(texts: readonly string[], dimension: number, signal?: AbortSignal): Promise<number[][]>;
}
