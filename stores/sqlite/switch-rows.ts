import type { StoreName } from '../../domain/names';
import type { SwitchEntry, SwitchKind, SwitchState } from '../../domain/switch-journal';
import { OPEN_SWITCH_STATES } from '../../domain/switch-journal-schema';
import type { Db } from './open';
import { isoMoment } from './registry-rows';

/** Columns of `switch_journal` as they come from SQLite. */
interface RawSwitch {
  id: number;
  kind: SwitchKind;
  version_id: string;
  previous_version_id: string | null;
  state: SwitchState;
  stores: string;
  details: string;
  workflow_id: string;
  run_id: string;
  started_at: string;
  committed_at: string | null;
  ended_at: string | null;
}

/** Newest first. */
export function listSwitches(db: Db): SwitchEntry[] {
  return db.prepare<[], RawSwitch>('SELECT * FROM switch_journal ORDER BY id DESC').all().map(toEntry);
}

export function findSwitch(db: Db, runId: string): SwitchEntry | undefined {
  const raw = db.prepare<[string], RawSwitch>('SELECT * FROM switch_journal WHERE run_id = ?').get(runId);
  return raw && toEntry(raw);
}

/** The newest entry in one of these states. */
export function newestSwitch(db: Db, states: readonly SwitchState[]): SwitchEntry | undefined {
  const marks = states.map(() => '?').join(', ');
  const raw = db
    .prepare<SwitchState[], RawSwitch>(
      `SELECT * FROM switch_journal WHERE state IN (${marks}) ORDER BY id DESC LIMIT 1`,
    )
    .get(...states);
  return raw && toEntry(raw);
}

export function isOpenSwitch({ state }: SwitchEntry): boolean {
  return (OPEN_SWITCH_STATES as readonly SwitchState[]).includes(state);
}

function toEntry(raw: RawSwitch): SwitchEntry {
  return {
    id: raw.id,
    kind: raw.kind,
    versionId: raw.version_id,
    previousVersionId: raw.previous_version_id,
    state: raw.state,
    stores: JSON.parse(raw.stores) as StoreName[],
    details: JSON.parse(raw.details) as Record<string, unknown>,
    workflowId: raw.workflow_id,
    runId: raw.run_id,
    startedAt: isoMoment(raw.started_at),
    committedAt: raw.committed_at && isoMoment(raw.committed_at),
    endedAt: raw.ended_at && isoMoment(raw.ended_at),
  };
}
