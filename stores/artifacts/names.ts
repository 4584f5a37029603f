import { randomBytes } from 'node:crypto';
import { join, resolve } from 'node:path';
import { HybridFlowError } from '../../domain/errors';

/** A function that gives the path of a folder below the backups folder, or of a file in it. */
export type PathOf = (folder: string, file?: string) => string;

/**
 * The backups folder as an absolute path.
 *
 * @throws HybridFlowError CONFIG_INVALID for a URL: only local folders are supported for now
 */
export function localFolder(backups: string): string {
  const scheme = /^([a-z][a-z0-9+.-]*):\/\//i.exec(backups)?.[1];
  if (scheme === undefined) return resolve(backups);
  throw new HybridFlowError('CONFIG_INVALID', {
    found: `HYBRIDFLOW_BACKUPS is a ${scheme}:// address`,
    expected: 'a local folder; only local folders are supported for now',
    next: 'set HYBRIDFLOW_BACKUPS to a folder on this machine',
  });
}

/** Paths below `root`. A name that could lead out of it is refused. */
export function pathsBelow(root: string): PathOf {
  return (folder, file) => join(root, ...[folder, ...(file === undefined ? [] : [file])].map(assertName));
}

/** @throws HybridFlowError CONFIG_INVALID for a name with separators, control characters, or `.` and `..` */
export function assertName(name: string): string {
  // eslint-disable-next-line no-control-regex -- control characters are what must be refused
  if (name !== '' && name !== '.' && name !== '..' && !/[/\\\u0000-\u001f\u007f]/.test(name)) return name;
  throw new HybridFlowError('CONFIG_INVALID', {
    found: `${JSON.stringify(name)} cannot be the name of a file or folder of a version`,
    expected: 'a plain name without separators',
  });
}

/** An attempt's own name for what it is still writing; in the same folder, so that a rename is atomic. */
export function temporaryName(file: string): string {
  return `.${file}.${randomBytes(6).toString('hex')}.tmp`;
}

export function isTemporaryName(name: string): boolean {
  return /^\..+\.[0-9a-f]{12}\.tmp$/.test(name);
}
