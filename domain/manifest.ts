import { z } from 'zod';

const sha256 = z.string().regex(/^[0-9a-f]{64}$/, 'a SHA-256 in lower-case hex');

/** A list of fingerprints beside an artifact: its own SHA-256 is the fingerprint of what it lists. */
const listSchema = z.strictObject({
  file: z.string().regex(/^[^/\\]+$/),
  sha256,
  items: z.number().int().nonnegative(),
  groups: z.number().int().nonnegative(),
});

export const artifactSchema = z.strictObject({
  store: z.enum(['sqlite', 'qdrant', 'neo4j']),
  /** Path inside the version's folder. */
  file: z.string().regex(/^[^/\\]+$/),
  bytes: z.number().int().nonnegative(),
  sha256,
  capturedFrom: z.iso.datetime(),
  capturedTo: z.iso.datetime(),
  /** Whether the bytes are shared (hard link) with another copy that was captured in the same run. */
  linkedFrom: z.string().optional(),
  counts: z.record(z.string(), z.number().int().nonnegative()),
  serverVersion: z.string(),
  /** What the artifact holds, by content: the list's SHA-256 is the store's fingerprint. */
  fingerprint: listSchema.optional(),
  /** Qdrant only, and only where it was asked for: the same with the vectors taken in. */
  deepFingerprint: listSchema.optional(),
});

/** The collection as it was described when it was captured. */
export const qdrantSchema = z.strictObject({
  name: z.string(),
  collection: z.string(),
  aliases: z.array(z.strictObject({ alias: z.string(), collection: z.string() })),
  config: z.unknown(),
  payloadSchema: z.unknown(),
});

/** Beside the Qdrant snapshot, where the vectors were taken in. */
export const DEEP_FINGERPRINT_FILE = 'textbook_chunks.deep-fingerprint.txt';

/** `manifest.json`: written last. A version without a complete manifest does not exist. */
export const manifestSchema = z.strictObject({
  format: z.literal('hybridflow-version/1'),
  versionId: z.string(),
  base: z.string(),
  createdAt: z.iso.datetime(),
  workflowId: z.string(),
  runId: z.string(),
  counts: z.strictObject({
    chapters: z.number().int().nonnegative(),
    chaptersPerTextbook: z.record(z.string(), z.number().int().nonnegative()),
    points: z.number().int().nonnegative(),
    paragraphs: z.number().int().nonnegative(),
    nodes: z.number().int().nonnegative(),
    relationships: z.number().int().nonnegative(),
  }),
  qdrant: qdrantSchema,
  artifacts: z.array(artifactSchema).length(3),
  /** One hash over the fingerprints of the three stores. */
  fingerprint: sha256.optional(),
  /** Whether the artifacts are one moment of the knowledge base; see domain/consistency.ts. */
  consistency: z
    .looseObject({ verdict: z.enum(['consistent', 'skew', 'inconsistent']), text: z.string(), skewMs: z.number() })
    .optional(),
});

/** Of a version; or what the records of a rescue folder come to, see domain/rescue.ts, of which no such file is written. */
export interface Manifest extends Omit<z.output<typeof manifestSchema>, 'format'> {
  format: 'hybridflow-version/1' | 'hybridflow-rescue/1';
}
export type Artifact = Manifest['artifacts'][number];
