import { HybridFlowError, type ErrorCode, type ErrorFacts } from '../../domain/errors';

/** An error of the file system, told by what the reader can do about it; anything else comes back as it is. */
export function translateFileError(error: unknown, path: string): unknown {
  const code = errnoOf(error);
  const known = code !== undefined ? FILE_ERRORS[code] : undefined;
  if (!known) return error;
  const facts: ErrorFacts = {
    found: `${path}: ${(error as Error).message}`,
    next: NEXT[known],
    details: { path, errno: code },
  };
  return new HybridFlowError(known, facts, { cause: error });
}

/** Runs work on files below `path`, with its errors translated. */
export async function onFiles<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw translateFileError(error, path);
  }
}

export function errnoOf(error: unknown): string | undefined {
  const code = typeof error === 'object' && error !== null ? (error as { code?: unknown }).code : undefined;
  return typeof code === 'string' ? code : undefined;
}

/** `undefined` where the work found nothing there. */
export async function unlessMissing<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes(errnoOf(error) ?? '')) return undefined;
    throw error;
  }
}

export function damaged(file: string, found: string, expected?: string): HybridFlowError {
  return new HybridFlowError('ARTIFACT_DAMAGED', {
    found: `${file}: ${found}`,
    expected,
    next: 'do not use this copy; `hfv verify` tells which copies are sound',
    details: { file },
  });
}

export function notArchived(versionId: string): HybridFlowError {
  return new HybridFlowError('VERSION_UNKNOWN', {
    found: `there is no ${versionId} in the archive`,
    expected: 'a version that has left the window, and is not deleted yet',
    next: 'list the versions with `hfv versions`',
  });
}

type FileErrorCode = Extract<ErrorCode, 'DISK_TOO_SMALL' | 'BACKUPS_UNWRITABLE' | 'ARTIFACT_WRITE_FAILED'>;

/** Only what the file system says: errors of a socket that a writer reads from are not ours to name. */
const FILE_ERRORS: Partial<Record<string, FileErrorCode>> = {
  ENOSPC: 'DISK_TOO_SMALL',
  EDQUOT: 'DISK_TOO_SMALL',
  EACCES: 'BACKUPS_UNWRITABLE',
  EROFS: 'BACKUPS_UNWRITABLE',
  ENOTDIR: 'BACKUPS_UNWRITABLE',
  ...Object.fromEntries(
    'EPERM EIO ENOENT EEXIST EISDIR ENOTEMPTY EBUSY EFBIG EMFILE ENFILE EMLINK ENAMETOOLONG ELOOP EXDEV EBADF ESTALE'
      .split(' ')
      .map((code) => [code, 'ARTIFACT_WRITE_FAILED' as const]),
  ),
};

const NEXT: Record<FileErrorCode, string> = {
  DISK_TOO_SMALL: 'free space on the disk of HYBRIDFLOW_BACKUPS, or name a folder on a larger one',
  BACKUPS_UNWRITABLE: 'set HYBRIDFLOW_BACKUPS to a folder that the user who runs the worker may write',
  ARTIFACT_WRITE_FAILED: 'check the disk and the folder of HYBRIDFLOW_BACKUPS; the step may be repeated',
};
