import type { Settings } from '../config/schema';
import { targetsOf } from '../stack/corpus/found';
import { eachHeldNode, removeNodes } from '../stores/neo4j/bulk-load';
import { heldPoints, removePoints } from '../stores/qdrant/bulk-load';
import { heldMetadata, removeMetadata } from '../stores/sqlite/bulk-load';

/**
 * The night on which nearly everything is lost: every node of Neo4j with its constraints, every chapter's row but one,
 * every point but one. (Without any, table and collection would go too, which a restore leaves to a person to make anew.)
 */
export async function loseNearlyAll(settings: Settings): Promise<void> {
  const { metadataDb, qdrant, neo4j } = targetsOf(settings);
  const nodes: string[] = [];
  await eachHeldNode(neo4j, ({ handle }) => nodes.push(handle));
  await removeNodes(neo4j, nodes);
  const points: string[] = [];
  for await (const page of heldPoints(qdrant)) points.push(...page.map(({ handle }) => handle));
  await removePoints(qdrant, points.slice(1));
  const rows = heldMetadata(metadataDb).filter(({ handle }) => handle.table === 'chapter_metadata');
  removeMetadata(
    metadataDb,
    rows.slice(1).map(({ handle }) => handle),
  );
}
