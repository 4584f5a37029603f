import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import { HybridFlowError } from '../domain/errors';
import { isVersionId } from '../domain/version-id';
import { USE_MS, type UseKind, type VersionUse } from '../domain/version-use';
import type { ArtifactUses } from '../stores/ports/uses';

export interface UseOptions {
  /** How long a mark counts that is not renewed; it is renewed five times as often. */
  milliseconds?: number;
  /** Told where a mark cannot be put there: what is read does not depend on it. */
  tell?: (note: string) => void;
  /** The work rests on the marks: where one cannot be put there, it is not begun. */
  demanded?: boolean;
}

/**
 * Runs `work` with the versions marked as in use, so that no clean-up moves or deletes them meanwhile. Names that are no
 * version's are left out. The marks go whatever happens; one whose process is killed ends by its time.
 */
export async function whileInUse<T>(
  artifacts: ArtifactUses,
  versions: readonly string[],
  kind: UseKind,
  work: (marks: readonly VersionUse[]) => Promise<T>,
  { milliseconds = USE_MS, tell = () => undefined, demanded = false }: UseOptions = {},
): Promise<T> {
  const until = () => new Date(Date.now() + milliseconds).toISOString();
  const marks = [...new Set(versions)].filter(isVersionId).map((versionId): VersionUse => {
    const id = randomBytes(6).toString('hex');
    return { id, versionId, kind, host: hostname(), pid: process.pid, until: until() };
  });
  const put = async () => {
    for (const mark of marks) await artifacts.markUse({ ...mark, until: until() });
  };
  await put().catch((error: unknown) => {
    if (demanded || !(error instanceof HybridFlowError)) throw error;
    // Where there is no backups folder there is nothing to mark.
    if (error.code === 'BACKUPS_UNWRITABLE' || error.code === 'DISK_TOO_SMALL')
      tell(`not marked as in use, so that a clean-up may archive it meanwhile: ${error.facts.found}`);
  });
  let renewed = Promise.resolve();
  const timer = setInterval(() => {
    renewed = renewed.then(put).catch(() => undefined);
  }, milliseconds / 5).unref();
  try {
    return await work(marks);
  } finally {
    clearInterval(timer);
    // A renewal that is still on its way would put the mark back.
    await renewed;
    await Promise.allSettled(marks.map((mark) => artifacts.unmarkUse(mark)));
  }
}

/** True where the process that left the mark is known to have ended: it ran here, and does no more. */
export function hasEnded({ host, pid }: VersionUse): boolean {
  if (host !== hostname()) return false;
  try {
    process.kill(pid, 0);
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ESRCH';
  }
}
