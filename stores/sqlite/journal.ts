import { HybridFlowError } from '../../domain/errors';
import { VERSION_REGISTRY } from '../../domain/registry-schema';
import { COMMITTED_SWITCH_STATES, SWITCH_JOURNAL } from '../../domain/switch-journal-schema';
import type { SwitchJournal, WriteLease } from '../ports';
import { withCopy } from './attach-copy';
import { commitVersion } from './commit';
import { assertExpected } from './expected-rows';
import { isOurs } from './inspect';
import { requireVersion } from './moves';
import { enduring, reading, rebuilding, withForeignKeys, withoutForeignKeys, type Db, type Source } from './open';
import { committedBaseline } from './register';
import { isoMoment } from './registry-rows';
import { bringBack } from './restore';
import { becomeStaged } from './staging-switch';
import { amendSwitch, beginSwitch, moveSwitch, requireSwitch, switchToCommit, takeBackSwitch } from './switch-moves';
import { findSwitch, listSwitches, newestSwitch } from './switch-rows';

/** The journal of switches in metadata.db. Reads answer "nothing" where its table does not exist. */
export function openJournal(source: Source): SwitchJournal {
  const read = <T>(without: T, use: (db: Db) => T): T =>
    reading(source, (db) => (isOurs(db, SWITCH_JOURNAL) ? use(db) : without));
  const change = <T>(lease: WriteLease | undefined, use: (db: Db) => T, care = withForeignKeys): T =>
    rebuilding(source, lease, prepare(care), (db) => {
      assertTable(db, source.path);
      return use(db);
    });

  return {
    begin: (entry, lease) => change(lease, (db) => beginSwitch(db, entry)),
    amend: (runId, details) => {
      change(undefined, (db) => amendSwitch(db, runId, details));
    },
    commitPromote: (runId, by, operation, lease, expected = {}) =>
      change(
        lease,
        (db) => {
          const { entry, committed } = switchToCommit(db, runId, 'promote');
          const row = requireVersion(db, entry.versionId);
          if (committed) return { row, entry };
          assertExpected(db, source.path, expected);
          becomeStaged(db, source.path);
          return { row: commitVersion(db, row, by, operation), entry: moveSwitch(db, entry, 'committed') };
        },
        withoutForeignKeys,
      ),
    commitRestore: (runId, file, lease, { production } = {}) => {
      const commit = (db: Db, before: () => void) => {
        const { entry, committed } = switchToCommit(db, runId, 'restore');
        if (committed) return entry;
        assertExpected(db, source.path, { production });
        before();
        return moveSwitch(db, entry, 'committed');
      };
      // A copy that is gone by now is no hindrance to a call whose work is done.
      const done = read(false, (db) => findSwitch(db, runId)?.committedAt != null);
      if (file === null || done) return change(lease, (db) => commit(db, () => undefined));
      return withCopy(source, file, lease, (db) => {
        assertTable(db, source.path);
        return commit(db, () => bringBack(db, source.path, file));
      });
    },
    takeBack: (runId) =>
      // The write lock first: a commit that is under way has come to its end by then.
      rebuilding(source, undefined, prepare(withForeignKeys), (db) =>
        isOurs(db, SWITCH_JOURNAL) ? takeBackSwitch(db, runId) : 'absent',
      ),
    close: (runId, state) => {
      const entry = read(undefined, (db) => findSwitch(db, runId));
      if (!entry || entry.state === state) return;
      change(undefined, (db) => {
        const now = requireSwitch(db, runId);
        if (now.state !== state) moveSwitch(db, now, state);
      });
    },
    find: (runId) => read(undefined, (db) => findSwitch(db, runId)),
    list: () => read([], listSwitches),
    current: () => reading(source, currentVersion),
  };
}

const prepare = (care: (db: Db) => void) => (db: Db) => {
  care(db);
  enduring(db);
};

function currentVersion(db: Db): { versionId: string; since: string } | undefined {
  const entry = isOurs(db, SWITCH_JOURNAL) ? newestSwitch(db, COMMITTED_SWITCH_STATES) : undefined;
  if (entry) return { versionId: entry.versionId, since: entry.committedAt ?? entry.startedAt };
  const baseline = isOurs(db, VERSION_REGISTRY) ? committedBaseline(db) : undefined;
  return baseline && { versionId: baseline.versionId, since: isoMoment(baseline.updatedAt) };
}

function assertTable(db: Db, path: string): void {
  const missing = [VERSION_REGISTRY, SWITCH_JOURNAL].filter((table) => !isOurs(db, table)).map(({ name }) => name);
  if (missing.length === 0) return;
  throw new HybridFlowError('SCHEMA_CONFLICT', {
    found: `${path} has no ${missing.join(' and no ')} of the needed shape`,
    expected: 'the versioning tables, created before anything is switched',
    next: 'start the change again, so that its first step creates them',
  });
}
