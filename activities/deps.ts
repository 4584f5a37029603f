import type { MigrationSettings, RetentionSettings } from '../domain/baseline';
import type { HealthSettings } from '../domain/health';
import type { ProbeSettings } from '../domain/probes';
import type { Embedder, Stores } from '../stores/ports';

/** Asks Temporal about another run: is the holder of a claim still at work? */
export interface RunDirectory {
  isOpen(workflowId: string, runId: string): Promise<boolean>;
}

/** Everything the activities work with. Built once by the worker; a test builds its own. */
export interface ActivityDeps extends Stores {
  embedder: Embedder;
  runs: RunDirectory;
  settings: MigrationSettings;
  retention: RetentionSettings;
  probes: ProbeSettings;
  health: HealthSettings;
  git: { repository?: string; tag: string };
  /** Texts that must never leave the process, e.g. passwords. */
  secrets: readonly string[];
}
