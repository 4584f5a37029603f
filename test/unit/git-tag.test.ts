import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ActivityDeps } from '../../activities';
import { createGitActivities } from '../../activities/git';
import { FakeWorld } from '../support/fake-world';

const TAG = 'v1.0.0-baseline';
const VERSION = 'v1_baseline_20260101_000000';

let folder: string;
const git = (...args: string[]) => execFileSync('git', ['-C', folder, ...args], { encoding: 'utf8' }).trim();
const commit = (message: string) => git('commit', '--allow-empty', '--no-gpg-sign', '-m', message);
const tagRelease = (repository?: string, versionId = VERSION) => {
  const deps: ActivityDeps = { ...new FakeWorld().deps(), git: { tag: TAG, ...(repository && { repository }) } };
  return createGitActivities(deps).tagRelease(versionId);
};

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'hfv-git-'));
  git('init', '--quiet');
  git('config', 'user.name', 'a test');
  git('config', 'user.email', 'test@localhost');
  git('config', 'tag.gpgSign', 'false');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test('makes an annotated tag that names the version, on what is checked out', async () => {
  commit('first');
  expect(await tagRelease(folder)).toBe(TAG);
  expect(git('cat-file', '-t', TAG)).toBe('tag');
  expect(git('rev-parse', `${TAG}^{commit}`)).toBe(git('rev-parse', 'HEAD'));
  expect(git('tag', '--list', '--format=%(contents)', TAG)).toContain(VERSION);
});

test('repeated, it leaves the tag as it is', async () => {
  commit('first');
  await tagRelease(folder);
  const made = git('rev-parse', TAG);
  // Made anew in the same second it would be the same object, but for its message.
  expect(await tagRelease(folder, `${VERSION}_again`)).toBe(TAG);
  expect([git('rev-parse', TAG), git('tag', '--list')]).toEqual([made, TAG]);
});

test('a tag of that name that stands elsewhere is not moved', async () => {
  commit('first');
  git('tag', TAG);
  const there = git('rev-parse', TAG);
  commit('second');
  expect(await tagRelease(folder)).toBe(TAG);
  expect(git('rev-parse', TAG)).toBe(there);
  expect(there).not.toBe(git('rev-parse', 'HEAD'));
});

test('one whose name only begins so is another tag', async () => {
  commit('first');
  git('tag', `${TAG}-2`);
  await tagRelease(folder);
  expect(git('tag', '--list').split('\n')).toEqual([TAG, `${TAG}-2`]);
});

test.each<[string, () => string | undefined, RegExp]>([
  ['where no repository is configured', () => undefined, /no git repository is configured/],
  ['where the folder is no repository', () => rmRepository(), /could not tag .*not a git repository/],
  ['where there is nothing to tag yet', () => folder, /could not tag .*HEAD/],
])('%s it is refused, and says what to do', async (_, repository, found) => {
  const error: unknown = await tagRelease(repository()).catch((reason: unknown) => reason);
  expect(error).toMatchObject({ code: 'CONFIG_INVALID', message: expect.stringMatching(found) as string });
  expect((error as Error).message).toMatch(/Next: (set git\.repository|tag it by hand)/);
});

function rmRepository(): string {
  rmSync(join(folder, '.git'), { recursive: true });
  return folder;
}
