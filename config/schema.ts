import { z } from 'zod';

const positive = z.coerce.number().int().positive();

/** Every setting, validated once at the border. Names in the environment are listed in {@link ENVIRONMENT}. */
export const settingsSchema = z.strictObject({
  base: z
    .string()
    .regex(/^[a-z0-9][a-z0-9_-]{0,62}$/i, 'letters, digits, _ and -, at most 63')
    .default('hybridflow'),
  metadataDb: z.string().min(1).default('metadata.db'),
  backups: z.string().min(1).default('backups'),
  qdrant: z
    .strictObject({
      url: z.url().default('http://127.0.0.1:6333'),
      apiKey: z.string().min(1).optional(),
      collection: z.string().min(1).default('textbook_chunks'),
    })
    .prefault({}),
  neo4j: z
    .strictObject({
      uri: z.string().min(1).default('bolt://127.0.0.1:7687'),
      username: z.string().min(1).default('neo4j'),
      password: z.string().optional(),
      passwordFile: z.string().optional(),
      database: z.string().min(1).default('neo4j'),
    })
    .prefault({}),
  temporal: z
    .strictObject({ address: z.string().optional(), namespace: z.string().optional(), uiUrl: z.url().optional() })
    .prefault({}),
  migration: z
    .strictObject({
      batchSize: positive.max(10_000).default(1_000),
      batchesPerSpan: positive.max(1_000).default(10),
      minimumFreeBytes: z.coerce.number().int().nonnegative().default(500_000_000),
      expectedChapters: positive.optional(),
      expectedParagraphs: positive.optional(),
    })
    .prefault({}),
});

export type Settings = z.output<typeof settingsSchema>;
export type SettingsInput = z.input<typeof settingsSchema>;

/** Environment variable -> path in {@link settingsSchema}. The names are part of the contract. */
export const ENVIRONMENT = {
  HYBRIDFLOW_BASE: 'base',
  HYBRIDFLOW_METADATA_DB: 'metadataDb',
  HYBRIDFLOW_BACKUPS: 'backups',
  QDRANT_URL: 'qdrant.url',
  QDRANT_API_KEY: 'qdrant.apiKey',
  QDRANT_COLLECTION: 'qdrant.collection',
  NEO4J_URI: 'neo4j.uri',
  NEO4J_USERNAME: 'neo4j.username',
  NEO4J_PASSWORD: 'neo4j.password',
  NEO4J_PASSWORD_FILE: 'neo4j.passwordFile',
  NEO4J_DATABASE: 'neo4j.database',
  TEMPORAL_ADDRESS: 'temporal.address',
  TEMPORAL_NAMESPACE: 'temporal.namespace',
  TEMPORAL_UI_URL: 'temporal.uiUrl',
} as const;
