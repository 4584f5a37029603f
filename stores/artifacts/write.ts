import { constants } from 'node:fs';
import { copyFile, link, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { HybridFlowError } from '../../domain/errors';
import type { ArtifactRef } from '../ports';
import { fsyncFile, fsyncFolder, hashFile } from './disk';
import { damaged, errnoOf, unlessMissing } from './errors';
import { isSealed } from './manifest';
import { temporaryName } from './names';

/** What a file system without hard links, a border between two, or a full link count answer. */
const NO_LINK = ['EXDEV', 'EPERM', 'EMLINK', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS'];

/**
 * Bytes before names: the writer fills a temporary file, which is synced, read back and hashed, and only then
 * renamed. A rename into a folder that was removed meanwhile fails.
 */
export async function writeArtifact(path: string, writer: (temporary: string) => Promise<void>): Promise<ArtifactRef> {
  await assertNotSealed(path);
  const temporary = join(dirname(path), temporaryName(basename(path)));
  try {
    await writer(temporary);
    await fsyncFile(temporary);
    const digest = await hashFile(temporary);
    // Once more: the folder may have been sealed by a newer attempt while this one was writing.
    await assertNotSealed(path);
    await rename(temporary, path);
    await fsyncFolder(dirname(path));
    return { path, ...digest };
  } catch (error) {
    await discard(temporary);
    throw error;
  }
}

/** Gives `to` the bytes of `from`, as a hard link where that works, and proves that they are the same. */
export async function linkArtifact(from: string, to: string): Promise<ArtifactRef> {
  const wanted = await digestArtifact(from);
  if (await holds(to, from, wanted.sha256)) return { ...wanted, path: to };
  await assertNotSealed(to);
  const temporary = join(dirname(to), temporaryName(basename(to)));
  try {
    await linkOrCopy(from, temporary);
    if (!(await holds(temporary, from, wanted.sha256))) throw damaged(to, `differs from ${from} after copying`);
    await rename(temporary, to);
    await fsyncFolder(dirname(to));
    return { ...wanted, path: to };
  } catch (error) {
    await discard(temporary);
    throw error;
  }
}

/** @throws HybridFlowError ARTIFACT_DAMAGED where the file is missing */
export async function digestArtifact(path: string): Promise<ArtifactRef> {
  const digest = await unlessMissing(hashFile(path));
  if (!digest) throw damaged(path, 'is missing');
  return { path, ...digest };
}

/** A hard link where that works, else a copy that lasts. */
export async function linkOrCopy(from: string, temporary: string): Promise<void> {
  try {
    await link(from, temporary);
  } catch (error) {
    if (!NO_LINK.includes(errnoOf(error) ?? '')) throw error;
    await copyFile(from, temporary, constants.COPYFILE_EXCL);
    await fsyncFile(temporary);
  }
}

/** The same inode is the same bytes; anything else is read. */
async function holds(path: string, from: string, sha256: string): Promise<boolean> {
  const [a, b] = await Promise.all([unlessMissing(stat(path)), stat(from)]);
  if (!a) return false;
  if (a.dev === b.dev && a.ino === b.ino) return true;
  return a.size === b.size && (await hashFile(path)).sha256 === sha256;
}

async function assertNotSealed(path: string): Promise<void> {
  if (!(await isSealed(path))) return;
  throw new HybridFlowError('FENCED', {
    found: `${path} belongs to a sealed version`,
    expected: 'a version without a manifest',
    next: 'nothing was changed; a newer attempt has completed this version',
  });
}

async function discard(temporary: string): Promise<void> {
  // SQLite may leave a journal beside a file whose writing it gave up.
  for (const path of [temporary, `${temporary}-journal`]) await rm(path, { force: true }).catch(() => undefined);
}
