import { HybridFlowError } from '../../domain/errors';
import { VERSION_REGISTRY } from '../../domain/registry-schema';
import { SWITCH_JOURNAL } from '../../domain/switch-journal-schema';
import { WRITE_FENCE, type WriteFence } from '../../domain/write-fence';
import type { WriteFenceStore } from '../ports';
import { isOurs } from './inspect';
import { reading, writing, type Db, type Source } from './open';
import { isoMoment, sqlMoment } from './registry-rows';
import { findSwitch, isOpenSwitch } from './switch-rows';

interface RawFence {
  owner: string;
  workflow_id: string;
  run_id: string;
  reason: string;
  acquired_at: string;
  expires_at: string;
}

/** The write fence, one row of a table of its own in metadata.db. */
export function openWriteFence(source: Source): WriteFenceStore {
  return {
    read: (now = new Date()) => reading(source, (db) => (isOurs(db, WRITE_FENCE) ? standingFence(db, now) : undefined)),
    hold: (fence, lease) =>
      writing(source, lease, (db) => {
        assertTable(db, source.path);
        return holdFence(db, fence);
      }),
    release: (runId) => {
      writing(source, undefined, (db) => {
        if (isOurs(db, WRITE_FENCE)) db.prepare('DELETE FROM write_fence WHERE run_id = ?').run(runId);
      });
    },
  };
}

function standingFence(db: Db, now: Date): WriteFence | undefined {
  const raw = db.prepare<[string], RawFence>('SELECT * FROM write_fence WHERE expires_at > ?').get(sqlMoment(now));
  return raw && toFence(raw);
}

function holdFence(db: Db, fence: WriteFence): WriteFence {
  assertNotEnded(db, fence.runId);
  const standing = standingFence(db, new Date());
  if (standing && standing.runId !== fence.runId) throw busy(standing);
  const { acquiredAt = fence.acquiredAt, expiresAt = '' } = standing ?? {};
  // An attempt that was overtaken by a later renewal must not shorten it.
  const until = [expiresAt, wholeSecond(fence.expiresAt)].sort().at(-1) ?? fence.expiresAt;
  const moments = { acquiredAt: sqlMoment(acquiredAt), expiresAt: sqlMoment(until) };
  db.prepare(
    `INSERT OR REPLACE INTO write_fence (id, owner, workflow_id, run_id, reason, acquired_at, expires_at)
     VALUES (1, @owner, @workflowId, @runId, @reason, @acquiredAt, @expiresAt)`,
  ).run({ ...fence, ...moments });
  return { ...fence, acquiredAt: isoMoment(moments.acquiredAt), expiresAt: isoMoment(moments.expiresAt) };
}

/**
 * An attempt to renew that wakes after its run has ended would leave a fence that nobody takes down. A run that has
 * opened a switch ends with it: between the commit and the end it still has its copies to make.
 */
function assertNotEnded(db: Db, runId: string): void {
  const entry = isOurs(db, SWITCH_JOURNAL) ? findSwitch(db, runId) : undefined;
  if (entry && isOpenSwitch(entry)) return;
  if (entry) throw ended(`the ${entry.kind} of this run is ${entry.state}`, 'a switch that is under way');
  if (!isOurs(db, VERSION_REGISTRY)) return;
  const row = db
    .prepare<[string], { version_id: string; status: string }>(
      `SELECT version_id, status FROM version_registry
       WHERE run_id = ? AND status NOT IN ('pending', 'staging', 'validating') ORDER BY id DESC LIMIT 1`,
    )
    .get(runId);
  if (row) throw ended(`${row.version_id}, the version of this run, is ${row.status}`, 'a version that is being made');
}

function ended(found: string, expected: string): HybridFlowError {
  const next = 'nothing was written; the run needs no write fence any more';
  return new HybridFlowError('FENCED', { found, expected, next });
}

function assertTable(db: Db, path: string): void {
  if (isOurs(db, WRITE_FENCE)) return;
  throw new HybridFlowError('SCHEMA_CONFLICT', {
    found: `${path} has no ${WRITE_FENCE.name} of the needed shape`,
    expected: 'the versioning tables, created before the write fence is taken',
    next: 'start the change again, so that its first step creates them',
  });
}

function busy(holder: WriteFence): HybridFlowError {
  const { owner, workflowId, runId, reason, expiresAt } = holder;
  return new HybridFlowError('BASE_BUSY', {
    found: `The write fence is held by ${owner} (${reason}; workflow ${workflowId}, run ${runId}) until ${expiresAt}`,
    expected: 'no write fence of another run',
    next: 'wait for it with `hfv fence wait`; after that moment it counts no more',
    details: { holder },
  });
}

/** The table keeps whole seconds: rounded up, so that a fence never ends before its time. */
function wholeSecond(moment: string): string {
  return new Date(Math.ceil(Date.parse(moment) / 1_000) * 1_000).toISOString();
}

function toFence(raw: RawFence): WriteFence {
  return {
    owner: raw.owner,
    workflowId: raw.workflow_id,
    runId: raw.run_id,
    reason: raw.reason,
    acquiredAt: isoMoment(raw.acquired_at),
    expiresAt: isoMoment(raw.expires_at),
  };
}
