import { HybridFlowError } from '../../domain/errors';
import type { NewSwitch, SwitchEntry, SwitchKind, SwitchState } from '../../domain/switch-journal';
import { COMMITTED_SWITCH_STATES, OPEN_SWITCH_STATES, SWITCH_MOVES } from '../../domain/switch-journal-schema';
import { requireVersion } from './moves';
import type { Db } from './open';
import { sqlMoment } from './registry-rows';
import { findSwitch, newestSwitch } from './switch-rows';

/** @throws HybridFlowError BASE_BUSY, VERSION_UNKNOWN */
export function beginSwitch(db: Db, entry: NewSwitch): SwitchEntry {
  const present = findSwitch(db, entry.runId);
  if (present) return present;
  const open = newestSwitch(db, OPEN_SWITCH_STATES);
  if (open) throw busy(open);
  requireVersion(db, entry.versionId);
  db.prepare(
    `INSERT INTO switch_journal
       (kind, version_id, previous_version_id, state, stores, details, workflow_id, run_id, started_at)
     VALUES (@kind, @versionId, @previousVersionId, 'switching', @stores, @details, @workflowId, @runId, @startedAt)`,
  ).run({
    ...entry,
    stores: JSON.stringify(entry.stores),
    details: JSON.stringify(entry.details),
    startedAt: sqlMoment(new Date()),
  });
  return requireSwitch(db, entry.runId);
}

/** The run's entry with more among its details. */
export function amendSwitch(db: Db, runId: string, details: Record<string, unknown>): void {
  const merged = JSON.stringify({ ...requireSwitch(db, runId).details, ...details });
  db.prepare('UPDATE switch_journal SET details = ? WHERE run_id = ? AND details <> ?').run(merged, runId, merged);
}

/** Keeps a switch from being committed; one that is past that is answered as it is. */
export function takeBackSwitch(db: Db, runId: string): SwitchState | 'absent' {
  const entry = findSwitch(db, runId);
  if (entry?.state === 'switching') amendSwitch(db, runId, { takenBack: true });
  return entry?.state ?? 'absent';
}

/** @throws HybridFlowError STATUS_MOVE_REFUSED where the run has no entry */
export function requireSwitch(db: Db, runId: string): SwitchEntry {
  const entry = findSwitch(db, runId);
  if (entry) return entry;
  throw refused(`The journal has no switch of run ${runId}`, 'an entry that the run has begun');
}

/**
 * The run's entry that is to be committed now, or was before (`committed`).
 *
 * @throws HybridFlowError STATUS_MOVE_REFUSED where the run has none of this kind, or it was or is being taken back
 */
export function switchToCommit(db: Db, runId: string, kind: SwitchKind): { entry: SwitchEntry; committed: boolean } {
  const entry = requireSwitch(db, runId);
  if (entry.kind !== kind) throw refused(`The switch of run ${runId} is a ${entry.kind}`, `a ${kind}`);
  const committed = (COMMITTED_SWITCH_STATES as readonly SwitchState[]).includes(entry.state);
  if (committed) return { entry, committed };
  assertSwitchMove(entry, 'committed');
  if (entry.details.takenBack === true) {
    throw refused(`The switch of run ${runId} is being taken back`, 'a switch that nobody takes back');
  }
  return { entry, committed };
}

/** @throws HybridFlowError STATUS_MOVE_REFUSED */
export function moveSwitch(db: Db, entry: SwitchEntry, to: SwitchState): SwitchEntry {
  assertSwitchMove(entry, to);
  const moment = to === 'committed' ? 'committed_at' : 'ended_at';
  db.prepare(`UPDATE switch_journal SET state = ?, ${moment} = ? WHERE run_id = ?`).run(
    to,
    sqlMoment(new Date()),
    entry.runId,
  );
  return requireSwitch(db, entry.runId);
}

function assertSwitchMove({ runId, state }: SwitchEntry, to: SwitchState): void {
  const open: readonly SwitchState[] = SWITCH_MOVES[state];
  if (open.includes(to)) return;
  const expected = open.length > 0 ? `one of ${open.join(', ')}` : `no further move: ${state} is final`;
  throw refused(`The switch of run ${runId} cannot go from ${state} to ${to}`, expected);
}

function refused(found: string, expected: string): HybridFlowError {
  const next = 'nothing was written; look at what production is with `hfv status`';
  return new HybridFlowError('STATUS_MOVE_REFUSED', { found, expected, next });
}

function busy({ kind, versionId, state, workflowId, runId }: SwitchEntry): HybridFlowError {
  return new HybridFlowError('BASE_BUSY', {
    found: `The ${kind} of ${versionId} is not at its end (${state}; workflow ${workflowId}, run ${runId})`,
    expected: 'no other switch under way',
    next: 'follow it with `hfv status`, or wait for its end',
    details: { versionId, kind, state, workflowId, runId },
  });
}
