import { createHash, randomBytes } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open, rename, rm, statfs, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { errnoOf } from './errors';
import { temporaryName } from './names';

/** Makes the bytes of a file survive a power cut, and sets its mode. */
export async function fsyncFile(path: string, mode = 0o600): Promise<void> {
  const handle = await open(path, 'r+');
  try {
    await handle.chmod(mode);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Makes the names in a folder (a rename, a new file) survive a power cut. */
export async function fsyncFolder(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } catch (error) {
    // Some network file systems cannot sync a folder; there is nothing more to be had from them.
    if (!['EINVAL', 'ENOTSUP'].includes(errnoOf(error) ?? '')) throw error;
  } finally {
    await handle.close();
  }
}

/** Size and SHA-256 of the bytes that are there now. */
export async function hashFile(path: string): Promise<{ bytes: number; sha256: string }> {
  const hash = createHash('sha256');
  let bytes = 0;
  await pipeline(createReadStream(path, { highWaterMark: 1 << 20 }), async (chunks: AsyncIterable<Buffer>) => {
    for await (const chunk of chunks) {
      hash.update(chunk);
      bytes += chunk.length;
    }
  });
  return { bytes, sha256: hash.digest('hex') };
}

/** Puts a small file in place at once: it is there whole, on disk, or not at all. */
export async function placeText(path: string, text: string): Promise<void> {
  const temporary = join(dirname(path), temporaryName(basename(path)));
  try {
    await writeFile(temporary, text, { mode: 0o600, flag: 'wx' });
    await fsyncFile(temporary);
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => undefined);
    throw error;
  }
  await fsyncFolder(dirname(path));
}

/** Really writes: permissions, quotas and read-only mounts show only then. */
export async function probeWrite(folder: string): Promise<void> {
  const probe = join(folder, temporaryName('probe'));
  try {
    await writeFile(probe, randomBytes(4096), { mode: 0o600, flag: 'wx' });
    await fsyncFile(probe);
  } finally {
    await rm(probe, { force: true });
  }
  await fsyncFolder(folder);
}

/** Bytes that this user may still write at `path`; asked of the nearest parent where it does not exist yet. */
export async function freeBytes(path: string): Promise<number> {
  try {
    const { bavail, bsize } = await statfs(path);
    return bavail * bsize;
  } catch (error) {
    const missing = ['ENOENT', 'ENOTDIR'].includes(errnoOf(error) ?? '');
    if (!missing || dirname(path) === path) throw error;
    return freeBytes(dirname(path));
  }
}
