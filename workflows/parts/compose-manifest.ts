import type { TakenArtifact } from '../../activities';
import type { Manifest } from '../../domain/manifest';
import type { BaselineRun, Found } from './baseline-run';

export interface Collection {
  config: unknown;
  payloadSchema: unknown;
}

/** The manifest of one set of artifacts: what was captured, from which servers, with which exact counts. */
export function composeManifest(
  run: BaselineRun,
  versionId: string,
  { inventory: { sqlite, qdrant, neo4j } }: Found,
  collection: Collection,
  taken: readonly TakenArtifact[],
): Manifest {
  return {
    format: 'hybridflow-version/1',
    versionId,
    base: run.settings.base,
    createdAt: new Date().toISOString(),
    workflowId: run.workflowId,
    runId: run.runId,
    counts: {
      chapters: sqlite.chapters,
      chaptersPerTextbook: sqlite.perTextbook,
      points: qdrant.points,
      paragraphs: neo4j.paragraphs,
      nodes: neo4j.nodes,
      relationships: neo4j.relationships,
    },
    qdrant: { name: qdrant.name, collection: qdrant.collection, aliases: qdrant.aliases, ...collection },
    artifacts: taken.map(({ artifact }) => artifact),
  };
}

/** What operation_log keeps of a captured artifact. */
export function artifactFacts({
  artifact: { file, bytes, sha256, fingerprint },
}: TakenArtifact): Record<string, unknown> {
  return { file, bytes, sha256, fingerprint: fingerprint?.sha256 };
}
