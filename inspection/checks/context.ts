import type {
  ArtifactStore,
  CallControl,
  GraphChecks,
  MetadataChecks,
  MetadataStore,
  VectorChecks,
  VectorStore,
} from '../../stores/ports';
import type { Reads } from './reads';

export interface ChecksOptions {
  /** What check 1 is measured by: what the inventory before the change counted, unless another source is named. */
  expected?: { chapters: number; perTextbook: Record<string, number>; source?: string };
  /** What the configuration states, for want of an inventory and of a committed version. */
  expectedChapters?: number | null;
  /** Numbers of the checks to run; all seven by default. */
  only?: readonly number[];
}

/**
 * As much of the stores as the seven checks ask: production, or what is about to take its place. The registry and the
 * manifests say what check 1 is measured by where nobody states it.
 */
export interface CheckedStores {
  metadata: Pick<MetadataChecks, 'chapters'> & {
    registry: Pick<MetadataStore['registry'], 'list'>;
    journal: Pick<MetadataStore['journal'], 'current'>;
  };
  vectors: VectorChecks & Pick<VectorStore, 'status'>;
  graph: GraphChecks;
  artifacts: Pick<ArtifactStore, 'readManifest'>;
}

/** What a check works with. */
export interface CheckContext {
  stores: CheckedStores;
  /** What several checks read, read once. */
  reads: Reads;
  options: ChecksOptions;
  control: CallControl;
}
