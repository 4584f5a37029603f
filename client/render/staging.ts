import { STAGING_NAMES } from '../../domain/names';
import type { Settings } from '../../config/schema';
import type { StagingView } from '../../domain/staging';
import type { Colors } from '../output';
import { fields } from './text';

export interface StagedShown {
  versionId: string | null;
  staging: StagingView | null;
  attached: boolean;
  workflowId: string;
  url: string | null;
}

/** Where an ingestion writes, and what comes next. */
export function renderStaged(
  { versionId, staging, workflowId, url }: StagedShown,
  settings: Settings,
  color: Colors,
): string {
  if (staging === null) return `Running as ${workflowId}. Look at it with \`hfv status\`.`;
  const { kind, from, stage, deadline, requireApproval } = staging;
  return [
    `${color.green('Staging')} ${color.bold(versionId ?? '')} (${kind}, from ${from}): ${stage}`,
    ...fields([
      ['SQLite', `table ${STAGING_NAMES.table} in ${settings.metadataDb}: all rows that the version is to have`],
      ['Qdrant', `collection ${STAGING_NAMES.collection} at ${settings.qdrant.url}: all points that it is to have`],
      ['Neo4j', `:${STAGING_NAMES.label} nodes at ${settings.neo4j.uri}: chapters that are new or change, each whole`],
      ['open until', deadline],
      ['approval', requireApproval ? 'somebody has to approve the promote (`hfv approve`)' : null],
      ['Temporal', url],
    ]),
    '',
    'Write to these places (docs/staging.md says how), then',
    ...fields([
      ['look at it', 'npx hfv compare production staging'],
      ['validate', 'npx hfv ready'],
      ['promote', 'npx hfv commit'],
      ['give it up', 'npx hfv cancel'],
    ]),
  ].join('\n');
}
