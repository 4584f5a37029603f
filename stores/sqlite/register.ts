import { HybridFlowError } from '../../domain/errors';
import type { VersionRow } from '../../domain/registry';
import { ACTIVE_STATUSES } from '../../domain/status';
import { isVersionId, parseVersionId } from '../../domain/version-id';
import type { NewVersion } from '../ports';
import { findVersion, moveVersion, requireVersion } from './moves';
import type { Db } from './open';
import { sqlMoment, toVersionRow, type RawVersion } from './registry-rows';

/** Inserts a baseline's row and moves it to `validating`; the row of the same run is returned as it is. */
export function registerBaseline(db: Db, version: NewVersion): VersionRow {
  assertBaselineId(version.versionId);
  const present = findVersion(db, version.versionId);
  if (present?.runId === version.runId) return present;
  if (present) throw inUse(present, `${version.versionId} is another run's version`);
  const committed = committedBaseline(db);
  if (committed) throw inUse(committed, `There is a committed baseline already: ${committed.versionId}`);
  const active = activeVersion(db);
  if (active) throw busy(active);
  insertPending(db, version);
  return moveVersion(db, requireVersion(db, version.versionId), 'validating', null);
}

/** Inserts the row of a version that is to be staged; the row of the same run is returned as it is. */
export function openVersion(db: Db, version: NewVersion): VersionRow {
  const { versionId, runId } = version;
  const { kind, number } = parseVersionId(versionId);
  if (kind === 'baseline')
    throw notOfKind(versionId, 'minor or major version', 'v{N}_{minor|major}_{YYYYMMDD}_{HHMMSS}');
  const present = findVersion(db, versionId);
  if (present?.runId === runId) return present;
  if (present) throw inUse(present, `${versionId} is another run's version`);
  if (!committedBaseline(db)) throw noBaseline(versionId);
  const active = activeVersion(db);
  if (active) throw busy(active);
  // The number is the version's label in Neo4j; a run that was overtaken has chosen one that is taken by now.
  const namesake = versionIds(db).find((other) => numberOf(other) === number);
  if (namesake) throw inUse(requireVersion(db, namesake), `Number ${number} is that of ${namesake}`);
  insertPending(db, version);
  return requireVersion(db, versionId);
}

/** Only a baseline is version 1, whether there is one or not. */
export const FIRST_AFTER_BASELINE = 2;

/** One more than the highest that any row ever had, whatever became of it. */
export function nextNumber(db: Db): number {
  return versionIds(db).reduce((next, versionId) => Math.max(next, numberOf(versionId) + 1), FIRST_AFTER_BASELINE);
}

function versionIds(db: Db): string[] {
  return db.prepare<[], string>('SELECT version_id FROM version_registry').pluck().all();
}

/** A row written by hand may have any id; it has no number then. */
function numberOf(versionId: string): number {
  return isVersionId(versionId) ? parseVersionId(versionId).number : 0;
}

/** The newest committed baseline (there is never more than one, unless somebody wrote it by hand). */
export function committedBaseline(db: Db): VersionRow | undefined {
  const raw = db
    .prepare<[], RawVersion>(
      `SELECT * FROM version_registry WHERE version_id GLOB 'v1_baseline_*' AND status = 'committed'
       ORDER BY id DESC LIMIT 1`,
    )
    .get();
  return raw && toVersionRow(raw);
}

function activeVersion(db: Db): VersionRow | undefined {
  const marks = ACTIVE_STATUSES.map(() => '?').join(', ');
  const raw = db
    .prepare<string[], RawVersion>(`SELECT * FROM version_registry WHERE status IN (${marks}) ORDER BY id LIMIT 1`)
    .get(...ACTIVE_STATUSES);
  return raw && toVersionRow(raw);
}

function insertPending(db: Db, version: NewVersion): void {
  const now = sqlMoment(new Date());
  db.prepare(
    `INSERT INTO version_registry
       (version_id, status, created_at, updated_at, chapter_count, paragraph_count, notes, workflow_id, run_id)
     VALUES (@versionId, 'pending', @now, @now, @chapterCount, @paragraphCount, @notes, @workflowId, @runId)`,
  ).run({ notes: null, ...version, now });
}

function assertBaselineId(versionId: string): void {
  if (parseVersionId(versionId).kind === 'baseline') return;
  throw notOfKind(versionId, 'baseline', 'v1_baseline_{YYYYMMDD}_{HHMMSS}');
}

function notOfKind(versionId: string, kind: string, expected: string): HybridFlowError {
  return new HybridFlowError('VERSION_UNKNOWN', { found: `${versionId} is not the id of a ${kind}`, expected });
}

function noBaseline(versionId: string): HybridFlowError {
  return new HybridFlowError('VERSION_UNKNOWN', {
    found: `There is no committed baseline that ${versionId} could follow`,
    expected: 'production registered as version 1',
    next: 'register it with `hfv migrate`',
  });
}

function holderOf({ versionId, status, workflowId, runId }: VersionRow): Record<string, unknown> {
  return { versionId, status, workflowId, runId };
}

function inUse(holder: VersionRow, found: string): HybridFlowError {
  return new HybridFlowError('VERSION_IN_USE', {
    found,
    next: `look at it with \`hfv show ${holder.versionId}\``,
    details: holderOf(holder),
  });
}

function busy(holder: VersionRow): HybridFlowError {
  return new HybridFlowError('BASE_BUSY', {
    found: `Version ${holder.versionId} is under way (${holder.status}), by run ${holder.runId ?? 'unknown'}`,
    expected: 'no other change under way',
    next: 'follow it with `hfv status`, or wait for its end',
    details: holderOf(holder),
  });
}
