import { neo4jPassword } from '../config/load';
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
  const settings = context.settings();
  const { uri, username, database } = settings.neo4j;
  const metadata = openMetadataStore(settings.metadataDb);
  const artifacts = openArtifactStore(settings.backups);
  const vectors = openVectorStore(settings.qdrant);
  const graph = openGraphStore({ uri, username, password: neo4jPassword(settings), database });
  try {
    return await work({ metadata, artifacts, vectors, graph });
  } finally {
    metadata.close();
    await graph.close();
  }
}
