import { setTimeout } from 'node:timers/promises';
import { Context } from '@temporalio/activity';
import { z } from 'zod';
import type { Claim } from '../domain/claim';
import { mayRestoreFrom, type ConsistencyStatement } from '../domain/consistency';
import { HybridFlowError } from '../domain/errors';
import { STORE_NAMES } from '../domain/names';
import type { OperationRow, VersionRow } from '../domain/registry';
import { committedFacts, type RollbackRecord, type Verdict } from '../domain/rollback';
import { isActive, type VersionStatus } from '../domain/status';
import { BASELINE_LABEL, LATEST_COPY, versionLabel } from '../domain/version-id';
import { REPORT_FILES, type RunReport } from '../domain/report';
import type { SwitchJournal } from '../stores/ports';
import { openSwitchOf } from './claim';
import type { ActivityDeps } from './deps';

export interface RollbackTarget {
  versionId: string;
  /** Null where the run ended before it had a row. */
  status: VersionStatus | null;
  base: string;
  batchSize: number;
  healthDelaySeconds?: number;
  /** Whose leftovers they are; its run is asked to stop first where it still goes on. */
  holder: Claim;
  running: boolean;
}

export interface RollbackTold {
  status: VersionStatus | null;
  record: RollbackRecord | null;
  /** Null where the version is not judged, or was judged by somebody else. */
  verdict: Verdict | null;
}

const verdictSchema = z.object({
  proof: z.array(z.object({ store: z.enum(STORE_NAMES), same: z.boolean(), sha256: z.string() })),
  restored: z.array(z.enum(STORE_NAMES)),
  savedTo: z.string().nullable().default(null),
}) satisfies z.ZodType<Verdict>;

const POLL_MS = 500;

/** What a rollback asks before it begins, and waits for. */
export function createRollbackActivities(deps: ActivityDeps) {
  const { metadata, artifacts, runs } = deps;
  return {
    /**
     * Which version there is to roll back: the one that is named, else the one under way or left half undone.
     *
     * @throws VERSION_UNKNOWN, BASELINE_IMMUTABLE, VERSION_COMMITTED, STATUS_MOVE_REFUSED for one that is at its end,
     *   NOT_RUNNING where there is nothing to roll back
     */
    async lookUpRollback(versionId: string | null): Promise<RollbackTarget> {
      const claim = await artifacts.readClaim();
      const rows = metadata.registry.list();
      const active = rows.find((row) => isActive(row.status));
      // A switch that stands open without its claim is still somebody's to end.
      const open = claim ? undefined : openSwitchOf(deps.metadata.journal, deps.settings.base);
      const wanted = versionId ?? claim?.versionId ?? active?.versionId ?? open?.versionId;
      if (wanted === undefined) throw nothingToRollBack();
      const row = rows.find((each) => each.versionId === wanted);
      const ours = [claim, open].find((one) => one?.versionId === wanted);
      if (!row && !ours) throw unknown(wanted, rows);
      if (row && !isActive(row.status)) assertLeftovers(row, ours, metadata.journal);
      const { base, batchSize, healthDelaySeconds } = deps.settings;
      const holder = ours ?? holderOf(base, wanted, row);
      assertKnowable(holder, Context.current().info.namespace);
      const running = await runs.isOpen(holder.workflowId, holder.runId);
      return { versionId: wanted, status: row?.status ?? null, base, batchSize, healthDelaySeconds, holder, running };
    },

    /** Waits until a run has ended. It heartbeats, so that a worker that goes away is noticed. */
    async awaitRunClosed(workflowId: string, runId: string): Promise<void> {
      const { cancellationSignal } = Context.current();
      while (await runs.isOpen(workflowId, runId)) {
        await setTimeout(POLL_MS, undefined, { signal: cancellationSignal });
      }
    },

    /** The rollback that a run's own report tells of, where the version stands, and what its verdict was given for. */
    async rollbackTold(versionId: string): Promise<RollbackTold> {
      const text = await artifacts.readReport(versionId, `${REPORT_FILES.run}.json`);
      const record = text === undefined ? null : (JSON.parse(text) as RunReport).rollback;
      const status = metadata.registry.find(versionId)?.status ?? null;
      const verdict = status === 'rolled_back' ? verdictOf(metadata.registry.operations(versionId)) : null;
      return { status, record, verdict };
    },

    /** Whether what a run left is still there to be undone: its claim stands, or its version is still under way. */
    async stillStands(holder: Claim): Promise<boolean> {
      if ((await artifacts.readClaim())?.runId === holder.runId) return true;
      const entry = metadata.journal.find(holder.runId);
      if (entry?.state === 'switching' || entry?.state === 'committed') return true;
      return metadata.registry.list().some((row) => isActive(row.status) && row.runId === holder.runId);
    },

    /**
     * Copies of production from before a run, best first. latest-copy counts unless it is known to be another run's
     * with nothing committed: one whose manifest cannot be read is for the verification to judge, not to be passed over.
     */
    async copiesBefore(runId: string): Promise<{ folder: string; oneMoment: boolean }[]> {
      const baseline = metadata.registry.committedBaseline()?.versionId;
      const copies = baseline === undefined ? [] : [{ folder: baseline, oneMoment: true }];
      if (!(await artifacts.exists(LATEST_COPY))) return copies;
      const latest = await artifacts.readManifest(LATEST_COPY).catch(unlessDamaged);
      if (latest && latest.runId !== runId && baseline === undefined) return copies;
      const statement = latest?.consistency as ConsistencyStatement | undefined;
      return [{ folder: LATEST_COPY, oneMoment: baseline !== undefined || mayRestoreFrom(statement) }, ...copies];
    },
  };
}

/** The row that was closed with the verdict, in one transaction. */
function verdictOf(operations: readonly OperationRow[]): Verdict | null {
  const closed = operations.findLast(
    ({ operationType, status }) => operationType === 'rollback' && status === 'success',
  );
  return verdictSchema.safeParse(closed?.details).data ?? null;
}

/** The row of a version whose claim was lost stands in for it; how the tables were before is not known any more. */
function holderOf(base: string, versionId: string, row: VersionRow | undefined): Claim {
  return {
    base,
    kind: versionId.startsWith(BASELINE_LABEL) ? 'baseline' : 'publish',
    versionId,
    workflowId: row?.workflowId ?? '',
    runId: row?.runId ?? '',
    label: versionId.startsWith(BASELINE_LABEL) ? BASELINE_LABEL : versionLabel(versionId),
    claimedAt: row?.createdAt ?? '',
    tablesBefore: [],
  };
}

/** Only what this namespace knows can be told to be alive or dead; a row without a run is its maker's to end. */
function assertKnowable({ versionId, workflowId, namespace }: Claim, ours: string): void {
  if (workflowId !== '' && (namespace === undefined || namespace === ours)) return;
  throw new HybridFlowError('BASE_BUSY', {
    found:
      workflowId === ''
        ? `${versionId} is under way, and its row names no run: it was not made by this system`
        : `${versionId} belongs to a run in namespace ${namespace}, and this is ${ours}`,
    expected: 'a run that can be asked whether it still goes on',
    next: 'end it where it was begun',
  });
}

function unlessDamaged(error: unknown): undefined {
  if (error instanceof HybridFlowError && error.code === 'ARTIFACT_DAMAGED') return undefined;
  throw error;
}

function assertLeftovers({ versionId, status }: VersionRow, claim: Claim | undefined, journal: SwitchJournal): void {
  if (status === 'committed' && versionId.startsWith(BASELINE_LABEL)) {
    throw new HybridFlowError('BASELINE_IMMUTABLE', {
      found: `${versionId} is a committed baseline`,
      expected: 'a version that is not committed: a baseline is never rolled back',
      next: 'nothing to do; a later version is undone by restoring an earlier one',
    });
  }
  // What was committed and not yet driven to its end has its claim still.
  if (claim && (status !== 'committed' || (claim.kind ?? 'baseline') !== 'baseline')) return;
  if (status === 'committed') {
    const promote = journal.list().find((entry) => entry.kind === 'promote' && entry.versionId === versionId);
    throw new HybridFlowError('VERSION_COMMITTED', committedFacts(versionId, promote?.previousVersionId ?? null));
  }
  throw new HybridFlowError('STATUS_MOVE_REFUSED', {
    found: `${versionId} is ${status}`,
    expected: 'a version under way, or one whose undo was left half done',
    next: `look at it with \`hfv show ${versionId}\``,
  });
}

function nothingToRollBack(): HybridFlowError {
  return new HybridFlowError('NOT_RUNNING', {
    found: 'no version is under way, and none was left half undone',
    next: 'list the versions with `hfv versions`',
  });
}

function unknown(versionId: string, rows: readonly VersionRow[]): HybridFlowError {
  return new HybridFlowError('VERSION_UNKNOWN', {
    found: `${versionId} is not in the registry`,
    expected: rows.length > 0 ? `one of ${rows.map((row) => row.versionId).join(', ')}` : 'a registered version',
    next: 'list the versions with `hfv versions`',
  });
}
