/** What stands in production before a change; expected counts come from here, never from the code. */
export interface Inventory {
  takenAt: string;
  sqlite: SqliteInventory;
  qdrant: QdrantInventory;
  neo4j: Neo4jInventory;
}

export interface SqliteInventory {
  path: string;
  bytes: number;
  sqliteVersion: string;
  chapters: number;
  /** textbook_id -> chapters */
  perTextbook: Record<string, number>;
}

export interface QdrantInventory {
  /** The name production is read by; may be an alias. */
  name: string;
  /** The collection behind that name. */
  collection: string;
  aliases: { alias: string; collection: string }[];
  status: string;
  /** Exact, not the approximate counter of the collection's info. */
  points: number;
  dimension: number | null;
  serverVersion: string;
}

export interface Neo4jInventory {
  edition: string;
  serverVersion: string;
  nodes: number;
  relationships: number;
  paragraphs: number;
  /** Paragraphs that carry the label that this change is about to give; must be 0. */
  alreadyLabelled: number;
  /** Paragraphs without a chunk_id cannot be reached by a keyset page; must be 0. */
  withoutChunkId: number;
}
