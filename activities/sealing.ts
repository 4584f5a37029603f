import { ARTIFACT_FILES } from '../domain/names';
import { writeLease } from './context';
import type { ActivityDeps } from './deps';

/** What is asked of a version after its commit. */
export function createSealingActivities({ artifacts, metadata }: Pick<ActivityDeps, 'artifacts' | 'metadata'>) {
  return {
    /** Whether a version's artifacts are complete: what is driven forward begins there. */
    async isSealed(versionId: string): Promise<boolean> {
      return (await artifacts.readManifest(versionId)) !== undefined;
    },

    /** Where the artifacts of a sealed version lie, for its row in the registry. */
    async recordSealed(versionId: string): Promise<void> {
      const at = (file: string) => artifacts.pathOf(versionId, file);
      const { metadata: sqlite, qdrant, neo4j } = ARTIFACT_FILES;
      metadata.registry.recordSnapshots(
        versionId,
        { metadata: at(sqlite), qdrant: at(qdrant), neo4j: at(neo4j) },
        writeLease(),
      );
    },
  };
}
