import { CancellationScope, getExternalWorkflowHandle } from '@temporalio/workflow';
import type { Claim } from '../domain/claim';
import type { RestoreDetails } from '../domain/restore';
import { committedFacts, isProvenBy, type RollBackInput, type RollbackRecord, type Verdict } from '../domain/rollback';
import { disagreedAtMost, type SwitchEntry } from '../domain/switch-journal';
import type { RollbackTarget } from '../activities';
import { abort } from './messages';
import { AlreadyCommitted, undoAbandoned } from './parts/abandoned';
import { undoSteps } from './parts/activities';
import { holdProductionAgainst, windowAfter, type Driven } from './parts/driven';
import { businessFailure, rootOf } from './parts/failures';

/**
 * Rolls a version back in the plan's eight steps: one whose run still goes on is asked to stop, and undoes itself; one
 * whose run is dead, or whose undo was left half done, is undone from what its claim and the registry tell. A committed
 * baseline is never rolled back.
 *
 * Fails with BASELINE_IMMUTABLE, VERSION_COMMITTED, VERSION_UNKNOWN, STATUS_MOVE_REFUSED or NOT_RUNNING where there is
 * nothing to roll back, NEEDS_OPERATOR where something is left: run it again once the cause is mended.
 */
export async function rollBackVersion(given?: RollBackInput | null): Promise<RollbackRecord> {
  try {
    return await CancellationScope.nonCancellable(() => rollBack(given ?? {}));
  } catch (error) {
    throw rootOf(error);
  }
}

async function rollBack(input: RollBackInput): Promise<RollbackRecord> {
  const { files } = undoSteps();
  const reason = `rolled back${input.startedBy ? ` by ${input.startedBy}` : ''}${input.reason ? `: ${input.reason}` : ''}`;
  let target = await files.lookUpRollback(input.versionId ?? null);
  if (target.running) {
    const record = await stopAndWait(target, reason);
    if (record) return record;
    // What it left, if anything, is looked up anew: by now the base may be somebody else's.
    target = await files.lookUpRollback(target.versionId);
  }
  try {
    const { record } = await undoAbandoned(target.holder, target, reason);
    return record ?? (await toldOf(target.versionId));
  } catch (error) {
    if (!(error instanceof AlreadyCommitted)) throw error;
    const { driven } = error;
    if (!driven) throw baselineCommitted(target.versionId);
    await windowAfter(driven);
    return drivenForward(target.versionId, driven);
  }
}

/** Past its commit point a change is not undone: what it had left to do has been done. */
function drivenForward(
  versionId: string,
  { versionId: of, proof, proven, disagreedAtMostMs = null, warnings }: Omit<Driven, 'kind'>,
): RollbackRecord {
  const nothing = { trigger: null, steps: [], restored: [], savedTo: null, checks: [], left: [] };
  const reason = ['it was committed, and has been driven to its end', ...warnings].join('; ');
  const next = proven ? null : `look at what differs with \`hfv compare ${of} production\``;
  return { versionId, ...nothing, reason, proof, proven, driven: { versionId: of, disagreedAtMostMs }, next };
}

/** It has left no report: what is known of it is its verdict, where there is one. */
function untold(versionId: string, reason: string, verdict: Verdict | null = null): RollbackRecord {
  const nothing = { steps: [], restored: [], savedTo: null, proof: [], checks: [], left: [], next: null };
  const proven = verdict !== null && isProvenBy(verdict);
  return { versionId, trigger: null, reason, ...nothing, ...(verdict && { verdict }), proven };
}

/** Somebody else has undone it meanwhile: what the report tells of it. */
async function toldOf(versionId: string): Promise<RollbackRecord> {
  const { record } = await undoSteps().files.rollbackTold(versionId);
  if (record) return record;
  throw businessFailure('NOT_RUNNING', {
    found: `there is nothing left of ${versionId} to undo`,
    next: 'list the versions with `hfv versions`',
  });
}

/** The run undoes itself; what is left to do afterwards, where that failed, is the caller's. */
async function stopAndWait({ holder, versionId }: RollbackTarget, reason: string): Promise<RollbackRecord | null> {
  const { files, longFiles } = undoSteps();
  const run = getExternalWorkflowHandle(holder.workflowId, holder.runId);
  // A run that has just ended cannot be signalled, and need not be.
  await run.signal(abort, { reason }).catch(() => undefined);
  await longFiles.awaitRunClosed(holder.workflowId, holder.runId);
  if (holder.kind === 'restore') return restoreEnded(holder, versionId, reason);
  const { status, record, verdict } = await files.rollbackTold(versionId);
  if (status === 'committed') return committedMeanwhile(holder, versionId);
  if (await files.stillStands(holder)) return null;
  if (status === 'rolled_back') return record ?? untold(versionId, reason, verdict);
  return record?.left.length === 0 ? record : null;
}

/** A restore has no row, and its claim bears a name of its own: how it ended is in the journal, and in its claim. */
async function restoreEnded(holder: Claim, versionId: string, reason: string): Promise<RollbackRecord | null> {
  const { files } = undoSteps();
  const entry = await files.findSwitch(holder.runId);
  if (entry?.state === 'done') return drivenForward(versionId, await heldAgainst(entry));
  if (await files.stillStands(holder)) return null;
  // The journal is closed as undone, and the claim let go, only once what was switched has been proven to be back.
  const how = entry ? 'the stores that it had switched are back' : 'it had switched no store';
  return { ...untold(versionId, `${reason}; ${how}`), proven: true };
}

/** The run itself has driven it to its end, and is no more there to be asked: production is. */
async function heldAgainst(entry: SwitchEntry): Promise<Omit<Driven, 'kind'>> {
  const { versionId, stores } = entry;
  const { source } = entry.details as unknown as RestoreDetails;
  const warnings: string[] = [];
  const proof = await holdProductionAgainst(source.folder, stores, warnings);
  const proven = proof.length > 0 && proof.every(({ same }) => same);
  return { versionId, proof, proven, disagreedAtMostMs: disagreedAtMost(entry), warnings };
}

/** It came too late. Where the run could not end what follows its commit, there is something left to drive forward. */
async function committedMeanwhile(holder: Claim, versionId: string): Promise<null> {
  if ((holder.kind ?? 'baseline') === 'baseline') throw baselineCommitted(versionId);
  const { files } = undoSteps();
  if (await files.stillStands(holder)) return null;
  const entry = await files.findSwitch(holder.runId);
  throw businessFailure('VERSION_COMMITTED', committedFacts(versionId, entry?.previousVersionId ?? null));
}

function baselineCommitted(versionId: string): Error {
  return businessFailure('BASELINE_IMMUTABLE', {
    found: `${versionId} is committed: its run was too far to be stopped`,
    expected: 'a version that is not committed',
    next: `look at it with \`hfv show ${versionId}\``,
  });
}
