import { randomBytes } from 'node:crypto';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { ArchiveRecord } from '../../domain/archive';
import { HybridFlowError } from '../../domain/errors';
import { CHECKSUMS_FILE } from '../../domain/names';
import { readRecord } from './archive-folder';
import { COPY } from './copies';
import { freeBytes, fsyncFolder, placeText } from './disk';
import { damaged, errnoOf, unlessMissing } from './errors';
import { checksums, readManifest, sealedFiles } from './manifest';
import { assertName, type PathOf } from './names';
import { unpack } from './packed';
import { linkOrCopy } from './write';

interface Place {
  root: string;
  pathOf: PathOf;
  /** The version's folder in the archive. */
  path: string;
}

/** Runs `work` with a private folder in which the version lies as it was, as far as that can be had. */
export async function withUnpacked<T>(
  { root, pathOf, path }: Place,
  versionId: string,
  work: (root: string) => Promise<T>,
): Promise<T> {
  const record = await requireRecord(path);
  await assertRoom(root, record);
  const side = pathOf(`${COPY}${versionId}.${randomBytes(6).toString('hex')}`);
  try {
    await mkdir(join(side, versionId), { recursive: true, mode: 0o700 });
    await unpackInto(path, join(side, versionId), record);
    return await work(side);
  } finally {
    await rm(side, { recursive: true, force: true });
  }
}

/** @throws HybridFlowError ARTIFACT_DAMAGED where nothing tells what the archive holds */
export async function requireRecord(path: string): Promise<ArchiveRecord> {
  const problems: string[] = [];
  const record = await readRecord(path, (problem) => void problems.push(problem));
  if (record) return record;
  throw damaged(path, problems.join('; '), 'the archive as it was made');
}

/** @throws HybridFlowError DISK_TOO_SMALL; counts what need not be unpacked too, since links may not work */
export async function assertRoom(root: string, { versionId, files }: ArchiveRecord): Promise<void> {
  const [free, needed] = [await freeBytes(root), files.reduce((sum, { bytes }) => sum + bytes, 0)];
  if (free >= needed) return;
  throw new HybridFlowError('DISK_TOO_SMALL', {
    found: `${root} has ${free} bytes free`,
    expected: `${needed} bytes: ${versionId} as it is unpacked`,
    next: 'free some space (`hfv retain --dry-run` says what may go); nothing was changed',
  });
}

/**
 * Unpacks what can be. A file that is missing stays so, one that ends in the middle ends there. checksums.txt is made
 * from the manifest, which vouches for the same files.
 */
export async function unpackInto(from: string, to: string, { files }: ArchiveRecord): Promise<void> {
  for (const { file, stored, compression } of files) {
    const [source, target] = [join(from, assertName(stored)), join(to, assertName(file))];
    const work = compression === 'gzip' ? unpack(source, target) : linkOrCopy(source, target);
    await unlessMissing(work).catch(unlessUnpackable);
  }
  const manifest = await readManifest(to).catch(() => undefined);
  if (manifest) await placeText(join(to, CHECKSUMS_FILE), checksums(sealedFiles(manifest.artifacts)));
  await fsyncFolder(to);
}

/** What the disk says is no finding about the bytes. */
function unlessUnpackable(error: unknown): undefined {
  if (!errnoOf(error)?.startsWith('Z_')) throw error;
  return undefined;
}
