import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { HybridFlowError } from '../domain/errors';
import type { ActivityDeps } from './deps';

const run = promisify(execFile);
const TIMEOUT_MS = 20_000;

/** The tag that the plan asks for after a successful migration, in a repository that the configuration names. */
export function createGitActivities({ git }: ActivityDeps) {
  return {
    /**
     * Makes the annotated tag; one of that name that is there already is left as it is.
     *
     * @throws CONFIG_INVALID where no repository is configured, or git refuses
     */
    async tagRelease(versionId: string): Promise<string> {
      const { repository, tag } = git;
      if (repository === undefined) {
        throw new HybridFlowError('CONFIG_INVALID', {
          found: 'no git repository is configured',
          next: 'set git.repository in the file that HYBRIDFLOW_CONFIG names',
        });
      }
      const git_ = (...args: string[]) => run('git', ['-C', repository, ...args], { timeout: TIMEOUT_MS });
      try {
        const { stdout } = await git_('tag', '--list', tag);
        if (stdout.trim() !== tag)
          await git_('tag', '-a', tag, '-m', `${versionId}: baseline with versioning infrastructure`);
        return tag;
      } catch (error) {
        const said = (error as { stderr?: string }).stderr?.trim() ?? '';
        throw new HybridFlowError('CONFIG_INVALID', {
          found: `git could not tag ${repository}: ${said === '' ? (error as Error).message : said}`,
          next: `tag it by hand: git -C ${repository} tag -a ${tag} -m "${versionId}"`,
        });
      }
    },
  };
}
