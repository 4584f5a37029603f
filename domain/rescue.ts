import { z } from 'zod';
import { artifactSchema, qdrantSchema, type Manifest } from './manifest';
import { STORE_NAMES, type StoreName } from './names';

/**
 * Beside each store that is saved before a restore, and written last: what was saved without one was never saved whole.
 * One file a store, because stores are saved side by side, and may be saved by different runs' attempts.
 */
export const rescueRecordSchema = z.strictObject({
  format: z.literal('hybridflow-rescue/1'),
  base: z.string(),
  /** What production was by the journal when it was saved; null where nothing said so. */
  versionId: z.string().nullable(),
  savedAt: z.iso.datetime(),
  workflowId: z.string(),
  runId: z.string(),
  artifact: artifactSchema.required({ fingerprint: true }),
  /** Of SQLite alone. */
  chaptersPerTextbook: z.record(z.string(), z.number().int().nonnegative()).optional(),
  /** Of Qdrant alone. */
  qdrant: qdrantSchema.optional(),
});

export type RescueRecord = z.output<typeof rescueRecordSchema>;

export function rescueRecordFile(store: StoreName): string {
  return `${store}.saved.json`;
}

const NO_COLLECTION: Manifest['qdrant'] = { name: '', collection: '', aliases: [], config: null, payloadSchema: null };

/**
 * What a rescue folder holds, in the shape of a manifest, so that it is verified, compared and restored from as a
 * version is. Counts of stores that it does not hold are 0, and are not to be asked for.
 */
export function rescueManifest(records: readonly RescueRecord[]): Manifest | undefined {
  const [first] = records;
  if (!first) return undefined;
  const { base, versionId, savedAt, workflowId, runId } = first;
  const of = (store: StoreName) => records.find(({ artifact }) => artifact.store === store);
  const count = (store: StoreName, name: string) => of(store)?.artifact.counts[name] ?? 0;
  return {
    format: 'hybridflow-rescue/1',
    versionId: versionId ?? '',
    ...{ base, createdAt: savedAt, workflowId, runId },
    counts: {
      chapters: count('sqlite', 'chapters'),
      chaptersPerTextbook: of('sqlite')?.chaptersPerTextbook ?? {},
      points: count('qdrant', 'points'),
      paragraphs: count('neo4j', 'paragraphs'),
      nodes: count('neo4j', 'nodes'),
      relationships: count('neo4j', 'relationships'),
    },
    qdrant: of('qdrant')?.qdrant ?? NO_COLLECTION,
    artifacts: STORE_NAMES.flatMap((store) => of(store)?.artifact ?? []),
  };
}

/** The stores that a folder holds: all three of a version, and of what was saved before a restore those that were. */
export function storesIn({ artifacts }: Pick<Manifest, 'artifacts'>): StoreName[] {
  return STORE_NAMES.filter((store) => artifacts.some((artifact) => artifact.store === store));
}

export function isRescueManifest({ format }: Pick<Manifest, 'format'>): boolean {
  return format === 'hybridflow-rescue/1';
}
