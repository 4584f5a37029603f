import type { MigrationSettings } from '../../domain/baseline';
import type { HealthSettings } from '../../domain/health';
import type { ProbeSettings } from '../../domain/probes';
import type { Embedder, Stores } from '../../stores/ports';

/** What a health check works with: the stores of the base, and how its queries and logs are to be looked at. */
export interface HealthDeps extends Stores {
  embedder: Embedder;
  settings: Pick<MigrationSettings, 'base' | 'minimumFreeBytes' | 'expectedChapters'>;
  probes: ProbeSettings;
  health: HealthSettings;
  /** Texts that must never leave the process. */
  secrets: readonly string[];
}
