import { z } from 'zod';
import type { MigrationSettings, RegisterBaselineInput } from '../domain/baseline';
import type { Claim } from '../domain/claim';
import { HybridFlowError } from '../domain/errors';
import type { Neo4jInventory, QdrantInventory, SqliteInventory } from '../domain/inventory';
import type { TableBefore, VersionRow } from '../domain/registry';
import { isActive } from '../domain/status';
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
  const { metadata, artifacts, settings, runs } = deps;
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

    /**
     * Claims the base. A living holder is BASE_BUSY; a dead one is handed back so that its leftovers are undone
     * first. The registry is asked too: a change may be under way whose claim was lost with the backups folder.
     */
    async claimBase(claim: Claim): Promise<{ state: 'claimed' } | { state: 'abandoned'; holder: Claim }> {
      await artifacts.assertWritable();
      const result = await artifacts.claim(claim);
      const holder = result.state === 'held' ? result.holder : activeChange(deps, claim);
      if (!holder) return { state: 'claimed' };
      // A row that names no run was not made by this system: nobody but its maker can say whether it is dead.
      const known = holder.workflowId !== '';
      if (known && !(await runs.isOpen(holder.workflowId, holder.runId))) return { state: 'abandoned', holder };
      await artifacts.releaseClaim(claim.runId);
      throw new HybridFlowError('BASE_BUSY', {
        found: `Another change of ${holder.base} is running: ${holder.versionId}, ${known ? `workflow ${holder.workflowId}` : 'of no known workflow'}, since ${holder.claimedAt}`,
        expected: 'one change at a time',
        next: 'watch it with `hfv status`, and run again when it has ended',
        details: { holder },
      });
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

/** The change that the registry shows as under way, where it is another run's; it stands for its lost claim. */
function activeChange({ metadata }: ActivityDeps, { base, label, runId }: Claim): Claim | undefined {
  const active = metadata.registry.list().find((row) => isActive(row.status) && row.runId !== runId);
  if (!active) return undefined;
  const { versionId, createdAt, workflowId, runId: holder } = active;
  return {
    base,
    label,
    versionId,
    workflowId: workflowId ?? '',
    runId: holder ?? '',
    claimedAt: createdAt,
    tablesBefore: [],
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
