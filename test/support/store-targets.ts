import type { GraphTarget } from '../../stores/neo4j';
import type { VectorTarget } from '../../stores/qdrant';
import { useStack } from './stack';

/**
 * Where the contract tests find real services. The graph tests empty their database, so they need one that
 * holds nothing else: the test stack's.
 */
export async function neo4jTarget(): Promise<GraphTarget> {
  const { settings, neo4jPassword } = await useStack();
  const { uri, username, database } = settings.neo4j;
  return { uri, username, password: neo4jPassword, database };
}

/** The collection is the test's own to make; its name comes from the test. */
export async function qdrantTarget(): Promise<Omit<VectorTarget, 'collection'>> {
  const { settings } = await useStack();
  return { url: settings.qdrant.url, apiKey: settings.qdrant.apiKey };
}
