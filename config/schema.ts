import { z } from 'zod';
import { CONFIRM_FORMS } from '../domain/rehearsal';

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
      /** How phase 4 confirms that the version can be rolled back to. */
      confirm: z.enum(CONFIRM_FORMS).default('restore'),
      /** Fingerprint Qdrant's vectors too when a version is captured: `hfv verify --deep` can then compare them. */
      deep: z.boolean().default(false),
      /** How long the write fence stands unless it is renewed. */
      fenceMinutes: positive.max(24 * 60).default(60),
    })
    .prefault({}),
  probes: z
    .strictObject({
      queries: z
        .array(z.string().trim().min(1).max(200))
        .default(['lung anatomy', 'surgery', 'cardiac', 'trauma', 'infection', 'test query']),
      /** Empty: the first chapter of each textbook. */
      chapters: z.array(z.string().min(1)).default([]),
      limit: positive.max(100).default(5),
      /** Fewer than 5 judge no latency. Probes that are fast are asked up to three times as often. */
      repeats: positive.max(1_000).default(7),
      warningPercent: z.coerce.number().positive().default(10),
      failurePercent: z.coerce.number().positive().default(20),
      /** A slowdown by no more than this counts for nothing; how much more is noise, the samples themselves tell. */
      toleranceMs: z.coerce.number().nonnegative().default(2),
      commands: z
        .array(
          z.strictObject({
            name: z.string().regex(/^[\w .-]{1,60}$/, 'letters, digits, spaces, _ . -; at most 60'),
            argv: z.tuple([z.string().min(1, 'the program')], z.string()),
            /** Relative to the settings file. Left out: the worker's own. */
            cwd: z.string().min(1).optional(),
            timeoutSeconds: z.coerce.number().positive().max(600).default(30),
            maxBytes: positive.default(10_000_000),
          }),
        )
        .default([])
        .refine((commands) => new Set(commands.map(({ name }) => name)).size === commands.length, {
          error: 'two commands have the same name',
        }),
    })
    .refine(({ queries, commands }) => queries.length + commands.length > 0, {
      error: 'neither a query nor a command: searching would go untested',
      path: ['queries'],
    })
    .refine(({ warningPercent, failurePercent }) => warningPercent <= failurePercent, {
      error: 'must be at least warningPercent',
      path: ['failurePercent'],
    })
    .prefault({}),
  embedder: z
    .strictObject({
      kind: z.enum(['feature-hashing', 'openai']).default('feature-hashing'),
      /** Base address of an OpenAI-compatible service, e.g. http://127.0.0.1:11434/v1. */
      url: z
        .url({ protocol: /^https?$/ })
        .refine((url) => !/\/\/[^/]*@/.test(url), 'carries a user or a password; the key belongs in apiKey')
        .optional(),
      model: z.string().min(1).optional(),
      apiKey: z
        .string()
        .regex(/^[!-~]+$/, 'printable characters without spaces')
        .optional(),
      timeoutSeconds: z.coerce.number().positive().max(600).default(30),
    })
    .refine(({ kind, url, model }) => kind !== 'openai' || (url !== undefined && model !== undefined), {
      error: 'kind "openai" needs url and model',
    })
    .prefault({}),
  health: z
    .strictObject({
      delaySeconds: z.coerce.number().nonnegative().default(300),
      /** In the environment one text, as PATH: the paths with the system's delimiter between them. */
      logs: z.array(z.string().min(1)).default([]),
    })
    .prefault({}),
  staging: z
    .strictObject({
      /** A staging that nobody has touched for so long is told of, and then cancelled. */
      warnAfterMinutes: positive.max(365 * 24 * 60).default(24 * 60),
      cancelAfterMinutes: positive.max(365 * 24 * 60).default(7 * 24 * 60),
      /** Share of the nearest neighbours that staging and production must have in common, over all queries. */
      minimumOverlap: z.coerce.number().min(0).max(1).default(0.5),
      requireApproval: z.boolean().default(false),
    })
    .refine(({ warnAfterMinutes, cancelAfterMinutes }) => warnAfterMinutes <= cancelAfterMinutes, {
      error: 'must be at least warnAfterMinutes',
      path: ['cancelAfterMinutes'],
    })
    .prefault({}),
  retention: z
    .strictObject({
      /** Newest committed versions that stay beside the baseline. */
      keep: positive.max(1_000).default(5),
      emergencyKeep: positive.max(1_000).default(3),
      archiveDays: z.coerce.number().int().nonnegative().default(90),
      /** Leftovers younger than this may belong to something under way. */
      graceMinutes: z.coerce.number().int().nonnegative().default(60),
    })
    .refine(({ keep, emergencyKeep }) => emergencyKeep <= keep, {
      error: 'must be at most keep',
      path: ['emergencyKeep'],
    })
    .prefault({}),
  git: z
    .strictObject({
      /** The repository that `--git-tag` tags. */
      repository: z.string().min(1).optional(),
      tag: z
        .string()
        .regex(/^[\w][\w./-]*$/)
        .default('v1.0.0-baseline'),
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
  HYBRIDFLOW_EMBEDDER_API_KEY: 'embedder.apiKey',
  HYBRIDFLOW_LOGS: 'health.logs',
} as const;
