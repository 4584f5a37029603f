import { z } from 'zod';
import type { MigrationSettings, RegisterBaselineInput } from '../domain/baseline';
import type { Claim } from '../domain/claim';
import { HybridFlowError } from '../domain/errors';
import type { Neo4jInventory, QdrantInventory, SqliteInventory } from '../domain/inventory';
import type { TableBefore, VersionRow } from '../domain/registry';
import type { ActivityDeps } from './deps';

const inputSchema = z.strictObject({
  batchSize: z.number().int().positive().max(10_000).optional(),
  startedBy: z.string().max(200).optional(),
  notes: z.string().max(10_000).optional(),
  maxAttempts: z.number().int().positive().optional(),
}) satisfies z.ZodType<RegisterBaselineInput>;

export interface FilesFound {
  sqlite: SqliteInventory;
  tablesBefore: TableBefore[];
  freeBytes: number;
}

export interface StoresFound {
  qdrant: QdrantInventory;
  neo4j: Neo4jInventory;
  qdrantSnapshots: string[];
}

/** Looks before anything else happens: is the input sound, is metadata.db one, is the base registered already? */
export function createFilePreflight({ metadata, artifacts, settings, runs }: ActivityDeps) {
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
      const { batchSize = settings.batchSize } = parsed.data;
      return { settings: { ...settings, batchSize }, existing: metadata.registry.committedBaseline() };
    },

    /** Claims the base. A living holder is BASE_BUSY; a dead one is handed back so that its leftovers are undone first. */
    async claimBase(claim: Claim): Promise<{ state: 'claimed' } | { state: 'abandoned'; holder: Claim }> {
      await artifacts.assertWritable();
      const result = await artifacts.claim(claim);
      if (result.state === 'claimed') return result;
      const { holder } = result;
      if (await runs.isOpen(holder.workflowId, holder.runId)) {
        throw new HybridFlowError('BASE_BUSY', {
          found: `Another change of ${holder.base} is running: ${holder.versionId}, workflow ${holder.workflowId}, since ${holder.claimedAt}`,
          expected: 'one change at a time',
          next: 'watch it with `hfv status`, and run again when it has ended',
          details: { holder },
        });
      }
      return { state: 'abandoned', holder };
    },

    /**
     * A run that was ended from outside right after its commit may have left its claim and the previous
     * latest-copy. What is committed is driven forward: both are cleared.
     */
    async finishCommitted(versionId: string): Promise<void> {
      const claim = await artifacts.readClaim();
      if (claim?.versionId !== versionId || (await runs.isOpen(claim.workflowId, claim.runId))) return;
      await artifacts.settleLatestCopy(claim.runId, 'new');
      await artifacts.releaseClaim(claim.runId);
    },

    async amendClaim(claim: Claim): Promise<void> {
      await artifacts.amendClaim(claim);
    },

    async releaseClaim(runId: string): Promise<void> {
      await artifacts.releaseClaim(runId);
    },

    async inspectFiles(): Promise<FilesFound> {
      return {
        sqlite: metadata.inventory(),
        tablesBefore: metadata.inspectTables(),
        freeBytes: await artifacts.freeBytes(),
      };
    },
  };
}

export function createStorePreflight({ vectors, graph }: ActivityDeps) {
  return {
    async inspectStores(label: string): Promise<StoresFound> {
      const [qdrant, neo4j, snapshots] = await Promise.all([
        vectors.inventory(),
        graph.inventory(label),
        vectors.listSnapshots(),
      ]);
      return { qdrant, neo4j, qdrantSnapshots: snapshots.map(({ name }) => name) };
    },
  };
}
