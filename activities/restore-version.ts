import { Context } from '@temporalio/activity';
import { z } from 'zod';
import type { MigrationSettings } from '../domain/baseline';
import type { CheckResult } from '../domain/checks';
import type { ProductionSeen } from '../domain/consistency';
import { HybridFlowError } from '../domain/errors';
import { redact } from '../domain/masking';
import { REHEARSAL_PREFIX, STORE_NAMES, type StoreName } from '../domain/names';
import type { Operation } from '../domain/registry';
import type { RehearsedStore } from '../domain/rehearsal';
import type { RestoreInput, RestoreOutcome, RestorePlan, RestoreSource } from '../domain/restore';
import { renderRestore } from '../domain/restore-markdown';
import { isActive } from '../domain/status';
import type { SwitchEntry } from '../domain/switch-journal';
import { changedSinceSeen } from '../inspection/production-seen';
import { removeRehearsals } from '../inspection/rehearsal';
import { answerProbes, planRestore, resolveSource, type ProbesAnswered } from '../inspection/restore';
import { checkSideTargets } from '../inspection/side-targets';
import type { ExpectedRows } from '../stores/ports';
import { callControl, isRetry, run, writeLease } from './context';
import type { ActivityDeps } from './deps';
import { intactArtifact } from './restore';
import { keepAsLatestCopy } from './restored-copy';
import { createSavedActivities } from './saved-stores';

const inputSchema = z.strictObject({
  version: z
    .string({ error: 'the version to restore: an id, latest-copy, baseline, or a rescue folder' })
    .min(1)
    .max(100),
  stores: z.array(z.enum(STORE_NAMES)).min(1).optional(),
  reason: z.string().max(10_000).optional(),
  startedBy: z.string().max(200).optional(),
  maxAttempts: z.number().int().positive().optional(),
  acceptDrift: z.boolean().optional(),
}) satisfies z.ZodType<RestoreInput>;

/** What a restore works with. The version may turn out to be another one where latest-copy is damaged. */
export interface RestoreTerms {
  settings: MigrationSettings;
  version: string;
  /** Empty: all three. */
  stores: StoreName[];
  source: RestoreSource;
}

/** Production put back as a version has it: the plan, the rehearsal, the commit point, and what follows it. */
export function createRestoreVersionActivities(deps: ActivityDeps) {
  const { metadata, artifacts, settings, embedder, probes, secrets } = deps;
  return {
    /**
     * Reads only, and no artifact.
     *
     * @throws CONFIG_INVALID for an input that does not fit, METADATA_DB_*, BASE_BUSY where a version is being staged,
     *   VERSION_UNKNOWN, VERSION_ARCHIVED
     */
    async lookUpRestore(given: RestoreInput): Promise<RestoreTerms> {
      const { version, stores = [] } = parsed(given);
      metadata.inventory();
      await assertNothingStaged(deps);
      return { settings, version, stores, source: await resolveSource(deps, version) };
    },

    /** What the restore does, from the stores as they stand. What this run holds itself is no obstacle to it. */
    async planRestore(version: string, stores: StoreName[]): Promise<RestorePlan> {
      const { base, minimumFreeBytes } = settings;
      const request = { base, version, stores, minimumFreeBytes };
      const isOpen = (other: { workflowId: string; runId: string }) => deps.runs.isOpen(other.workflowId, other.runId);
      return planRestore(deps, request, { ownRunId: run().runId, isOpen }, callControl());
    },

    /** Of these stores, those that hold something else than what the restore was planned for. */
    async changedSincePlanned(seen: ProductionSeen, stores: StoreName[]): Promise<StoreName[]> {
      return changedSinceSeen(deps, seen, stores, callControl());
    },

    /** Restores aside, compares, checks. Each attempt has side targets of its own, as in every rehearsal. */
    async rehearseRestore(
      folder: string,
      stores: StoreName[],
    ): Promise<{ stores: RehearsedStore[]; checks: CheckResult[] }> {
      const ours = `${REHEARSAL_PREFIX}${run().runId}_restore_`;
      if (isRetry()) await removeRehearsals(deps, ours);
      const sideName = `${ours}${Context.current().info.attempt}`;
      return checkSideTargets(deps, folder, stores, { sideName, control: callControl() });
    },

    /**
     * The commit point. Where SQLite is restored, its tables become those of the artifact, whose bytes are verified
     * first, in the same transaction. `expected` is production's fingerprint in SQLite as the restore knows it: rows that
     * somebody has written since would be lost.
     */
    async commitRestore(
      folder: string,
      withSqlite: boolean,
      expected?: Pick<ExpectedRows, 'production'>,
    ): Promise<SwitchEntry> {
      const artifact = withSqlite ? await intactArtifact(deps, folder, 'sqlite') : null;
      const file = artifact && artifacts.pathOf(folder, artifact.file);
      return metadata.journal.commitRestore(run().runId, file, writeLease(), expected);
    },

    ...createSavedActivities(deps),

    async keepAsLatestCopy(folder: string, runId: string): Promise<string> {
      return keepAsLatestCopy(artifacts, folder, run().workflowId, runId);
    },

    async answerProbes(versionId: string, folder = versionId): Promise<ProbesAnswered> {
      return answerProbes(deps, { versionId, folder }, { embedder, settings: probes, secrets, control: callControl() });
    },

    /** A version that the registry does not list has a row that names none. */
    async logRestore(versionId: string, operation: Operation): Promise<void> {
      const { registry } = metadata;
      const named = registry.find(versionId) ? versionId : null;
      registry.logOperations(named, [redact({ ...operation, details: { ...operation.details, versionId } }, secrets)]);
    },

    /** Among the version's reports, under a name of the run's own; answers the path of the Markdown. */
    async reportRestore(runId: string, outcome: RestoreOutcome): Promise<string> {
      const told = redact(outcome, secrets);
      const name = `restore-${runId}`;
      await artifacts.writeReport(outcome.from, `${name}.json`, `${JSON.stringify(told, null, 2)}\n`);
      return artifacts.writeReport(outcome.from, `${name}.md`, renderRestore(told));
    },
  };
}

function parsed(given: RestoreInput): z.output<typeof inputSchema> {
  const result = inputSchema.safeParse(given);
  if (result.success) return result.data;
  throw new HybridFlowError('CONFIG_INVALID', {
    found: `The input of restoreVersion does not fit:\n${z.prettifyError(result.error)}`,
    expected: '{"version": "<id>, latest-copy, baseline, or a rescue folder"}; the rest is optional',
    next: 'correct the input; `hfv restore <version> --dry-run` shows what a restore would do',
  });
}

/** A dead change's leftovers are undone once the base is claimed; a living one is told of here, with its way out. */
async function assertNothingStaged({ metadata, runs }: ActivityDeps): Promise<void> {
  const row = metadata.registry.list().find(({ status }) => isActive(status));
  if (!row?.workflowId || !(await runs.isOpen(row.workflowId, row.runId ?? ''))) return;
  throw new HybridFlowError('BASE_BUSY', {
    found: `${row.versionId} is ${row.status}, by workflow ${row.workflowId}`,
    expected: 'no version under way',
    next: 'let it come to its end, or give it up with `hfv cancel`, then restore',
    details: { versionId: row.versionId },
  });
}
