import { neo4jPassword } from '../../config/load';
import type { Settings } from '../../config/schema';
import { type GraphSurvey, type Neo4jTarget, surveyGraph } from '../../stores/neo4j/bulk-load';
import { type CollectionSurvey, type QdrantTarget, surveyCollection } from '../../stores/qdrant/bulk-load';
import { type MetadataSurvey, surveyMetadata } from '../../stores/sqlite/bulk-load';
import type { SeedCounts } from './tally';

/** Where the three stores are, as their writers want it. */
export interface Targets {
  metadataDb: string;
  qdrant: QdrantTarget;
  neo4j: Neo4jTarget;
}

/** What the stores hold before anything is written. */
export interface Found {
  sqlite: MetadataSurvey;
  qdrant: CollectionSurvey;
  neo4j: GraphSurvey;
}

export function targetsOf(settings: Settings): Targets {
  const { uri, username, database } = settings.neo4j;
  return {
    metadataDb: settings.metadataDb,
    qdrant: { ...settings.qdrant },
    neo4j: { uri, username, database, password: neo4jPassword(settings) },
  };
}

/** Asks all three stores; a store that cannot be reached is an error here, before anything is written anywhere. */
export async function survey({ metadataDb, qdrant, neo4j }: Targets): Promise<Found> {
  const [collection, graph] = await Promise.all([surveyCollection(qdrant), surveyGraph(neo4j)]);
  return { sqlite: surveyMetadata(metadataDb), qdrant: collection, neo4j: graph };
}

/** What is there, store by store, in words; empty where there is nothing. */
export function holdings(found: Found, { metadataDb, qdrant, neo4j }: Targets): string[] {
  const said: string[] = [];
  if (found.sqlite.tables.length > 0) {
    said.push(
      `${metadataDb} has ${found.sqlite.tables.map(({ name, rows }) => `${name} (${number(rows)} rows)`).join(', ')}`,
    );
  }
  if (found.qdrant.taken.length > 0) {
    const names = found.qdrant.taken.join(' and ');
    said.push(`Qdrant at ${qdrant.url} has ${names} (${number(found.qdrant.points)} points)`);
  }
  const nodes = found.neo4j.nodes + found.neo4j.staged;
  if (nodes > 0) said.push(`Neo4j database ${neo4j.database} has ${number(nodes)} nodes`);
  return said;
}

/** Where the stores differ from what a complete seed left, store by store, in words. */
export function differences(found: Found, counts: SeedCounts): string[] {
  const rows = found.sqlite.tables.find(({ name }) => name === 'chapter_metadata')?.rows ?? 0;
  const pairs: [string, number, number][] = [
    ['chapters in metadata.db', rows, counts.sqlite.chapters],
    ['points in Qdrant', found.qdrant.points, counts.qdrant.points],
    ['nodes in Neo4j', found.neo4j.nodes, counts.neo4j.nodes],
    ['paragraphs in Neo4j', found.neo4j.paragraphs, counts.neo4j.paragraphs],
    ['relationships in Neo4j', found.neo4j.relationships, counts.neo4j.relationships],
  ];
  return pairs
    .filter(([, now, seeded]) => now !== seeded)
    .map(([what, now, seeded]) => `${number(now)} ${what} (${number(seeded)} were seeded)`);
}

/** True where versions have been registered: production may rightly have moved on from what was seeded. */
export function hasVersions(found: Found): boolean {
  return found.sqlite.tables.some(({ name, rows }) => name === 'version_registry' && rows > 0);
}

function number(value: number): string {
  return value.toLocaleString('en-GB');
}
