import { mkdir, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { HybridFlowError } from '../../domain/errors';
import { MANIFEST_FILE } from '../../domain/names';
import type { UnarchivedVersion } from '../ports';
import { lookAtArchive, readRecord } from './archive-folder';
import { fsyncFolder, hashFile } from './disk';
import { damaged, errnoOf, notArchived, unlessMissing } from './errors';
import { isFolder } from './folder';
import { assertSealed, readManifest } from './manifest';
import { isTemporaryName, temporaryName, type PathOf } from './names';
import { assertRoom, requireRecord, unpackInto } from './unpack';

interface Places {
  root: string;
  beside: PathOf;
  archived: PathOf;
}

/**
 * Unpacks an archived version under another name beside the others, proves it, and gives it its own by a rename. The
 * archive is only read, so that whatever is broken off leaves the version where it was.
 */
export async function unarchive(
  places: Places,
  versionId: string,
  ready: () => Promise<void>,
): Promise<UnarchivedVersion> {
  const { root, beside, archived } = places;
  const [from, to] = [archived(versionId), beside(versionId)];
  if (await isFolder(to)) {
    await assertSame(places, versionId);
    await ready();
    return { versionId, state: 'beside before', path: to, ...(await sizesOf(from)) };
  }
  if (!(await isFolder(from))) throw notArchived(versionId);
  const { intact, problems, bytes, storedBytes } = await lookAtArchive(from, versionId);
  if (!intact) throw damaged(from, problems.join('; '), 'the archive as it was made');
  const record = await requireRecord(from);
  await sweep(root, versionId);
  await assertRoom(root, record);
  const half = beside(temporaryName(versionId));
  try {
    await mkdir(half, { mode: 0o700 });
    await unpackInto(from, half, record);
    await prove(half);
    await ready();
    await rename(half, to).catch(async (error: unknown) => {
      if (!['ENOTEMPTY', 'EEXIST', 'ENOTDIR'].includes(errnoOf(error) ?? '')) throw error;
      // Another attempt was quicker, or somebody else has put something there.
      await assertSame(places, versionId);
    });
    await fsyncFolder(root);
  } finally {
    await rm(half, { recursive: true, force: true }).catch(() => undefined);
  }
  return { versionId, state: 'unarchived', path: to, bytes, storedBytes };
}

/** The bytes on disk are those of the manifest, whatever was read before they were written. */
async function prove(path: string): Promise<void> {
  const manifest = await readManifest(path);
  if (!manifest) throw damaged(path, 'has no manifest', 'a sealed version');
  await assertSealed(path, manifest);
}

/** @throws HybridFlowError VERSION_IN_USE where what lies beside the others is not that version, whole */
async function assertSame({ beside, archived }: Places, versionId: string): Promise<void> {
  const path = beside(versionId);
  const hashOf = async (folder: string) => (await unlessMissing(hashFile(join(folder, MANIFEST_FILE))))?.sha256;
  try {
    await prove(path);
    const kept = await hashOf(archived(versionId));
    if (kept === undefined || kept === (await hashOf(path))) return;
    throw damaged(path, 'has another manifest than the archive', 'one and the same version');
  } catch (error) {
    if (!(error instanceof HybridFlowError) || error.code !== 'ARTIFACT_DAMAGED') throw error;
    throw new HybridFlowError(
      'VERSION_IN_USE',
      {
        found: `${path} is there already, and is not ${versionId} as it was sealed: ${error.facts.found}`,
        expected: 'a free name: nothing is written over',
        next: 'move the folder away if nobody needs it, and start again',
        details: { path },
      },
      { cause: error },
    );
  }
}

async function sizesOf(from: string): Promise<{ bytes: number; storedBytes: number }> {
  const { files } = (await readRecord(from, () => undefined)) ?? { files: [] };
  const sum = (of: 'bytes' | 'storedBytes') => files.reduce((total, one) => total + one[of], 0);
  return { bytes: sum('bytes'), storedBytes: sum('storedBytes') };
}

/** What killed attempts were unpacking. */
async function sweep(root: string, versionId: string): Promise<void> {
  for (const name of await readdir(root)) {
    if (!name.startsWith(`.${versionId}.`) || !isTemporaryName(name)) continue;
    await rm(join(root, name), { recursive: true, force: true });
  }
}
