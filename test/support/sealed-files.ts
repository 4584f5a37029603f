import { createHash } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import type { Manifest } from '../../domain/manifest';
import { FINGERPRINT_FILES } from '../../domain/names';
import { listText, rootFingerprint, summaryOf } from '../../stores/fingerprint-text';
import type { ArtifactStore } from '../../stores/ports';

const MOMENT = '2026-01-02T03:04:05.000Z';
const STORES = [
  ['sqlite', 'metadata.db'],
  ['qdrant', 'textbook_chunks.snapshot'],
  ['neo4j', 'neo4j.jsonl.gz'],
] as const;

export interface SealOptions {
  runId?: string;
  /** A sealed folder whose Qdrant snapshot this one shares. */
  shareWith?: string;
  /** When its artifacts were captured, ISO 8601. */
  capturedAt?: string;
}

/** What a test's artifact holds: compressible, except for the export, which begins as gzip does. */
export function contentOf(versionId: string, store: string): Buffer {
  const text = `${store} of ${versionId} `.repeat(200);
  return store === 'neo4j' ? Buffer.concat([Buffer.from([0x1f, 0x8b]), Buffer.from(text)]) : Buffer.from(text);
}

/** A sealed version out of files alone: no store is needed to make one, and none could restore it. */
export async function sealFiles(
  artifacts: ArtifactStore,
  versionId: string,
  { runId = `run of ${versionId}`, shareWith, capturedAt = MOMENT }: SealOptions = {},
): Promise<Manifest> {
  await artifacts.openFolder(versionId, runId);
  const made: Manifest['artifacts'] = [];
  for (const [store, file] of STORES) {
    const shared = store === 'qdrant' ? shareWith : undefined;
    const content = contentOf(shared ?? versionId, store);
    const { bytes, sha256 } =
      shared === undefined
        ? await artifacts.write(versionId, file, (temporary) => writeFile(temporary, content))
        : await artifacts.link({ folder: shared, file }, { folder: versionId, file });
    const groups = [{ group: 'bailey:ch1', items: 1, sha256: createHash('sha256').update(content).digest('hex') }];
    const list = { file: FINGERPRINT_FILES[store], ...summaryOf(groups) };
    await artifacts.writeText(versionId, list.file, listText(groups));
    const fingerprint = { file: list.file, sha256: list.sha256, items: list.items, groups: list.groups };
    const captured = { capturedFrom: capturedAt, capturedTo: capturedAt, counts: {}, serverVersion: '1' };
    made.push({ store, file, bytes, sha256, ...captured, fingerprint });
  }
  const manifest: Manifest = {
    ...{ format: 'hybridflow-version/1', versionId, base: 'test', createdAt: MOMENT, workflowId: 'w', runId },
    counts: { chapters: 1, chaptersPerTextbook: {}, points: 1, paragraphs: 1, nodes: 1, relationships: 1 },
    qdrant: { name: 'a', collection: 'a', aliases: [], config: {}, payloadSchema: {} },
    artifacts: made,
    fingerprint: rootFingerprint(made),
  };
  await artifacts.seal(versionId, manifest);
  return manifest;
}
