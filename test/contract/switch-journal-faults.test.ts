import { spawn, spawnSync, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';
import { createInterface } from 'node:readline';
import fc from 'fast-check';
import { SWITCH_MOVES } from '../../domain/switch-journal-schema';
import type { SwitchKind, SwitchState } from '../../domain/switch-journal';
import type { HybridFlowError } from '../../domain/errors';
import { LEASE } from './support/metadata-file';
import { BASELINE, StagedBase } from './support/staged-base';

const REPOSITORY = resolve(__dirname, '../..');
const STAGING = 'chapter_metadata_staging';
const VERSIONS = [2, 3, 4, 5].map((number) => `v${number}_minor_2026010${number}_000000`);
const operation = {
  ...{ type: 'promote', status: 'success' as const, details: {}, startedAt: '2026-01-02T00:00:00Z', completedAt: null },
};

let base: StagedBase;
beforeEach(() => {
  base = new StagedBase();
});
afterEach(() => base.remove());

/** Versions that are all validated, which the registry itself never has: runs follow each other, the tests need not. */
function validated(file: StagedBase, versions: readonly string[]): void {
  const rows = versions.map((id) => `('${id}', 'pending', 'run of ${id}')`).join(', ');
  file.sql(`DROP TRIGGER version_registry_begins; DROP TRIGGER version_registry_moves; DROP INDEX idx_version_registry_one_active;
    INSERT INTO version_registry (version_id, status, run_id) VALUES ${rows};
    UPDATE version_registry SET status = 'validating' WHERE version_id <> '${BASELINE}'`);
}

function begin(file: StagedBase, runId: string, versionId: string, kind: SwitchKind = 'promote') {
  const ids = { versionId, previousVersionId: BASELINE, workflowId: 'w', runId };
  return file.store.journal.begin({ ...ids, kind, stores: ['sqlite'], details: {} }, LEASE);
}

/** A program of its own that has the store as `store` and the driver as `Database`. */
function program(body: string): string[] {
  const script = `const Database = require('better-sqlite3');
    const store = require('./stores/sqlite').openMetadataStore(${JSON.stringify(base.path)});
    const lease = { notAfter: Number.MAX_SAFE_INTEGER };
    const operation = ${JSON.stringify(operation)};
    ${body}`;
  return ['-r', 'tsx/cjs', '-e', script];
}

describe('a run that is killed while it commits', () => {
  const statements = [
    'DELETE FROM main.chapter_metadata',
    'INSERT INTO main.chapter_metadata',
    'UPDATE version_registry',
    'UPDATE switch_journal',
  ];

  it.each(statements)(
    'has changed nothing before %s, and commits when it is repeated',
    (statement) => {
      validated(base, VERSIONS);
      base.stage(`UPDATE ${STAGING} SET quality_score = 42`);
      begin(base, 'r', VERSIONS[0] ?? '');
      const before = [base.chapters(), base.others(), base.rows('SELECT * FROM version_registry')];
      const { signal } = spawnSync(
        process.execPath,
        program(`const prepare = Database.prototype.prepare;
        // Once the pages before it have been written to the file.
        Database.prototype.prepare = function (sql) {
          if (sql.includes(${JSON.stringify(statement)})) process.kill(process.pid, 'SIGKILL');
          this.pragma('cache_size = 1');
          return prepare.call(this, sql);
        };
        store.journal.commitPromote('r', 'ann', operation, lease);`),
        { cwd: REPOSITORY },
      );
      expect(signal).toBe('SIGKILL');
      expect(base.store.journal.find('r')?.state).toBe('switching');
      expect([base.chapters(), base.others(), base.rows('SELECT * FROM version_registry')]).toEqual(before);
      base.store.journal.commitPromote('r', 'ann', operation, LEASE);
      expect(base.chapters()).toEqual(base.chapters(STAGING));
    },
    60_000,
  );
});

describe.each(['DELETE', 'WAL'])('an undo beside a commit, in %s mode', (mode) => {
  const kill = (child: ChildProcessWithoutNullStreams) => child.kill('SIGKILL');
  let late: ChildProcessWithoutNullStreams | undefined;
  afterEach(() => late && kill(late));

  /** A program that commits, and halts at the moment that `when` names. */
  const committing = async (when: 'before' | 'within') => {
    base.sql(`PRAGMA journal_mode = ${mode}`);
    validated(base, VERSIONS);
    base.stage(`UPDATE ${STAGING} SET quality_score = 42`);
    begin(base, 'r', VERSIONS[0] ?? '');
    late = spawn(
      process.execPath,
      program(`const halt = () => { console.log('halted'); require('node:fs').readSync(0, Buffer.alloc(1)); };
        const prepare = Database.prototype.prepare;
        Database.prototype.prepare = function (sql) {
          if (${when === 'within'} && sql.includes('UPDATE switch_journal')) halt();
          return prepare.call(this, sql);
        };
        if (${when === 'before'}) halt();
        try {
          store.journal.commitPromote('r', 'ann', operation, lease);
          console.log('committed');
        } catch (error) { console.log(error.code); }`),
      { cwd: REPOSITORY },
    );
    const lines = createInterface({ input: late.stdout })[Symbol.asyncIterator]();
    const next = async () => ((await lines.next()) as { value: string }).value;
    expect(await next()).toBe('halted');
    return async () => (late?.stdin.write('x'), next());
  };

  it('comes first: the late commit changes nothing', async () => {
    const goOn = await committing('before');
    const before = base.chapters();
    expect(base.store.journal.takeBack('r')).toBe('switching');
    expect(await goOn()).toBe('STATUS_MOVE_REFUSED');
    expect(base.chapters()).toEqual(before);
  }, 60_000);

  it('comes while it is under way: it waits, and is told that it is committed', async () => {
    const goOn = await committing('within');
    expect(answered(() => base.store.journal.takeBack('r'))).toBe('METADATA_DB_BUSY');
    expect(await goOn()).toBe('committed');
    expect(base.store.journal.takeBack('r')).toBe('committed');
    expect(base.chapters()).toEqual(base.chapters(STAGING));
  }, 60_000);
});

describe.each(['DELETE', 'WAL'])('a reader beside promotes, in %s mode', (mode) => {
  let reader: ChildProcessWithoutNullStreams | undefined;
  afterEach(() => reader?.kill('SIGKILL'));

  it('sees a version whole or not at all', async () => {
    base.sql(`PRAGMA journal_mode = ${mode}`);
    validated(base, VERSIONS);
    // Every row of a version has its number; the journal says which version it is.
    reader = spawn(
      process.execPath,
      program(`const db = new Database(${JSON.stringify(base.path)}, { timeout: 20000 });
        const seen = new Set();
        const look = db.transaction(() => {
          const scores = db.prepare('SELECT DISTINCT quality_score FROM chapter_metadata ORDER BY 1').pluck().all();
          const current = db.prepare("SELECT version_id FROM switch_journal WHERE state IN ('committed', 'done') ORDER BY id DESC").pluck().get();
          const rows = db.prepare('SELECT COUNT(*) FROM version_registry WHERE version_id = ? AND status = ?').pluck().get(current ?? '', 'committed');
          return JSON.stringify([scores, current ?? null, rows]);
        });
        let ended = false;
        process.stdin.once('data', () => { ended = true; });
        const round = () => {
          for (let i = 0; i < 20; i += 1) {
            const found = look();
            if (!seen.has(found)) { seen.add(found); console.log(found); }
          }
          if (ended) process.exit(0);
          setImmediate(round);
        };
        round();`),
      { cwd: REPOSITORY },
    );
    const lines = createInterface({ input: reader.stdout })[Symbol.asyncIterator]();
    const next = async () => ((await lines.next()) as { value: string }).value;
    base.sql('UPDATE chapter_metadata SET quality_score = 0');
    while ((await next()) !== JSON.stringify([[0], null, 0]));
    for (const versionId of VERSIONS) {
      const number = Number(versionId[1]);
      patient(() => base.stage(`UPDATE ${STAGING} SET quality_score = ${number}`));
      patient(() => begin(base, `run ${number}`, versionId));
      patient(() => base.store.journal.commitPromote(`run ${number}`, 'ann', operation, LEASE));
      patient(() => base.store.journal.close(`run ${number}`, 'done'));
      // It tells whatever it has not seen before, so that a mixture would come first.
      expect(await next()).toBe(JSON.stringify([[number], versionId, 1]));
    }
    reader.stdin.write('enough\n');
    await once(reader, 'exit');
    expect(await lines.next()).toMatchObject({ done: true });
  }, 120_000);
});

/** The reader holds its lock for moments only; the stores of these tests wait for none. */
function patient<T>(work: () => T): T {
  for (;;) {
    try {
      return work();
    } catch (error) {
      if ((error as HybridFlowError).code !== 'METADATA_DB_BUSY') throw error;
    }
  }
}

test('the moves are those of the journal, whatever is asked in whatever order by whatever run', () => {
  const file = new StagedBase();
  validated(file, VERSIONS);
  file.stage();
  const runs = ['a', 'b', 'c'];
  const asked = ['begin', 'commitPromote', 'commitRestore', 'takeBack', 'done', 'undone', 'amend'] as const;
  type Ask = (typeof asked)[number];
  const ask = fc.constantFrom<Ask[]>(...asked);
  const asks = fc.array(fc.tuple(ask, fc.constantFrom(...runs)), { maxLength: 25 });
  const order = (run: string, ...steps: Ask[]): [Ask, string][] => steps.map((step) => [step, run]);
  const kinds = fc.tuple(...runs.map(() => fc.constantFrom<SwitchKind[]>('promote', 'restore')));
  const { journal } = file.store;

  fc.assert(
    fc.property(asks, kinds, (steps, kindOf) => {
      file.sql(`DROP TRIGGER IF EXISTS switch_journal_stays; DELETE FROM switch_journal;
        UPDATE version_registry SET status = 'validating' WHERE version_id <> '${BASELINE}'`);
      const model: {
        run: string;
        kind: SwitchKind;
        version: string;
        state: SwitchState;
        asked: number;
        back: boolean;
      }[] = [];
      steps.forEach(([step, run], i) => {
        const [kind, version] = [kindOf[runs.indexOf(run)] ?? 'promote', VERSIONS[runs.indexOf(run)] ?? ''];
        const mine = model.find((one) => one.run === run);
        const isOpen = model.some(({ state }) => state === 'switching' || state === 'committed');
        const may = (to: SwitchState) =>
          mine !== undefined && (SWITCH_MOVES[mine.state] as readonly SwitchState[]).includes(to);
        const isCommitted = mine?.state === 'committed' || mine?.state === 'done';
        const commits = (as: SwitchKind) => mine?.kind === as && (isCommitted || (may('committed') && !mine.back));
        /** What is to be answered, or done: a code where the call is refused. */
        const expected: Record<Ask, () => string> = {
          begin: () => (mine || !isOpen ? 'fine' : 'BASE_BUSY'),
          commitPromote: () => (commits('promote') ? 'fine' : 'STATUS_MOVE_REFUSED'),
          commitRestore: () => (commits('restore') ? 'fine' : 'STATUS_MOVE_REFUSED'),
          takeBack: () => mine?.state ?? 'absent',
          done: () => (!mine || mine.state === 'done' || may('done') ? 'fine' : 'STATUS_MOVE_REFUSED'),
          undone: () => (!mine || mine.state === 'undone' || may('undone') ? 'fine' : 'STATUS_MOVE_REFUSED'),
          amend: () => (mine ? 'fine' : 'STATUS_MOVE_REFUSED'),
        };
        const calls: Record<Ask, () => unknown> = {
          begin: () => begin(file, run, version, kind),
          commitPromote: () => journal.commitPromote(run, 'ann', operation, LEASE),
          commitRestore: () => journal.commitRestore(run, null, LEASE),
          takeBack: () => journal.takeBack(run),
          done: () => journal.close(run, 'done'),
          undone: () => journal.close(run, 'undone'),
          amend: () => journal.amend(run, { asked: i }),
        };
        const verdict = expected[step]();
        expect([i, step, run, answered(calls[step])]).toEqual([i, step, run, verdict]);
        if (verdict === 'fine') {
          if (step === 'begin' && !mine) model.push({ run, kind, version, state: 'switching', asked: -1, back: false });
          if (step.startsWith('commit') && mine && !isCommitted) mine.state = 'committed';
          if ((step === 'done' || step === 'undone') && mine) mine.state = step;
          if (step === 'amend' && mine) mine.asked = i;
        }
        if (step === 'takeBack' && mine?.state === 'switching') mine.back = true;
        const found = journal.list().map(({ runId, kind, versionId, state, details }) => {
          return {
            run: runId,
            kind,
            version: versionId,
            state,
            asked: details.asked ?? -1,
            back: details.takenBack ?? false,
          };
        });
        expect(found).toEqual([...model].reverse());
        const last = model.filter(({ state }) => state === 'committed' || state === 'done').at(-1);
        expect(journal.current()?.versionId).toBe(last?.version ?? BASELINE);
        for (const { kind, version, state } of model.filter((one) => one.kind === 'promote')) {
          const committed = state === 'committed' || state === 'done';
          expect([kind, file.store.registry.find(version)?.status]).toEqual([
            kind,
            committed ? 'committed' : 'validating',
          ]);
        }
      });
    }),
    {
      numRuns: 30,
      // Seldom found by chance: each kind of commit after its own switch is being taken back.
      examples: [
        [
          [
            ...order('a', 'begin', 'takeBack', 'commitPromote', 'undone'),
            ...order('b', 'begin', 'takeBack', 'commitRestore'),
          ],
          ['promote', 'restore', 'promote'],
        ],
      ],
    },
  );
  file.remove();
}, 120_000);

function answered(call: () => unknown): string {
  try {
    const answer = call();
    return typeof answer === 'string' ? answer : 'fine';
  } catch (error) {
    return (error as HybridFlowError).code;
  }
}
