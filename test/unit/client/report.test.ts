import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runProgram } from '../../../client/program';
import type { ErrorView } from '../../../client/render/error';
import { renderReport } from '../../../domain/report-markdown';
import { openArtifactStore } from '../../../stores/artifacts';
import { runReport, VERSION } from '../../support/report';
import { fakeWorld } from './support';

const NEWER = 'v1_baseline_20260203_030405';
const RUNNING = 'v1_baseline_20260304_030405';

let backups: string;
beforeEach(() => (backups = mkdtempSync(join(tmpdir(), 'hfv-report-'))));
afterEach(() => rmSync(backups, { recursive: true, force: true }));

/** Nothing else is up, and nothing else is there: no Temporal, no store, no metadata.db. */
async function hfv(...argv: string[]) {
  const connect = () => Promise.reject(new Error('nobody may be asked'));
  const world = fakeWorld({ connect, cwd: backups });
  const exit = await runProgram(['report', ...argv, '--backups', backups], world);
  return { exit, ...world.printed };
}

async function written(): Promise<void> {
  const store = openArtifactStore(backups);
  for (const [versionId, outcome] of [
    [NEWER, 'rolled_back'],
    [VERSION, 'committed'],
  ] as const) {
    const report = runReport({ versionId, outcome });
    await store.writeReport(versionId, 'report.json', JSON.stringify(report));
    await store.writeReport(versionId, 'report.md', renderReport(report));
  }
  // A run that goes on has written its first report only.
  await store.writeReport(RUNNING, 'pre-migration.md', '# Before\n');
  await store.writeReport(RUNNING, 'pre-migration.json', '{"plan":1}');
}

describe('hfv report', () => {
  test('prints the newest report of a run, as Markdown', async () => {
    await written();
    const { exit, stdout, stderr } = await hfv();
    expect([exit, stderr]).toEqual([0, '']);
    expect(stdout).toBe(renderReport(runReport({ versionId: NEWER, outcome: 'rolled_back' })));
  });

  test('prints one version’s, and the JSON for programs', async () => {
    await written();
    expect((await hfv(VERSION)).stdout.split('\n')[0]).toBe(`# ${VERSION}: committed`);
    expect(JSON.parse((await hfv(VERSION, '--format', 'json')).stdout)).toEqual(runReport());
    expect(JSON.parse((await hfv(VERSION, '--json')).stdout)).toEqual(runReport());
    const both = JSON.parse((await hfv(VERSION, '--json', '--format', 'md')).stdout) as object;
    expect(both).toEqual({ versionId: VERSION, format: 'md', text: renderReport(runReport()) });
  });

  test('prints the report from before the migration', async () => {
    await written();
    expect((await hfv('--pre')).stdout).toBe('# Before\n');
    expect(JSON.parse((await hfv('--pre', '--json')).stdout)).toEqual({ plan: 1 });
  });

  test('lists what there is, oldest first', async () => {
    expect((await hfv('--list')).stdout).toContain('There are no reports yet');
    await written();
    const endedAt = runReport().endedAt;
    expect(JSON.parse((await hfv('--list', '--json')).stdout)).toEqual({
      reports: [
        { versionId: VERSION, outcome: 'committed', endedAt, preMigration: false },
        { versionId: NEWER, outcome: 'rolled_back', endedAt, preMigration: false },
        { versionId: RUNNING, outcome: null, endedAt: null, preMigration: true },
      ],
    });
    const text = (await hfv('--list')).stdout;
    expect(text).toMatch(new RegExp(`${VERSION}\\s+committed\\s+${endedAt}\\s+no`));
    expect(text).toMatch(new RegExp(`${RUNNING}\\s+no report of the run\\s+yes`));
  });

  test('writes to a file, for its owner', async () => {
    await written();
    const file = join(backups, 'copy.md');
    const { exit, stdout } = await hfv(VERSION, '--output', file, '--json');
    expect([exit, JSON.parse(stdout)]).toEqual([0, { versionId: VERSION, format: 'json', path: file }]);
    expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual(runReport());
    expect(statSync(file).mode & 0o777).toBe(0o600);
    const here = await hfv(VERSION, '--output', 'beside.md');
    expect([here.exit, readFileSync(join(backups, 'beside.md'), 'utf8')]).toEqual([0, renderReport(runReport())]);
    const lost = await hfv(VERSION, '--output', join(backups, 'no', 'such', 'folder.md'));
    expect([lost.exit, lost.stdout]).toEqual([2, '']);
  });

  test('says which versions have one where the asked one has not: 7', async () => {
    const none = await hfv('--json');
    expect(none.exit).toBe(7);
    expect((JSON.parse(none.stdout) as ErrorView).error).toMatchObject({
      code: 'REPORT_MISSING',
      next: 'run one with `hfv migrate`',
      details: { versions: [] },
    });
    await written();
    const other = await hfv(RUNNING);
    expect([other.exit, other.stdout]).toEqual([7, '']);
    expect(other.stderr).toMatch(new RegExp(`${RUNNING} has no report of a run[\\s\\S]*one of ${VERSION}, ${NEWER}`));
    expect((await hfv(VERSION, '--pre')).exit).toBe(7);
  });

  test.each([[['--format', 'html']], [['../../etc', '--format', 'md']]])('%j is refused: 2', async (argv) => {
    await written();
    expect(await hfv(...argv)).toMatchObject({ exit: 2, stdout: '' });
  });
});
