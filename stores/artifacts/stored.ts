import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { isVersionId, parseVersionId } from '../../domain/version-id';
import type { StoredFile } from '../../domain/window';
import type { StoredVersion } from '../ports';
import { unlessMissing } from './errors';
import { isFolder, ownerOf } from './folder';

/** Every file in a folder, with what tells whether its bytes are shared; empty where the folder is missing. */
export async function storedFiles(folder: string): Promise<StoredFile[]> {
  const entries = (await unlessMissing(readdir(folder, { withFileTypes: true, recursive: true }))) ?? [];
  const files: StoredFile[] = [];
  for (const { parentPath, name } of entries.filter((entry) => entry.isFile())) {
    const path = join(parentPath, name);
    // What goes while it is looked at was a file that somebody was writing.
    const found = await unlessMissing(stat(path, { bigint: true }));
    if (!found) continue;
    const inode = `${found.dev}:${found.ino}`;
    files.push({ file: path.slice(folder.length + 1), bytes: Number(found.size), inode, links: Number(found.nlink) });
  }
  return files.sort((a, b) => (a.file < b.file ? -1 : 1));
}

/** The folders of versions in `parent`; `seal` is the file that is written last. */
export async function storedVersions(
  parent: string,
  place: StoredVersion['place'],
  seal: string,
): Promise<StoredVersion[]> {
  const found: StoredVersion[] = [];
  for (const versionId of ((await unlessMissing(readdir(parent))) ?? []).filter(isVersionId)) {
    const path = join(parent, versionId);
    if (!(await isFolder(path))) continue;
    const files = await storedFiles(path);
    const sealed = files.some(({ file }) => file === seal);
    found.push({ versionId, place, path, sealed, files, ownerRunId: (await ownerOf(path)) ?? null });
  }
  return found;
}

export function inOrder(versions: readonly StoredVersion[]): StoredVersion[] {
  const number = ({ versionId }: StoredVersion) => parseVersionId(versionId).number;
  return [...versions].sort((a, b) => number(a) - number(b) || (a.versionId < b.versionId ? -1 : 1));
}
