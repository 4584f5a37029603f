import type { ProbeAnswer } from '../../domain/probes';
import type { GraphSearch, VectorSearch } from '../../stores/ports';

/** What the built-in probes read: the two stores that answer a knowledge base's queries. */
export interface ProbeStores {
  vectors: VectorSearch & { inventory(): Promise<{ dimension: number | null }> };
  graph: GraphSearch;
}

export interface Probe {
  name: string;
  kind: ProbeAnswer['kind'];
  /** Rounds whose time is not counted, and rounds whose time is. */
  warmUps: number;
  rounds: number;
  /** How many rounds are timed once it is known how long the first one took; left out: as above, more where it is fast. */
  roundsAfter?(firstMs: number): number;
  /** Asks once. Throws where there is no answer. */
  ask(signal?: AbortSignal): Promise<{ sha256: string; results: number }>;
}
