import type { Client } from '@temporalio/client';
import { WorkflowNotFoundError } from '@temporalio/client';
import type { ActivityDeps, RunDirectory } from '../activities';
import { neo4jPassword } from '../config/load';
import type { Settings } from '../config/schema';
import type { MigrationSettings } from '../domain/baseline';
import { openArtifactStore } from '../stores/artifacts';
import { openEmbedder } from '../stores/embedder';
import { openGraphStore, type GraphLimits } from '../stores/neo4j';
import { openVectorStore } from '../stores/qdrant';
import { openMetadataStore } from '../stores/sqlite';

/** Opens the stores that the settings name. Nothing is contacted yet: an outage is an activity's to meet. */
export function openDeps(settings: Settings, client: Client, limits: GraphLimits = {}): ActivityDeps {
  const password = neo4jPassword(settings);
  const { uri, username, database } = settings.neo4j;
  return {
    metadata: openMetadataStore(settings.metadataDb),
    artifacts: openArtifactStore(settings.backups),
    vectors: openVectorStore(settings.qdrant),
    graph: openGraphStore({ uri, username, password, database }, limits),
    embedder: openEmbedder(settings.embedder),
    runs: runDirectory(client),
    settings: migrationSettings(settings),
    retention: settings.retention,
    probes: settings.probes,
    health: settings.health,
    git: settings.git,
    secrets: [
      ...[password, settings.qdrant.apiKey, settings.embedder.apiKey],
      ...[settings.qdrant.url, uri].map(passwordIn),
    ].filter((secret): secret is string => secret !== undefined && secret !== ''),
  };
}

export async function closeDeps({ metadata, graph }: ActivityDeps): Promise<void> {
  metadata.close();
  await graph.close();
}

function migrationSettings({ base, migration, health, staging, retention }: Settings): MigrationSettings {
  const { expectedChapters = null, expectedParagraphs = null, ...rest } = migration;
  const healthDelaySeconds = health.delaySeconds;
  return { base, ...rest, expectedChapters, expectedParagraphs, healthDelaySeconds, staging, retention };
}

function runDirectory(client: Client): RunDirectory {
  return {
    async isOpen(workflowId, runId) {
      try {
        const { status } = await client.workflow.getHandle(workflowId, runId).describe();
        return status.name === 'RUNNING' || status.name === 'PAUSED';
      } catch (error) {
        // A run whose history has expired is closed.
        if (error instanceof WorkflowNotFoundError) return false;
        throw error;
      }
    },
  };
}

/** The password that a URL carries, as it is written there. */
function passwordIn(url: string): string | undefined {
  return /^[a-z][a-z0-9+.-]*:\/\/[^/@:]*:([^@]*)@/i.exec(url)?.[1];
}
