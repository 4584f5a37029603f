import { maskUrl } from '../domain/masking';
import type { Settings } from './schema';

/** The settings as they may be shown: secrets are replaced, credentials inside URLs removed. */
export function maskSettings(settings: Settings): Settings {
  const masked = structuredClone(settings);
  if (masked.qdrant.apiKey !== undefined) masked.qdrant.apiKey = '***';
  if (masked.neo4j.password !== undefined) masked.neo4j.password = '***';
  if (masked.embedder.apiKey !== undefined) masked.embedder.apiKey = '***';
  masked.qdrant.url = maskUrl(masked.qdrant.url);
  masked.neo4j.uri = maskUrl(masked.neo4j.uri);
  masked.backups = maskUrl(masked.backups);
  if (masked.temporal.uiUrl !== undefined) masked.temporal.uiUrl = maskUrl(masked.temporal.uiUrl);
  return masked;
}
