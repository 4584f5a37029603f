import { setTimeout } from 'node:timers/promises';
import { Context } from '@temporalio/activity';
import type { Claim } from '../domain/claim';
import { HybridFlowError } from '../domain/errors';
import type { VersionRow } from '../domain/registry';
import type { RollbackRecord } from '../domain/rollback';
import { isActive, type VersionStatus } from '../domain/status';
import { BASELINE_LABEL, LATEST_COPY, versionLabel } from '../domain/version-id';
import { REPORT_FILES, type RunReport } from '../domain/report';
import type { ActivityDeps } from './deps';

export interface RollbackTarget {
  versionId: string;
  /** Null where the run ended before it had a row. */
  status: VersionStatus | null;
  base: string;
  batchSize: number;
  /** Whose leftovers they are; its run is asked to stop first where it still goes on. */
  holder: Claim;
  running: boolean;
}

const POLL_MS = 500;

/** What a rollback asks before it begins, and waits for. */
export function createRollbackActivities(deps: ActivityDeps) {
  const { metadata, artifacts, runs } = deps;
  return {
    /**
     * Which version there is to roll back: the one that is named, else the one under way or left half undone.
     *
     * @throws VERSION_UNKNOWN, BASELINE_IMMUTABLE, STATUS_MOVE_REFUSED for one that is committed or at its end,
     *   NOT_RUNNING where there is nothing to roll back
     */
    async lookUpRollback(versionId: string | null): Promise<RollbackTarget> {
      const claim = await artifacts.readClaim();
      const rows = metadata.registry.list();
      const active = rows.find((row) => isActive(row.status));
      const wanted = versionId ?? claim?.versionId ?? active?.versionId;
      if (wanted === undefined) throw nothingToRollBack();
      const row = rows.find((each) => each.versionId === wanted);
      const ours = claim?.versionId === wanted ? claim : undefined;
      if (!row && !ours) throw unknown(wanted, rows);
      if (row && !isActive(row.status)) assertLeftovers(row, ours);
      const { base, batchSize } = deps.settings;
      const holder = ours ?? holderOf(base, wanted, row);
      const running = holder.workflowId !== '' && (await runs.isOpen(holder.workflowId, holder.runId));
      return { versionId: wanted, status: row?.status ?? null, base, batchSize, holder, running };
    },

    /** Waits until a run has ended. It heartbeats, so that a worker that goes away is noticed. */
    async awaitRunClosed(workflowId: string, runId: string): Promise<void> {
      const { cancellationSignal } = Context.current();
      while (await runs.isOpen(workflowId, runId)) {
        await setTimeout(POLL_MS, undefined, { signal: cancellationSignal });
      }
    },

    /** The rollback that a run's own report tells of, and where the version stands. */
    async rollbackTold(versionId: string): Promise<{ status: VersionStatus | null; record: RollbackRecord | null }> {
      const text = await artifacts.readReport(versionId, `${REPORT_FILES.run}.json`);
      const record = text === undefined ? null : (JSON.parse(text) as RunReport).rollback;
      return { status: metadata.registry.find(versionId)?.status ?? null, record };
    },

    /**
     * Folders that hold production as it was before a run, best first. latest-copy counts where that run published
     * it, or where a version has been committed: then it is production as of the last commit.
     */
    async copiesBefore(runId: string): Promise<string[]> {
      const baseline = metadata.registry.committedBaseline()?.versionId;
      const latest = await artifacts.readManifest(LATEST_COPY).catch(() => undefined);
      const copies = latest && (latest.runId === runId || baseline !== undefined) ? [LATEST_COPY] : [];
      return baseline === undefined ? copies : [...copies, baseline];
    },
  };
}

/** The row of a version whose claim was lost stands in for it; how the tables were before is not known any more. */
function holderOf(base: string, versionId: string, row: VersionRow | undefined): Claim {
  return {
    base,
    versionId,
    workflowId: row?.workflowId ?? '',
    runId: row?.runId ?? '',
    label: versionId.startsWith(BASELINE_LABEL) ? BASELINE_LABEL : versionLabel(versionId),
    claimedAt: row?.createdAt ?? '',
    tablesBefore: [],
  };
}

function assertLeftovers({ versionId, status }: VersionRow, claim: Claim | undefined): void {
  if (status === 'committed' && versionId.startsWith(BASELINE_LABEL)) {
    throw new HybridFlowError('BASELINE_IMMUTABLE', {
      found: `${versionId} is a committed baseline`,
      expected: 'a version that is not committed: a baseline is never rolled back',
      next: 'nothing to do; a later version is undone by restoring an earlier one',
    });
  }
  if (claim && status !== 'committed') return;
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
