import { constants } from 'node:fs';
import { copyFile, mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { unlessMissing } from './errors';
import { assertName, type PathOf } from './names';

/** No version's folder begins so. */
export const COPY = '.copy.';

/**
 * Runs `work` on a copy that lies alone in a folder of its own: a database that is opened may put files beside itself,
 * and a version's folder must not change.
 */
export async function withCopy<T>(
  pathOf: PathOf,
  from: { folder: string; file: string },
  name: string,
  work: (path: string) => T | Promise<T>,
): Promise<T> {
  const side = pathOf(`${COPY}${assertName(name)}`);
  const copy = join(side, from.file);
  try {
    // What an earlier attempt left under this name is not to be mixed in.
    await rm(side, { recursive: true, force: true });
    await mkdir(side, { mode: 0o700 });
    await copyFile(pathOf(from.folder, from.file), copy, constants.COPYFILE_FICLONE);
    return await work(copy);
  } finally {
    await rm(side, { recursive: true, force: true });
  }
}

export async function removeCopies(root: string, prefix: string): Promise<void> {
  const names = (await unlessMissing(readdir(root))) ?? [];
  for (const name of names.filter((each) => each.startsWith(`${COPY}${prefix}`))) {
    await rm(join(root, name), { recursive: true, force: true });
  }
}
