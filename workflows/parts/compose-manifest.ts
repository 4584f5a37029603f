import type { TakenArtifact } from '../../activities';
import type { Inventory } from '../../domain/inventory';
import type { Manifest } from '../../domain/manifest';

/** Whose artifacts they are. */
export interface Maker {
  settings: { base: string };
  workflowId: string;
  runId: string;
}

export interface Collection {
  config: unknown;
  payloadSchema: unknown;
}

/** The manifest of one set of artifacts: what was captured, from which servers, with which exact counts. */
export function composeManifest(
  maker: Maker,
  versionId: string,
  { inventory: { sqlite, qdrant, neo4j } }: { inventory: Inventory },
  collection: Collection,
  taken: readonly TakenArtifact[],
): Manifest {
  return {
    format: 'hybridflow-version/1',
    versionId,
    base: maker.settings.base,
    createdAt: new Date().toISOString(),
    workflowId: maker.workflowId,
    runId: maker.runId,
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
