import { neo4jPassword } from '../config/load';
import type { Settings } from '../config/schema';
import { openArtifactStore } from '../stores/artifacts';
import { openGraphStore } from '../stores/neo4j';
import type { Stores } from '../stores/ports';
import { openVectorStore } from '../stores/qdrant';
import { openMetadataStore } from '../stores/sqlite';
import type { Context } from './context';

/**
 * Runs `work` with the three stores and the backups folder that the settings name, and closes them whatever happens.
 * Nothing is contacted, and no file made, until `work` asks for something.
 *
 * @throws HybridFlowError CONFIG_INVALID where an address or a password file cannot be used
 */
export async function withStores<T>(
  context: Pick<Context, 'settings'>,
  work: (stores: Stores) => Promise<T>,
): Promise<T> {
  const stores = openStores(context.settings());
  try {
    return await work(stores);
  } finally {
    stores.metadata.close();
    await stores.graph.close();
  }
}

/** The same for whoever closes `metadata` and `graph` himself. */
export function openStores(settings: Settings): Stores {
  const { uri, username, database } = settings.neo4j;
  return {
    metadata: openMetadataStore(settings.metadataDb),
    artifacts: openArtifactStore(settings.backups),
    vectors: openVectorStore(settings.qdrant),
    graph: openGraphStore({ uri, username, password: neo4jPassword(settings), database }),
  };
}
