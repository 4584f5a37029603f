import { mkdir, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { HybridFlowError } from '../../domain/errors';
import { fsyncFolder, placeText } from './disk';
import { errnoOf, unlessMissing } from './errors';
import { assertName, isTemporaryName, temporaryName, type PathOf } from './names';

const OWNER_FILE = '.owner.json';
const ownerSchema = z.looseObject({ runId: z.string().min(1) });

/** Creates the backups folder, readable by its owner only: a backup is a full copy of the data. */
export async function ensureRoot(root: string): Promise<void> {
  try {
    await mkdir(root, { recursive: true, mode: 0o700 });
  } catch (error) {
    if (errnoOf(error) !== 'EEXIST') throw error;
    throw new HybridFlowError('BACKUPS_UNWRITABLE', {
      found: `${root} is a file`,
      expected: 'a folder',
      next: 'set HYBRIDFLOW_BACKUPS to a folder',
    });
  }
}

export async function isFolder(path: string): Promise<boolean> {
  return (await unlessMissing(stat(path)))?.isDirectory() ?? false;
}

/** The run that made a folder; undefined where the folder is missing or carries no readable mark. */
export async function ownerOf(path: string): Promise<string | undefined> {
  const text = await unlessMissing(readFile(join(path, OWNER_FILE), 'utf8'));
  if (text === undefined) return undefined;
  try {
    return ownerSchema.parse(JSON.parse(text)).runId;
  } catch {
    return undefined;
  }
}

/**
 * Makes a folder that carries the run's mark from its first moment: it is prepared under another name and
 * renamed, which fails where a folder with content is in the way.
 *
 * @throws HybridFlowError VERSION_IN_USE where the folder is somebody else's
 */
export async function openFolder(root: string, pathOf: PathOf, folder: string, runId: string): Promise<void> {
  await ensureRoot(root);
  const path = pathOf(folder);
  if ((await ownerOf(path)) === assertName(runId)) return;
  const prepared = pathOf(temporaryName(folder));
  try {
    await mkdir(prepared, { mode: 0o700 });
    await placeText(join(prepared, OWNER_FILE), `${JSON.stringify({ runId })}\n`);
    await rename(prepared, path);
    await fsyncFolder(root);
  } catch (error) {
    await rm(prepared, { recursive: true, force: true });
    if (!['ENOTEMPTY', 'EEXIST', 'ENOTDIR'].includes(errnoOf(error) ?? '') || !(await unlessMissing(stat(path)))) {
      throw error;
    }
    const owner = await ownerOf(path);
    // Another attempt of this run may have been quicker.
    if (owner !== runId) throw inUse(path, owner);
  }
}

/**
 * Removes a folder of this run. It goes under another name first: the version is gone at once, whatever happens
 * to the rest, and an attempt that still writes into it finds no folder any more.
 */
export async function removeFolder(root: string, pathOf: PathOf, folder: string, runId: string): Promise<void> {
  const trash = pathOf(trashName(folder, assertName(runId)));
  await rm(trash, { recursive: true, force: true });
  await removePrepared(root, pathOf, folder, runId);
  if ((await ownerOf(pathOf(folder))) !== runId) return;
  await rename(pathOf(folder), trash);
  await fsyncFolder(root);
  await rm(trash, { recursive: true, force: true });
}

export function trashName(folder: string, runId: string): string {
  return `.removed.${folder}.${runId}`;
}

/** Removes what killed attempts were still writing inside a folder. */
export async function sweepTemporaries(path: string): Promise<void> {
  for (const name of (await readdir(path)).filter(isTemporaryName)) {
    await rm(join(path, name), { recursive: true, force: true });
  }
}

/** Folders that an attempt prepared and was killed before it could name them. */
async function removePrepared(root: string, pathOf: PathOf, folder: string, runId: string): Promise<void> {
  const names = (await unlessMissing(readdir(root))) ?? [];
  for (const name of names.filter((n) => n.startsWith(`.${folder}.`) && isTemporaryName(n))) {
    if ((await ownerOf(pathOf(name))) === runId) await rm(pathOf(name), { recursive: true, force: true });
  }
}

function inUse(path: string, owner: string | undefined): HybridFlowError {
  return new HybridFlowError('VERSION_IN_USE', {
    found: `${path} is there already and belongs to ${owner === undefined ? 'no known run' : `run ${owner}`}`,
    expected: 'a free name, or a folder of this run',
    next: 'move the folder away if nobody needs it, and start again',
    details: { path, runId: owner ?? null },
  });
}
