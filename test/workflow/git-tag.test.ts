import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RegisterBaselineInput } from '../../domain/baseline';
import type { RunReport } from '../../domain/report';
import type { registerBaseline } from '../../workflows';
import { fakeWorkers } from '../support/fake-workers';
import { FakeWorld } from '../support/fake-world';

jest.setTimeout(120_000);

const TAG = 'v1.0.0-baseline';
const folder = mkdtempSync(join(tmpdir(), 'hfv-git-'));
const repository = join(folder, 'kb');
const runs = fakeWorkers('git-tag', () => ({ ...new FakeWorld().deps(), git: { repository, tag: TAG } }));

const git = (...args: string[]) => execFileSync('git', ['-C', repository, ...args], { encoding: 'utf8' }).trim();

/** A repository without a commit: git has nothing that it could tag. */
beforeEach(() => {
  rmSync(repository, { recursive: true, force: true });
  mkdirSync(repository);
  git('init', '--quiet');
  git('config', 'user.name', 'a test');
  git('config', 'user.email', 'test@localhost');
  git('config', 'tag.gpgSign', 'false');
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A run that commits, with the box of its checklist that asks for the tag. */
async function migrate(input: RegisterBaselineInput) {
  const world = new FakeWorld();
  const outcome = await (await runs.start<typeof registerBaseline>('registerBaseline', world.deps(), [input])).result();
  expect([outcome.outcome, world.registry.rows[0]?.status]).toEqual(['committed', 'committed']);
  const text = (file: string) => world.reports.get(`${outcome.versionId}/${file}`) ?? '';
  const report = JSON.parse(text('report.json')) as RunReport;
  const box = report.checklists.find((item) => item.text === 'Migration tagged in git');
  return { outcome, report, box, markdown: text('report.md') };
}

test('a committed version is tagged, and its box is ticked with the tag', async () => {
  git('commit', '--quiet', '--allow-empty', '--no-gpg-sign', '-m', 'first');
  const { outcome, report, box, markdown } = await migrate({ gitTag: true });
  expect([outcome.warnings, report.gitTag]).toEqual([[], TAG]);
  expect(git('tag', '--list', '--format=%(contents)', TAG)).toContain(outcome.versionId);
  expect(box).toMatchObject({ state: 'done', evidence: `tag ${TAG}`, command: null });
  expect(markdown).toContain(`- [x] Migration tagged in git — tag ${TAG}`);
});

test('git refuses: a warning, and the box is a person’s, with the command; the run is committed all the same', async () => {
  const { outcome, report, box } = await migrate({ gitTag: true });
  expect(outcome.warnings).toEqual([expect.stringMatching(/^could not tag the git repository: .*git could not tag/)]);
  expect([report.gitTag, report.warnings, git('tag', '--list')]).toEqual([null, outcome.warnings, '']);
  const command = expect.stringContaining(`git -C ${repository} tag -a ${TAG}`) as string;
  expect(box).toMatchObject({ state: 'person', evidence: `in ${repository}`, command });
});

test('where it is not asked for, nothing is tagged', async () => {
  git('commit', '--quiet', '--allow-empty', '--no-gpg-sign', '-m', 'first');
  const { outcome, report, box } = await migrate({});
  expect([outcome.warnings, report.gitTag, git('tag', '--list'), box?.state]).toEqual([[], null, '', 'person']);
});
