import type { MigrationSettings } from '../domain/baseline';
import type { ArtifactStore, GraphStore, MetadataStore, VectorStore } from '../stores/ports';

/** Asks Temporal about another run: is the holder of a claim still at work? */
export interface RunDirectory {
  isOpen(workflowId: string, runId: string): Promise<boolean>;
}

/** Everything the activities work with. Built once by the worker; a test builds its own. */
export interface ActivityDeps {
  metadata: MetadataStore;
  artifacts: ArtifactStore;
  vectors: VectorStore;
  graph: GraphStore;
  runs: RunDirectory;
  settings: MigrationSettings;
  /** Texts that must never leave the process, e.g. passwords. */
  secrets: readonly string[];
}
