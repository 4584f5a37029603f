import { setTimeout } from 'node:timers/promises';
import { Context } from '@temporalio/activity';
import { z } from 'zod';
import type { MigrationSettings, RegisterBaselineInput } from '../domain/baseline';
import { HybridFlowError } from '../domain/errors';
import type { Neo4jInventory, QdrantInventory, SqliteInventory } from '../domain/inventory';
import type { TableBefore, VersionRow } from '../domain/registry';
import { CONFIRM_FORMS } from '../domain/rehearsal';
import type { ActivityDeps } from './deps';

const inputSchema = z.strictObject({
  batchSize: z.number().int().positive().max(10_000).optional(),
  startedBy: z.string().max(200).optional(),
  notes: z.string().max(10_000).optional(),
  maxAttempts: z.number().int().positive().optional(),
  planHash: z
    .string()
    .regex(/^[0-9a-f]{64}$/, 'the hash that `hfv plan` prints')
    .optional(),
  confirm: z.enum(CONFIRM_FORMS).optional(),
  gitTag: z.boolean().optional(),
  deep: z.boolean().optional(),
}) satisfies z.ZodType<RegisterBaselineInput>;

export interface FilesFound {
  sqlite: SqliteInventory;
  tablesBefore: TableBefore[];
  freeBytes: number;
  /** A row or a folder of this version is there already. */
  versionInUse: boolean;
}

export interface StoresFound {
  qdrant: QdrantInventory;
  neo4j: Neo4jInventory;
  qdrantSnapshots: string[];
}

/** Looks before anything else happens: is the input sound, is metadata.db one, is the base registered already? */
export function createFilePreflight(deps: ActivityDeps) {
  const { metadata, artifacts, settings } = deps;
  return {
    /** Reads only. CONFIG_INVALID for an input that does not fit, METADATA_DB_* for a file that is none of ours. */
    async lookUpBaseline(
      input: RegisterBaselineInput,
    ): Promise<{ settings: MigrationSettings; existing?: VersionRow }> {
      const parsed = inputSchema.safeParse(input);
      if (!parsed.success) {
        throw new HybridFlowError('CONFIG_INVALID', {
          found: `The input of registerBaseline does not fit:\n${z.prettifyError(parsed.error)}`,
          next: 'correct the input; {} is a valid one',
        });
      }
      metadata.inventory();
      const { batchSize = settings.batchSize, deep = settings.deep ?? false } = parsed.data;
      return {
        settings: { ...settings, batchSize, deep, git: deps.git },
        existing: metadata.registry.committedBaseline(),
      };
    },

    async inspectFiles(versionId: string): Promise<FilesFound> {
      return {
        versionInUse: metadata.registry.find(versionId) !== undefined || (await artifacts.exists(versionId)),
        sqlite: metadata.inventory(),
        tablesBefore: metadata.inspectTables(),
        freeBytes: await artifacts.freeBytes(),
      };
    },
  };
}

/** How long a collection may take to settle (its index is built after it was filled) before it counts as unfit. */
const SETTLE_MS = 180_000;

/** The inventory once the collection is neither yellow nor grey any more, or as it stands when the time is over. */
async function settledInventory(vectors: ActivityDeps['vectors']): Promise<QdrantInventory> {
  const { cancellationSignal } = Context.current();
  const deadline = Date.now() + SETTLE_MS;
  for (;;) {
    const inventory = await vectors.inventory();
    if (!['yellow', 'grey'].includes(inventory.status) || Date.now() > deadline) return inventory;
    await setTimeout(1_000, undefined, { signal: cancellationSignal });
  }
}

export function createStorePreflight({ vectors, graph }: ActivityDeps) {
  return {
    async inspectStores(label: string): Promise<StoresFound> {
      const [qdrant, neo4j, snapshots] = await Promise.all([
        settledInventory(vectors),
        graph.inventory(label),
        vectors.listSnapshots(),
      ]);
      return { qdrant, neo4j, qdrantSnapshots: snapshots.map(({ name }) => name) };
    },
  };
}
