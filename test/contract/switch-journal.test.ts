import { rmSync, writeFileSync } from 'node:fs';
import Database from 'better-sqlite3';
import type { GroupFingerprint } from '../../domain/fingerprint';
import type { Operation } from '../../domain/registry';
import type { NewSwitch } from '../../domain/switch-journal';
import { summaryOf } from '../../stores/fingerprint-text';
import { expectCode, failure, LEASE, PAST } from './support/metadata-file';
import { BASELINE, StagedBase, VERSION } from './support/staged-base';

const STAGING = 'chapter_metadata_staging';
const ISO = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.000Z$/) as string;

let base: StagedBase;
beforeEach(() => {
  base = new StagedBase();
});
afterEach(() => base.remove());

const journal = () => base.store.journal;
const entry = (more: Partial<NewSwitch> = {}): NewSwitch => ({
  ...{ kind: 'promote', versionId: VERSION, previousVersionId: BASELINE, stores: ['neo4j', 'qdrant', 'sqlite'] },
  ...{ details: { alias: 'a' }, workflowId: 'w', runId: 'r', ...more },
});
const restore = (runId: string) => entry({ kind: 'restore', versionId: BASELINE, runId });
const operation: Operation = {
  ...{ type: 'promote', status: 'success', details: {}, startedAt: '2026-01-02T00:00:00Z', completedAt: null },
};
const sha = (groups: GroupFingerprint[]) => summaryOf(groups).sha256;
const commit = (runId = 'r', lease = LEASE) => journal().commitPromote(runId, 'ann', operation, lease);

/** A version that is validated, with another title and a chapter more. */
function staged(): void {
  const { registry } = base.store;
  registry.open({ versionId: VERSION, workflowId: 'w', runId: 'r', chapterCount: 5, paragraphCount: 50 }, LEASE);
  registry.move(VERSION, 'staging', null);
  base.stage(`UPDATE ${STAGING} SET title = 'Nostrils' WHERE id = 9; UPDATE ${STAGING} SET quality_score = 2 WHERE id = 7;
    INSERT INTO ${STAGING} (textbook_id, chapter_number) VALUES ('bailey', '3')`);
  registry.move(VERSION, 'validating', null);
}

/** Fails with this code, and changes no byte. */
function refused(code: string, work: () => unknown) {
  const before = base.digest();
  const error = failure(work);
  expect([error.code, error.message]).toEqual([code, error.message]);
  expect(base.digest()).toBe(before);
  return error;
}

/** The answer of a call that changes no byte. */
function unchanged<T>(work: () => T): T {
  const before = base.digest();
  const answer = work();
  expect(base.digest()).toBe(before);
  return answer;
}

describe('the journal', () => {
  it('opens one entry at a time, and answers a run its own as it is', () => {
    staged();
    const begun = journal().begin(entry(), LEASE);
    expect(begun).toEqual({ ...entry(), id: 1, state: 'switching', startedAt: ISO, committedAt: null, endedAt: null });
    expect(Math.abs(Date.parse(begun.startedAt) - Date.now())).toBeLessThan(60_000);
    expect(journal().begin(entry({ details: {} }), LEASE)).toEqual(begun);
    expect([journal().list(), journal().find('r'), journal().find('other')]).toEqual([[begun], begun, undefined]);
    const busy = refused('BASE_BUSY', () => journal().begin(restore('other'), LEASE));
    expect(busy.facts.details).toEqual({
      versionId: VERSION,
      kind: 'promote',
      state: 'switching',
      workflowId: 'w',
      runId: 'r',
    });
    commit();
    expect(refused('BASE_BUSY', () => journal().begin(restore('other'), LEASE)).facts.details).toMatchObject({
      state: 'committed',
    });
    journal().close('r', 'done');
    expect(journal().begin(restore('other'), LEASE)).toMatchObject({ id: 2, kind: 'restore', state: 'switching' });
    expect(
      journal()
        .list()
        .map(({ runId, state }) => [runId, state]),
    ).toEqual([
      ['other', 'switching'],
      ['r', 'done'],
    ]);
    expect(journal().begin(entry(), LEASE).state).toBe('done');
  });

  it('keeps what is known of an entry, merged, whatever its state', () => {
    journal().begin(restore('r'), LEASE);
    journal().amend('r', { alias: 'b', collection: 'c' });
    journal().amend('r', { collection: 'c' });
    expect(journal().find('r')?.details).toEqual({ alias: 'b', collection: 'c' });
    journal().close('r', 'undone');
    journal().amend('r', { window: 12 });
    expect(journal().find('r')?.details).toEqual({ alias: 'b', collection: 'c', window: 12 });
    refused('STATUS_MOVE_REFUSED', () => journal().amend('other', {}));
  });

  it('can be told that a switch is being taken back, and answers how far it came', () => {
    expect(unchanged(() => journal().takeBack('r'))).toBe('absent');
    staged();
    journal().begin(entry(), LEASE);
    expect([journal().takeBack('other'), journal().takeBack('r')]).toEqual(['absent', 'switching']);
    expect(journal().find('r')).toMatchObject({ state: 'switching', details: { alias: 'a', takenBack: true } });
    expect(unchanged(() => journal().takeBack('r'))).toBe('switching');
    expect(refused('STATUS_MOVE_REFUSED', () => commit()).message).toContain('is being taken back');
    journal().close('r', 'undone');
    expect(unchanged(() => journal().takeBack('r'))).toBe('undone');
    journal().begin(restore('b'), LEASE);
    journal().commitRestore('b', null, LEASE);
    expect(unchanged(() => journal().takeBack('b'))).toBe('committed');
    expect(journal().commitRestore('b', null, LEASE).state).toBe('committed');
    journal().close('b', 'done');
    expect(unchanged(() => journal().takeBack('b'))).toBe('done');
    journal().begin(restore('c'), LEASE);
    journal().takeBack('c');
    refused('STATUS_MOVE_REFUSED', () => journal().commitRestore('c', null, LEASE));
    refused('STATUS_MOVE_REFUSED', () => journal().commitRestore('c', base.copy, LEASE));
  });

  it('refuses a version that there is not, an attempt whose time has passed, and a busy file', () => {
    refused('VERSION_UNKNOWN', () => journal().begin(entry(), LEASE));
    refused('FENCED', () => journal().begin(restore('r'), PAST));
    const writer = new Database(base.path);
    writer.exec('BEGIN IMMEDIATE');
    expect(refused('METADATA_DB_BUSY', () => journal().begin(restore('r'), LEASE)).retryable).toBe(true);
    writer.close();
  });

  it.each<[string, string]>([
    [
      `UPDATE switch_journal SET state = 'done', ended_at = started_at`,
      'a switch that is switching can only become committed or undone',
    ],
    [`UPDATE switch_journal SET version_id = '${VERSION}'`, 'what an entry began as stays as it was'],
    [`UPDATE switch_journal SET run_id = 'x'`, 'what an entry began as stays as it was'],
    [`DELETE FROM switch_journal`, 'the journal forgets nothing'],
    [
      `INSERT INTO switch_journal SELECT 2, kind, version_id, NULL, state, '[]', '{}', 'w', 'x', started_at, NULL, NULL FROM switch_journal`,
      'another switch is under way',
    ],
    [
      `INSERT OR REPLACE INTO switch_journal SELECT 1, kind, version_id, NULL, state, '[]', '{}', 'w', 'x', started_at, NULL, NULL FROM switch_journal`,
      'the journal has an entry of this id or run already',
    ],
    [
      `INSERT INTO switch_journal SELECT 2, kind, version_id, NULL, 'undone', '[]', '{}', 'w', 'x', started_at, NULL, started_at FROM switch_journal`,
      'an entry begins as switching',
    ],
    [`UPDATE switch_journal SET state = 'committed'`, 'CHECK'],
    [`UPDATE switch_journal SET state = 'undone', ended_at = '2026-01-01T00:00:00Z'`, 'CHECK'],
    [
      `UPDATE switch_journal SET state = 'undone', ended_at = started_at; UPDATE switch_journal SET state = 'switching', ended_at = NULL`,
      'a switch that is undone stays undone',
    ],
  ])('holds whoever writes past this system to its moves: %s', (statement, told) => {
    journal().begin(restore('r'), LEASE);
    expect(() => base.sql(`BEGIN; ${statement}; COMMIT`)).toThrow(told);
    expect(journal().list()).toHaveLength(1);
    expect(journal().find('r')?.state).toBe('switching');
  });

  it('says nothing where there is no table, and refuses to write', () => {
    base.sql('DROP TABLE switch_journal');
    expect([journal().list(), journal().find('r')]).toEqual([[], undefined]);
    expect(journal().current()?.versionId).toBe(BASELINE);
    journal().close('r', 'undone');
    expect(unchanged(() => journal().takeBack('r'))).toBe('absent');
    refused('SCHEMA_CONFLICT', () => journal().begin(restore('r'), LEASE));
    refused('SCHEMA_CONFLICT', () => journal().amend('r', {}));
    refused('SCHEMA_CONFLICT', () => journal().commitRestore('r', null, LEASE));
  });

  it('is no part of production, and outlives a restore', () => {
    const before = base.store.fingerprint();
    journal().begin(restore('r'), LEASE);
    expect(base.store.fingerprint()).toEqual(before);
    base.store.restoreFrom(base.copy, LEASE);
    expect(journal().list()).toHaveLength(1);
  });
});

test('the current version is that of the newest switch that counts, else the baseline', () => {
  base.sql(`UPDATE version_registry SET updated_at = '2026-01-01 00:00:05'`);
  const atFirst = { versionId: BASELINE, since: '2026-01-01T00:00:05.000Z' };
  expect(journal().current()).toEqual(atFirst);
  staged();
  journal().begin(entry(), LEASE);
  expect(journal().current()).toEqual(atFirst);
  const { committedAt } = commit().entry;
  expect(journal().current()).toEqual({ versionId: VERSION, since: committedAt });
  journal().close('r', 'done');
  journal().begin(restore('back'), LEASE);
  expect(journal().current()?.versionId).toBe(VERSION);
  journal().close('back', 'undone');
  expect(journal().current()?.versionId).toBe(VERSION);
  journal().begin(restore('again'), LEASE);
  journal().commitRestore('again', null, LEASE);
  expect(journal().current()?.versionId).toBe(BASELINE);
  base.sql('DROP TABLE version_pins; DROP TABLE switch_journal; DROP TABLE operation_log; DROP TABLE version_registry');
  expect(journal().current()).toBeUndefined();
});

describe('the commit of a promote', () => {
  beforeEach(() => {
    staged();
    journal().begin(entry(), LEASE);
  });

  it('makes chapters, version and journal what they are to be; repeated, it answers the same', () => {
    const [expected, others, chapters] = [base.store.stagedFingerprint(), base.others(), base.chapters(STAGING)];
    const { row, entry: committed } = commit();
    expect(row).toMatchObject({ versionId: VERSION, status: 'committed', committedBy: 'ann', validationPassed: true });
    expect(committed).toMatchObject({ state: 'committed', committedAt: ISO, endedAt: null });
    expect(base.chapters()).toEqual(chapters);
    expect(base.others()).toEqual(others);
    expect(base.store.fingerprint()).toEqual(expected);
    expect(base.store.registry.operations(VERSION)).toMatchObject([{ operationType: 'promote' }]);
    base.store.dropStaging();
    const before = base.digest();
    expect(journal().commitPromote('r', 'bob', { ...operation, startedAt: '2026-03-03T00:00:00Z' }, LEASE)).toEqual({
      row,
      entry: committed,
    });
    expect(base.digest()).toBe(before);
    journal().close('r', 'done');
    expect(commit()).toEqual({ row, entry: { ...committed, state: 'done', endedAt: ISO } });
  });

  it.each<[string, string, () => void]>([
    ['FENCED', 'whose time has passed', () => commit('r', PAST)],
    ['STATUS_MOVE_REFUSED', 'of another run', () => commit('other')],
    ['STATUS_MOVE_REFUSED', 'that is a promote, as a restore', () => journal().commitRestore('r', base.copy, LEASE)],
    ['NOT_STAGING', 'without what was staged', () => (base.store.dropStaging(), commit())],
    [
      'STAGING_UNFIT',
      'with a chapter gone that is referred to',
      () => (base.sql(`DELETE FROM ${STAGING} WHERE id = 7`), commit()),
    ],
    ['STATUS_MOVE_REFUSED', 'that was taken back', () => (journal().close('r', 'undone'), commit())],
    [
      'STATUS_MOVE_REFUSED',
      'whose version is on its way back',
      () => (base.store.registry.move(VERSION, 'rollback_triggered', 'x'), commit()),
    ],
    ['SCHEMA_CONFLICT', 'whose journal is gone', () => (base.sql('DROP TABLE switch_journal'), commit())],
  ])('is refused (%s) for one %s, whole', (code, _what, work) => {
    const before = [base.chapters(), base.others(), base.store.registry.operations(VERSION)];
    const error = failure(work);
    expect([error.code, error.message]).toEqual([code, error.message]);
    expect([base.chapters(), base.others(), base.store.registry.operations(VERSION)]).toEqual(before);
    expect(base.store.registry.find(VERSION)?.status).not.toBe('committed');
    expect(journal().find('r')?.state).not.toBe('committed');
  });

  it.each([
    [['production'], `UPDATE chapter_metadata SET title = 'mended' WHERE id = 9`],
    [['production'], `INSERT INTO ingestion_log VALUES (7, 'more')`],
    [['staging'], `UPDATE ${STAGING} SET title = 'late' WHERE id = 9`],
    [['staging'], `DELETE FROM ${STAGING}`],
    // What is no chapter is production's, whichever list it is in.
    [['production', 'staging'], `INSERT INTO books VALUES ('x', 'X')`],
  ])('is refused where somebody has written to %j meanwhile, whole: %s', (what, statement) => {
    const known = { production: sha(base.store.fingerprint()), staging: sha(base.store.stagedFingerprint()) };
    base.sql(statement);
    const ask = (expected: typeof known) => () => journal().commitPromote('r', 'ann', operation, LEASE, expected);
    const error = refused('CHECK_FAILED', ask(known));
    expect(error.retryable).toBe(false);
    const told = (error.facts.details as { differing: { what: string }[] }).differing.map((one) => one.what);
    expect(told).toEqual(expect.arrayContaining(what));
    expect(error.message).toContain(told.join(' and to '));
    if (what.length === 1 && what[0] === 'staging') expect(told).toEqual(what);
  });

  it('goes on where both are as they were; repeated, it asks for neither any more', () => {
    const known = { production: sha(base.store.fingerprint()), staging: sha(base.store.stagedFingerprint()) };
    const ask = () => journal().commitPromote('r', 'ann', operation, LEASE, known);
    const { entry: committed } = ask();
    expect(sha(base.store.fingerprint())).toBe(known.staging);
    base.store.dropStaging();
    expect(ask().entry).toEqual(committed);
  });

  it('waits for nobody beyond its time: another writer’s lock is BUSY, which may be retried', () => {
    const writer = new Database(base.path);
    writer.exec('BEGIN IMMEDIATE');
    expect(refused('METADATA_DB_BUSY', () => commit()).retryable).toBe(true);
    writer.exec('COMMIT');
    writer.close();
    expect(commit().entry.state).toBe('committed');
  });

  it('asks SQLite to have it on disk before it answers', () => {
    const pragma = jest.spyOn(Database.prototype, 'pragma');
    try {
      const asked = (work: () => unknown) => {
        pragma.mockClear();
        work();
        return pragma.mock.calls.some(([statement]) => statement === 'synchronous = EXTRA');
      };
      const calls = [() => journal().amend('r', { a: 1 }), () => commit(), () => journal().close('r', 'done')];
      const restoring = [
        () => journal().begin(restore('b'), LEASE),
        () => journal().commitRestore('b', base.copy, LEASE),
      ];
      expect([...calls, ...restoring].map(asked)).toEqual([true, true, true, true, true]);
    } finally {
      pragma.mockRestore();
    }
  });

  it('is no end of the run yet: it may renew its fence until the entry is closed', () => {
    const fence = { owner: 'publish', workflowId: 'w', runId: 'r', reason: 'x', acquiredAt: '2026-01-01T00:00:00Z' };
    const hold = () => base.store.fence.hold({ ...fence, expiresAt: '2999-01-01T00:00:00Z' }, LEASE);
    hold();
    commit();
    expect(hold().runId).toBe('r');
    journal().close('r', 'done');
    expectCode(hold, 'FENCED');
  });
});

describe('the commit of a restore', () => {
  beforeEach(() => {
    journal().begin(restore('r'), LEASE);
    base.sql(`DELETE FROM ingestion_log; UPDATE chapter_metadata SET title = 'spoiled' WHERE id = 9`);
  });

  it('brings back the copy and says so, at once; repeated, it touches nothing', () => {
    const expected = base.store.fingerprint(base.copy);
    expect(base.store.fingerprint()).not.toEqual(expected);
    const committed = journal().commitRestore('r', base.copy, LEASE);
    expect(committed).toMatchObject({ state: 'committed', committedAt: ISO });
    expect(base.store.fingerprint()).toEqual(expected);
    base.sql('DELETE FROM ingestion_log');
    rmSync(base.copy);
    const before = base.digest();
    expect(journal().commitRestore('r', base.copy, LEASE)).toEqual(committed);
    expect(base.digest()).toBe(before);
  });

  it('is refused where somebody has written meanwhile; repeated after it is done, it does not ask', () => {
    const production = sha(base.store.fingerprint());
    base.sql(`UPDATE chapter_metadata SET title = 'late' WHERE id = 7`);
    const ask = (file: string | null, expected: string) => () =>
      journal().commitRestore('r', file, LEASE, { production: expected });
    expect(refused('CHECK_FAILED', ask(base.copy, production)).message).toContain('written to production meanwhile');
    refused('CHECK_FAILED', ask(null, production));
    const now = sha(base.store.fingerprint());
    const committed = ask(base.copy, now)();
    expect(base.store.fingerprint()).toEqual(base.store.fingerprint(base.copy));
    expect(ask(base.copy, now)()).toEqual(committed);
  });

  it('of other stores only leaves this one as it is', () => {
    const before = base.store.fingerprint();
    expect(journal().commitRestore('r', null, LEASE).state).toBe('committed');
    expect(base.store.fingerprint()).toEqual(before);
  });

  it('is refused for a damaged copy, an attempt too late, a run without entry, a promote, whole', () => {
    refused('FENCED', () => journal().commitRestore('r', base.copy, PAST));
    refused('STATUS_MOVE_REFUSED', () => journal().commitRestore('other', base.copy, LEASE));
    refused('STATUS_MOVE_REFUSED', () => commit());
    writeFileSync(base.copy, 'no database'.repeat(500));
    refused('ARTIFACT_DAMAGED', () => journal().commitRestore('r', base.copy, LEASE));
    journal().close('r', 'undone');
    refused('STATUS_MOVE_REFUSED', () => journal().commitRestore('r', null, LEASE));
  });
});
