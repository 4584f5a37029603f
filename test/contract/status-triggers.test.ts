import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import fc from 'fast-check';
import { VERSIONING_TABLES } from '../../domain/registry-schema';
import { canBegin, canMove, VERSION_STATUSES, type VersionStatus } from '../../domain/status';
import { formatVersionId } from '../../domain/version-id';
import { openMetadataStore } from '../../stores/sqlite';
import { translateSqliteError } from '../../stores/sqlite/errors';

const BASELINE = 'v1_baseline_20251225_200000';
const MINOR = 'v2_minor_20260101_000000';

let db: Database.Database;

beforeEach(() => {
  db = new Database(':memory:');
  for (const { create, indexes, triggers } of VERSIONING_TABLES) {
    for (const statement of [create, ...indexes, ...triggers]) db.exec(statement);
  }
});

afterEach(() => {
  db.close();
});

/** What the database says to a statement: nothing, or the code and the sentence of its refusal. */
function refusal(statement: string, ...values: unknown[]): { code: string; found: string } | undefined {
  try {
    db.prepare(statement).run(...values);
    return undefined;
  } catch (error) {
    const { code, facts } = translateSqliteError(error, 'metadata.db') as { code: string; facts?: { found: string } };
    return { code, found: facts?.found ?? (error as Error).message };
  }
}

const begin = (id: string, status: VersionStatus) =>
  refusal('INSERT INTO version_registry (version_id, status) VALUES (?, ?)', id, status);
const move = (id: string, to: VersionStatus) =>
  refusal('UPDATE version_registry SET status = ? WHERE version_id = ?', to, id);
const walk = (id: string, path: VersionStatus[]) => {
  expect([begin(id, 'pending'), ...path.map((to) => move(id, to))]).toEqual([undefined, ...path.map(() => undefined)]);
};
const rows = () => db.prepare('SELECT id, version_id, status FROM version_registry ORDER BY id').all();

const status = fc.constantFrom(...VERSION_STATUSES);
const moment = fc.date({ min: new Date(0), max: new Date('9999-12-31T23:59:59Z'), noInvalidDate: true });
const versionId = fc.oneof(
  moment.map((at) => formatVersionId({ number: 1, kind: 'baseline', at })),
  fc
    .record({
      number: fc.integer({ min: 2, max: 99 }),
      kind: fc.constantFrom('minor' as const, 'major' as const),
      at: moment,
    })
    .map(formatVersionId),
);

describe('code and database', () => {
  it('give the same verdict on every sequence of moves', () => {
    fc.assert(
      fc.property(versionId, fc.array(status, { minLength: 1, maxLength: 30 }), (id, wishes) => {
        db.exec('DROP TABLE version_registry');
        for (const statement of [VERSIONING_TABLES[0].create, ...VERSIONING_TABLES[0].triggers]) db.exec(statement);
        const baseline = id.startsWith('v1_baseline_');
        expect(begin(id, 'pending')).toBeUndefined();
        let now: VersionStatus = 'pending';
        for (const wish of wishes) {
          const allowed = now === wish || canMove(now, wish, { baseline });
          expect([now, wish, move(id, wish) === undefined]).toEqual([now, wish, allowed]);
          if (allowed) now = wish;
          expect(rows()).toMatchObject([{ version_id: id, status: now }]);
        }
      }),
      { numRuns: 300 },
    );
  });

  it('agree on how a version begins', () => {
    fc.assert(
      fc.property(versionId, status, (id, first) => {
        db.exec('SAVEPOINT one');
        const code = begin(id, first)?.code;
        db.exec('ROLLBACK TO one; RELEASE one');
        const allowed = canBegin(first, { baseline: id.startsWith('v1_baseline_') });
        expect([first, code]).toEqual([first, allowed ? undefined : 'STATUS_MOVE_REFUSED']);
      }),
    );
  });
});

describe('a refusal of the database', () => {
  it('says what a version that is there may become, and what a version may begin as', () => {
    walk(BASELINE, ['validating']);
    expect(move(BASELINE, 'pending')).toEqual({
      code: 'STATUS_MOVE_REFUSED',
      found: 'a baseline that is validating can only become committed or rollback_triggered',
    });
    expect(begin(MINOR, 'committed')?.code).toBe('BASE_BUSY');
    end();
    expect(begin('v3_minor_20260101_000000', 'committed')).toEqual({
      code: 'STATUS_MOVE_REFUSED',
      found: 'a version begins as pending or staging',
    });
    expect(begin('v1_baseline_20260101_000000', 'staging')?.found).toBe('a baseline begins as pending');
  });

  /** Brings the baseline to its end, and says that an end stays one. */
  function end(): void {
    for (const to of ['rollback_triggered', 'rolling_back', 'rolled_back', 'archived'] as const) move(BASELINE, to);
    expect(move(BASELINE, 'pending')?.found).toBe('a baseline that is archived stays archived');
  }

  it('keeps a committed baseline from every statement that could take it away', () => {
    walk(BASELINE, ['validating', 'committed']);
    const before = rows();
    const immutable = {
      code: 'BASELINE_IMMUTABLE',
      found: 'a committed baseline is immutable: it is never rolled back, archived or deleted',
    };
    for (const to of VERSION_STATUSES) expect(move(BASELINE, to)).toEqual(to === 'committed' ? undefined : immutable);
    expect(refusal('DELETE FROM version_registry')).toEqual(immutable);
    for (const statement of [
      `INSERT OR REPLACE INTO version_registry (version_id, status) VALUES ('${BASELINE}', 'pending')`,
      `INSERT OR REPLACE INTO version_registry (id, version_id, status) VALUES (1, 'other', 'pending')`,
      `UPDATE version_registry SET version_id = '${MINOR}'`,
      `UPDATE version_registry SET rowid = 7`,
      `UPDATE OR REPLACE version_registry SET id = 7, status = 'archived'`,
    ]) {
      expect([statement, refusal(statement)]).not.toEqual([statement, undefined]);
    }
    expect(rows()).toEqual(before);
    expect(refusal("UPDATE version_registry SET notes = 'the first'")).toBeUndefined();
  });

  it('lets an insert replace no version that is under way', () => {
    walk(MINOR, ['staging']);
    const replace =
      "INSERT OR REPLACE INTO version_registry (version_id, status) VALUES ('v3_minor_20260101_000000', 'pending')";
    expect(refusal(replace)?.code).toBe('BASE_BUSY');
    expect(refusal(`DELETE FROM version_registry WHERE version_id = '${MINOR}'`)).toBeUndefined();
    expect(refusal(replace)).toBeUndefined();
  });

  it('of another’s trigger is left as it is', () => {
    db.exec(`CREATE TRIGGER theirs BEFORE INSERT ON operation_log BEGIN SELECT RAISE(ABORT, 'NOT_OURS: no'); END`);
    expect(refusal("INSERT INTO operation_log (operation_type, status) VALUES ('a', 'b')")).toEqual({
      code: 'SQLITE_CONSTRAINT_TRIGGER',
      found: 'NOT_OURS: no',
    });
  });
});

describe('the plan’s own statements, in whatever program', () => {
  const TRIGGER_3 = `UPDATE version_registry
     SET status = 'rollback_triggered',
         status_message = 'Trigger 3: Validation check failure - chunk count mismatch'
     WHERE version_id LIKE 'v1_baseline%';`;

  it('mark a rollback while the baseline is validated, and are refused once it is committed', () => {
    walk(BASELINE, ['validating']);
    expect(refusal(TRIGGER_3)).toBeUndefined();
    expect(rows()).toMatchObject([{ status: 'rollback_triggered' }]);
    db.exec('DELETE FROM version_registry');
    walk(BASELINE, ['validating', 'committed']);
    expect(refusal(TRIGGER_3)?.code).toBe('BASELINE_IMMUTABLE');
    expect(rows()).toMatchObject([{ status: 'committed' }]);
  });

  /** The SQLite of whatever Python is there: older than ours, and what an ingestion script would use. */
  const python = (file: string, statement: string): string => {
    const script = 'import sqlite3, sys; c = sqlite3.connect(sys.argv[1]); c.execute(sys.argv[2]); c.commit()';
    try {
      execFileSync('python3', ['-c', script, file, statement], { encoding: 'utf8', stdio: 'pipe' });
      return '';
    } catch (error) {
      return String((error as { stderr?: string }).stderr);
    }
  };

  const hasPython = spawnSync('python3', ['-c', 'import sqlite3']).status === 0;
  (hasPython ? it : it.skip)('mean the same to another program’s SQLite', () => {
    const folder = mkdtempSync(join(tmpdir(), 'hfv-triggers-'));
    try {
      const file = join(folder, 'metadata.db');
      new Database(file).exec('CREATE TABLE chapter_metadata (textbook_id TEXT, chapter_number TEXT)').close();
      const lease = { notAfter: Number.MAX_SAFE_INTEGER };
      const { registry, createTables } = openMetadataStore(file);
      createTables(lease);
      const version = { versionId: BASELINE, workflowId: 'w', runId: 'r', chapterCount: 1, paragraphCount: 1 };
      registry.registerBaseline(version, lease);
      expect(python(file, "UPDATE version_registry SET status = 'archived'")).toContain(
        'STATUS_MOVE_REFUSED: a baseline',
      );
      const at = new Date().toISOString();
      registry.commit(
        BASELINE,
        'me',
        { type: 'commit', status: 'success', details: {}, startedAt: at, completedAt: at },
        lease,
      );
      expect(python(file, TRIGGER_3)).toContain('BASELINE_IMMUTABLE: a committed baseline is immutable');
      expect(python(file, "UPDATE version_registry SET notes = 'read by another'")).toBe('');
      expect(registry.find(BASELINE)).toMatchObject({ status: 'committed', notes: 'read by another' });
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
