import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { runProgram } from '../../../client/program';
import type { Pin } from '../../../domain/switch-journal';
import { openMetadataStore } from '../../../stores/sqlite';
import { registerAs } from '../../support/registered';
import { fakeWorld } from './support';

const V1 = 'v1_baseline_20260101_000000';
const V2 = 'v2_minor_20260102_000000';

let cwd: string;
beforeEach(() => {
  cwd = mkdtempSync(join(tmpdir(), 'hfv-pin-'));
  new Database(join(cwd, 'metadata.db')).exec('CREATE TABLE chapter_metadata (textbook_id, chapter_number)').close();
  onStore((store) => {
    store.createTables({ notAfter: Number.MAX_SAFE_INTEGER });
    registerAs(store, V1, 'committed', 'r1');
    registerAs(store, V2, 'committed', 'r2');
  });
});
afterEach(() => {
  rmSync(cwd, { recursive: true, force: true });
});

function onStore<T>(work: (store: ReturnType<typeof openMetadataStore>) => T): T {
  const store = openMetadataStore(join(cwd, 'metadata.db'));
  try {
    return work(store);
  } finally {
    store.close();
  }
}
const pins = (): Pin[] => onStore((store) => store.pins.list());

/** Nothing but metadata.db may be asked. */
async function run(...argv: string[]): Promise<{ exit: number; stdout: string; stderr: string }> {
  const world = fakeWorld({ cwd, connect: () => Promise.reject(new Error('Temporal is not asked')) });
  return { exit: await runProgram(argv, world), ...world.printed };
}

test('pins a version with the reason and who it was, and replaces a pin', async () => {
  const { exit, stdout } = await run('pin', V2, '--reason', '  the release ', '--by', 'me', '--json');
  expect([exit, JSON.parse(stdout)]).toEqual([
    0,
    {
      base: 'hybridflow',
      pin: { versionId: V2, reason: 'the release', by: 'me', pinnedAt: expect.any(String) as string },
    },
  ]);
  expect((await run('pin', V2, '--reason', 'another')).stdout).toMatch(/^v2_minor_\S+ is pinned by \S+@\S+: another$/m);
  expect(pins()).toMatchObject([{ versionId: V2, reason: 'another' }]);
});

test('takes the pin away, and says where there was none', async () => {
  await run('pin', V2, '--reason', 'x');
  expect((await run('unpin', V2)).stdout).toContain('is not pinned any more');
  expect(pins()).toEqual([]);
  const { exit, stdout } = await run('unpin', V2, '--json');
  expect([exit, JSON.parse(stdout)]).toEqual([0, { base: 'hybridflow', versionId: V2, removed: false }]);
});

test.each(['latest-copy', 'staging', 'v9_minor_20260109_000000', '../x'])(
  '%s is no version of the registry',
  async (name) => {
    for (const argv of [
      ['pin', name, '--reason', 'x'],
      ['unpin', name],
    ]) {
      const { exit, stdout } = await run(...argv, '--json');
      expect([exit, (JSON.parse(stdout) as { error: { code: string } }).error.code]).toEqual([7, 'VERSION_UNKNOWN']);
    }
    expect(pins()).toEqual([]);
  },
);

test('a pin without a reason is refused', async () => {
  expect((await run('pin', V2)).exit).toBe(2);
  expect((await run('pin', V2, '--reason', '  ')).exit).toBe(2);
  expect(pins()).toEqual([]);
});
