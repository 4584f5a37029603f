import { Context } from '@temporalio/activity';
import { HybridFlowError } from '../domain/errors';
import type { Leftover } from '../domain/leftovers';
import type { Operation } from '../domain/registry';
import { redact } from '../domain/masking';
import { REPORT_FILES } from '../domain/report';
import {
  isReported,
  SHOWN_LEFTOVERS,
  type LeftoversSwept,
  type RetentionReport,
  type VersionLeft,
  type WindowApplied,
} from '../domain/retention';
import { windowReport } from '../domain/window-markdown';
import { bytesOf, type WindowPlan } from '../domain/window';
import type { IsOpen } from '../inspection/holders';
import { findLeftovers } from '../inspection/leftovers';
import { findHold, lookAtWindow } from '../inspection/retention';
import { callControl, run } from './context';
import type { ActivityDeps } from './deps';
import { sweepOne, unlessLasting } from './sweep';

export interface RetentionPlan extends WindowPlan {
  base: string;
}

/** The sliding window: what leaves it, one version at a time, and what killed runs have left. */
export function createRetentionActivities(deps: ActivityDeps) {
  const { metadata, artifacts } = deps;
  const planned = (emergency: boolean) => lookAtWindow(deps, { emergency }, callControl());
  return {
    /** CONFIG_INVALID where another base is asked for than this worker serves. */
    async planRetention(base: string | null, emergency: boolean): Promise<RetentionPlan> {
      assertServed(base, deps.settings.base);
      return { ...(await planned(emergency)), base: deps.settings.base };
    },

    /**
     * Moves a version into the archive, and then its row to `archived`: files first. Where this is broken off between
     * the two, the row says committed and the files are whole in the archive, which the next plan sees and completes;
     * the other way round a version that turns out to be damaged could not become committed again. It is planned anew
     * first, since a change may have begun to use it, and asked once more right before its folder goes.
     */
    async archiveVersion(versionId: string): Promise<VersionLeft> {
      const item = (await planned(false)).archive.find((one) => one.versionId === versionId);
      if (!item) return asItIs(deps, versionId);
      const mayStill = async () => (await findHold(deps, versionId)) === undefined;
      const moved = await artifacts.archive(versionId, run().runId, mayStill).catch(asRefusal);
      if (typeof moved === 'string') return stayed(versionId, moved);
      if (moved.state === 'kept') return asItIs(deps, versionId);
      const { bytes, storedBytes, freedBytes } = moved;
      metadata.registry.move(versionId, 'archived', `archived: ${item.reason}`);
      return { versionId, state: 'archived', reason: item.reason, bytes, storedBytes, freedBytes };
    },

    /**
     * Deletes the files of a version that has left the window: from the archive, or in an emergency from beside the
     * others. Its row goes to `archived` first where it is not: a committed version is one that has its files.
     */
    async deleteArchivedVersion(versionId: string, emergency: boolean): Promise<VersionLeft> {
      const item = (await planned(emergency)).delete.find((one) => one.versionId === versionId);
      if (!item) return asItIs(deps, versionId);
      const beside = (await artifacts.listVersions()).find((v) => v.versionId === versionId && v.place === 'beside');
      if (beside?.ownerRunId === null) return stayed(versionId, `${beside.path} does not say which run made it`);
      metadata.registry.move(versionId, 'archived', `archived: ${item.reason}`);
      await artifacts.deleteArchived(versionId);
      if (beside?.ownerRunId) await artifacts.removeFolder(versionId, beside.ownerRunId);
      const { reason, bytes, sharedBytes } = item;
      return { versionId, state: 'deleted', reason, bytes, storedBytes: 0, freedBytes: bytes - sharedBytes };
    },

    /** Removes what killed runs have left and nobody needs; everything else is told. */
    async sweepLeftovers(): Promise<LeftoversSwept> {
      const control = callControl();
      const { leftovers, notes } = await findLeftovers(deps, { isOpen: asker(deps), control });
      const swept: Leftover[] = [];
      for (const leftover of leftovers.filter(({ verdict }) => verdict === 'sweep')) {
        control.signal?.throwIfAborted();
        const removed = await sweepOne(deps, leftover, control).catch(unlessLasting);
        if (removed === true) swept.push(leftover);
        if (typeof removed === 'string') notes.push(`${leftover.name} could not be removed: ${removed}`);
      }
      const reported = leftovers.filter(({ verdict }) => verdict === 'report');
      const waiting = leftovers.filter(({ verdict }) => verdict === 'wait').length;
      const counts = { swept: swept.length, waiting, reported: reported.length };
      return { swept: swept.slice(0, SHOWN_LEFTOVERS), reported: reported.slice(0, SHOWN_LEFTOVERS), counts, notes };
    },

    /**
     * Nothing is logged where there is no registry yet: its tables are a change's to make. Writes the report where
     * there is something to tell, with those of the version that is current; repeated, it writes the same.
     */
    async logRetention(operation: Operation, applied?: WindowApplied): Promise<RetentionTold> {
      if (metadata.registry.list().length > 0) metadata.registry.logOperations(null, [operation]);
      return applied && isReported(applied)
        ? reportRetention(deps, operation, applied)
        : { reportPath: null, notes: [] };
    },
  };
}

/** Each as JSON and as Markdown: as many runs as a health check keeps. */
const KEPT_REPORTS = 50;

export interface RetentionTold {
  reportPath: string | null;
  notes: string[];
}

/** What was done is done, whether or not it can be told. */
async function reportRetention(
  { artifacts, metadata, secrets }: ActivityDeps,
  { startedAt, completedAt }: Operation,
  applied: WindowApplied,
): Promise<RetentionTold> {
  const versionId = metadata.journal.current()?.versionId;
  if (versionId === undefined) return { reportPath: null, notes: [] };
  const report: RetentionReport = {
    ...{ format: 'hybridflow-retention-report/1', ...run(), startedAt, endedAt: completedAt ?? startedAt },
    ...redact(applied, secrets),
  };
  const name = `${REPORT_FILES.retention}-${startedAt.replaceAll(/[-:]|\.\d+/g, '')}-${report.runId}`;
  try {
    await artifacts.writeReport(versionId, `${name}.json`, `${JSON.stringify(report, null, 2)}\n`);
    const reportPath = await artifacts.writeReport(versionId, `${name}.md`, `${windowReport(report)}\n`);
    await artifacts.pruneReports(versionId, `${REPORT_FILES.retention}-`, 2 * KEPT_REPORTS);
    return { reportPath, notes: [] };
  } catch (error) {
    const said = error instanceof Error ? error.message : String(error);
    return { reportPath: null, notes: [redact(`the report was not written: ${said}`, secrets)] };
  }
}

/**
 * A version that is not to leave (any more): what holds it, or what an earlier attempt, whose answer was lost, has made
 * of it.
 */
async function asItIs({ metadata, artifacts }: ActivityDeps, versionId: string): Promise<VersionLeft> {
  const hold = await findHold({ metadata, artifacts }, versionId);
  if (hold) return stayed(versionId, hold.reason);
  const row = metadata.registry.find(versionId);
  const stored = (await artifacts.listVersions()).filter((one) => one.versionId === versionId);
  if (row?.status !== 'archived' || stored.some(({ place }) => place === 'beside')) {
    return stayed(versionId, 'it is not to leave the window any more');
  }
  const storedBytes = bytesOf(stored.flatMap(({ files }) => files));
  const state = stored.length > 0 ? 'archived' : 'deleted';
  return { versionId, state, reason: row.statusMessage ?? '', bytes: storedBytes, storedBytes, freedBytes: 0 };
}

function stayed(versionId: string, reason: string): VersionLeft {
  return { versionId, state: 'kept', reason, bytes: 0, storedBytes: 0, freedBytes: 0 };
}

/** A version that is damaged, or for whose archive there is no room, stays where it is and is told of. */
function asRefusal(error: unknown): string {
  const codes: string[] = ['ARTIFACT_DAMAGED', 'DISK_TOO_SMALL', 'VERSION_UNKNOWN'];
  if (error instanceof HybridFlowError && codes.includes(error.code)) return error.facts.found;
  throw error;
}

/** Only what this namespace knows can be told to have ended. */
function asker({ runs }: ActivityDeps): IsOpen {
  const ours = Context.current().info.namespace;
  return async ({ workflowId, runId, namespace }) =>
    workflowId === '' || (namespace ?? ours) !== ours ? undefined : runs.isOpen(workflowId, runId);
}

function assertServed(asked: string | null, served: string): void {
  if (asked === null || asked === served) return;
  throw new HybridFlowError('CONFIG_INVALID', {
    found: `The window of ${asked} was asked for, and taken by a worker that serves ${served}`,
    expected: 'one base per task queue',
    next: 'set HYBRIDFLOW_BASE to the same name for the worker and for whoever asks',
  });
}
