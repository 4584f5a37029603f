import type { GraphTarget } from '../../stores/neo4j';
import type { VectorTarget } from '../../stores/qdrant';

/**
 * Where the contract tests find real services: the one place that knows. The graph tests empty their database, so
 * they need one that holds nothing else.
 */
export function neo4jTarget(): Promise<GraphTarget> {
  return Promise.resolve({
    uri: needed('HFV_TEST_NEO4J_URI'),
    username: 'neo4j',
    password: needed('HFV_TEST_NEO4J_PASSWORD'),
    database: 'neo4j',
  });
}

/** The collection is the test's own to make; its name comes from the test. */
export function qdrantTarget(): Promise<Omit<VectorTarget, 'collection'>> {
  return Promise.resolve({ url: needed('HFV_TEST_QDRANT_URL'), apiKey: process.env.HFV_TEST_QDRANT_API_KEY });
}

function needed(name: string): string {
  const value = process.env[name];
  if (value) return value;
  throw new Error(`${name} is not set: these tests run against a real service only`);
}
