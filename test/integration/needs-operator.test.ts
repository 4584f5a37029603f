import type { DoctorReport } from '../../inspection/doctor';
import { TASK_QUEUE } from '../../domain/names';
import type { RollbackRecord } from '../../domain/rollback';
import type { ErrorView } from '../../client/render/error';
import { TestBase } from '../support/base';
import { hfv, killChildren, type Ended } from '../support/children';
import { fingerprint, type Fingerprint } from '../support/fingerprint';
import { HttpRelay, type Interference } from '../support/http-relay';
import { connectLive, type Live } from '../support/live';

jest.setTimeout(300_000);

/** Compensations that go on failing: what is left where is said, and one command ends it once the cause is mended. */

const SNAPSHOTS = '/collections/textbook_chunks/snapshots';
const PASS: Interference = { kind: 'pass' };
const REFUSED: Interference = { kind: 'answer', status: 403, body: { status: { error: 'the key may not delete' } } };

let live: Live;
let base: TestBase;
let relay: HttpRelay;
let interfere: (method: string, path: string) => Interference = () => PASS;
let before: Fingerprint;

beforeAll(async () => {
  live = await connectLive();
  base = await TestBase.make({ paragraphs: 120, migration: { batchSize: 40 } });
  relay = new HttpRelay(base.settings.qdrant.url, (method, path) => interfere(method, path));
  const qdrant = { ...base.settings.qdrant, url: await relay.start() };
  await live.work({ ...base.settings, qdrant }, TASK_QUEUE);
  before = await fingerprint(base);
});
afterEach(() => (interfere = () => PASS));
afterAll(async () => {
  await killChildren();
  await live?.close().finally(() => base?.close());
  await relay?.stop();
});

const run = (...args: string[]): Promise<Ended> => hfv(live.stack.root, ['--base', base.settings.base, ...args]).ended;

async function json<T>(...args: string[]): Promise<{ code: number | null; value: T }> {
  const { code, stdout } = await run(...args, '--json');
  return { code, value: JSON.parse(stdout) as T };
}

/** The migration ends with exit code 4, says what is left, and leaves its claim; doctor names the one command. */
async function expectLeft(left: RegExp): Promise<void> {
  const ended = await json<ErrorView>('migrate');
  expect([ended.code, ended.value.error.code]).toEqual([4, 'NEEDS_OPERATOR']);
  expect(ended.value.error.found).toMatch(left);
  expect(ended.value.error.next).toContain('hfv rollback --continue');
  const refused = await json<ErrorView>('rollback', '--continue');
  expect([refused.code, refused.value.error.found]).toEqual([4, expect.stringMatching(left)]);
  const told = await json<DoctorReport>('doctor');
  expect([told.code, told.value.command]).toEqual([4, 'hfv rollback --continue']);
}

async function expectContinued(): Promise<void> {
  const { code, value } = await json<{ rollback: RollbackRecord }>('rollback', '--continue');
  expect(value).toHaveProperty('rollback');
  expect([code, value.rollback.proven, value.rollback.left]).toEqual([0, true, []]);
  expect(await fingerprint(base)).toEqual(before);
  expect([await base.labelled(), await base.fence()]).toEqual([0, undefined]);
  expect(base.backups().filter((path) => path.startsWith('.'))).toEqual([]);
  expect((await json<DoctorReport>('doctor')).code).toBe(0);
}

test('Qdrant refuses to delete the snapshot that the run has made', async () => {
  interfere = (method, path) => (method === 'DELETE' && path.startsWith(SNAPSHOTS) ? REFUSED : PASS);
  await expectLeft(/Qdrant snapshots.*QDRANT_AUTH/);
  expect(await base.snapshots('textbook_chunks')).toHaveLength(1);
  interfere = () => PASS;
  await expectContinued();
  expect(await base.snapshots('textbook_chunks')).toEqual([]);
});

test('SQLite refuses the verdict about the version: until it is given, the copy of production stays', async () => {
  // In the middle of the run: an undo leaves what was there before it, and this was not.
  interfere = (_, path) => {
    if (path.endsWith('/points/scroll') && base.sql(IS_REGISTERED).length > 0) base.sql(REFUSE);
    return PASS;
  };
  await expectLeft(/registry row.*nobody may judge/);
  expect(base.backups().filter((path) => path === 'latest-copy/manifest.json')).toHaveLength(1);
  expect([await base.labelled(), await base.fence()]).toEqual([0, undefined]);
  expect(base.sql('SELECT status FROM version_registry ORDER BY id DESC LIMIT 1')).toEqual([
    { status: 'rolling_back' },
  ]);
  interfere = () => PASS;
  base.sql('DROP TRIGGER refuse');
  await expectContinued();
  expect(base.sql('SELECT DISTINCT status FROM version_registry')).toEqual([{ status: 'rolled_back' }]);
  expect(base.backups().filter((path) => path.startsWith('latest-copy'))).toEqual([]);
});

const IS_REGISTERED = `SELECT 1 FROM sqlite_schema WHERE name = 'version_registry'`;
const REFUSE = `CREATE TRIGGER IF NOT EXISTS refuse BEFORE UPDATE OF status ON version_registry
  WHEN NEW.status IN ('committed', 'rolled_back') BEGIN SELECT RAISE(ABORT, 'CHECK_FAILED: nobody may judge'); END`;
