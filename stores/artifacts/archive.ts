import { mkdir, readdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { HybridFlowError } from '../../domain/errors';
import type { Manifest } from '../../domain/manifest';
import { MANIFEST_FILE } from '../../domain/names';
import { bytesOf, freedBytes, type StoredFile } from '../../domain/window';
import type { ArchivedVersion, ArchiveVerdict, ArtifactArchive, StoredVersion, UnarchivedVersion } from '../ports';
import { ARCHIVE_FILE, buildArchive, bytesToPack, lookAtArchive } from './archive-folder';
import { freeBytes, fsyncFolder, hashFile } from './disk';
import { damaged, errnoOf, notArchived, unlessMissing } from './errors';
import { ensureRoot, isFolder, trashName } from './folder';
import { readManifest } from './manifest';
import { assertName, isTemporaryName, pathsBelow, temporaryName, type PathOf } from './names';
import { inOrder, storedFiles, storedVersions } from './stored';
import { unarchive } from './unarchive';
import { withUnpacked } from './unpack';

export const ARCHIVE_FOLDER = 'archived';

/**
 * Versions that have left the window. One is built under a temporary name and takes its own by a rename when it is
 * whole and on disk; only then does the folder beside the others go, by a rename too. Each step looks at what is there,
 * so that whoever comes next ends what was begun.
 */
export class Archive implements ArtifactArchive {
  readonly #folder: string;
  readonly #archived: PathOf;

  constructor(
    private readonly root: string,
    private readonly pathOf: PathOf,
  ) {
    this.#folder = join(root, ARCHIVE_FOLDER);
    this.#archived = pathsBelow(this.#folder);
  }

  async listVersions(): Promise<StoredVersion[]> {
    const beside = await storedVersions(this.root, 'beside', MANIFEST_FILE);
    return inOrder([...beside, ...(await storedVersions(this.#folder, 'archive', ARCHIVE_FILE))]);
  }

  async archive(versionId: string, runId: string, mayStill = async () => true): Promise<ArchivedVersion> {
    const [from, to] = [this.pathOf(versionId), this.#archived(versionId)];
    const trash = this.pathOf(trashName(versionId, assertName(runId)));
    await this.#sweep(versionId);
    if (!(await isFolder(from))) {
      await rm(trash, { recursive: true, force: true });
      return { ...(await this.#requireIntact(versionId)), state: 'archived before' };
    }
    if (!(await this.#isArchived(versionId, from))) await this.#build(versionId, from, runId);
    const told = await this.#tell(versionId);
    // What was built stays for the sweep: another attempt may have moved the folder away by now.
    if (!(await mayStill())) return { ...told, state: 'kept', path: from, freedBytes: 0 };
    await moveAway(from, trash);
    await fsyncFolder(this.root);
    // Somebody may have begun to use it since it was asked, and before it went.
    if (!(await mayStill()) && (await putBack(trash, from))) {
      await fsyncFolder(this.root);
      return { ...told, state: 'kept', path: from, freedBytes: 0 };
    }
    await rm(trash, { recursive: true, force: true });
    return { ...told, path: to };
  }

  async verifyArchived(versionId: string): Promise<ArchiveVerdict> {
    const path = this.#archived(versionId);
    if (await isFolder(path)) return lookAtArchive(path, versionId);
    throw notArchived(versionId);
  }

  async unarchive(versionId: string, ready = async () => undefined as void): Promise<UnarchivedVersion> {
    return unarchive({ root: this.root, beside: this.pathOf, archived: this.#archived }, versionId, ready);
  }

  /** Runs `work` with the path of a folder in which the version lies as it was. */
  async withUnpacked<T>(versionId: string, work: (root: string) => Promise<T>): Promise<T> {
    const path = this.#archived(versionId);
    if (!(await isFolder(path))) throw notArchived(versionId);
    return withUnpacked({ root: this.root, pathOf: this.pathOf, path }, versionId, work);
  }

  async deleteArchived(versionId: string): Promise<{ bytes: number; freedBytes: number }> {
    const path = this.#archived(versionId);
    const files = await storedFiles(path);
    await this.#sweep(versionId);
    if (await isFolder(path)) await this.#drop(path, versionId);
    return { bytes: bytesOf(files), freedBytes: freedBytes(files) };
  }

  readManifest(versionId: string): Promise<Manifest | undefined> {
    return readManifest(this.#archived(versionId));
  }

  readText(versionId: string, file: string): Promise<string | undefined> {
    return unlessMissing(readFile(this.#archived(versionId, file), 'utf8'));
  }

  /** Whole in the archive, and the same version: an archiving was killed before the folder beside the others went. */
  async #isArchived(versionId: string, from: string): Promise<boolean> {
    if (!(await this.#isWhole(versionId))) return false;
    const there = await hashFile(this.#archived(versionId, MANIFEST_FILE));
    return there.sha256 === (await unlessMissing(hashFile(join(from, MANIFEST_FILE))))?.sha256;
  }

  async #isWhole(versionId: string): Promise<boolean> {
    const path = this.#archived(versionId);
    return (await isFolder(path)) && (await lookAtArchive(path, versionId)).intact;
  }

  async #build(versionId: string, from: string, runId: string): Promise<void> {
    const path = this.#archived(versionId);
    const half = this.#archived(temporaryName(versionId));
    await this.#assertRoom(from);
    await ensureRoot(this.#folder);
    await mkdir(half, { mode: 0o700 });
    try {
      await buildArchive(from, half, versionId, runId);
      // Another attempt may have been quicker, and moved the folder away. What is not whole makes way: then it has not.
      if (await this.#isWhole(versionId)) return;
      if (await isFolder(path)) await this.#drop(path, versionId);
      await rename(half, path);
      await fsyncFolder(this.#folder);
      await fsyncFolder(this.root);
    } finally {
      await rm(half, { recursive: true, force: true }).catch(() => undefined);
    }
  }

  /** Both copies lie there until the compressed one has been read again. */
  async #assertRoom(from: string): Promise<void> {
    const [free, needed] = [await freeBytes(this.root), await bytesToPack(from)];
    if (free >= needed) return;
    throw new HybridFlowError('DISK_TOO_SMALL', {
      found: `${free} bytes are free for the compressed copy of ${from}`,
      expected: `${needed} bytes: as many as it may take at most`,
      next: 'free some space; `hfv retain --emergency` deletes instead of compressing',
      details: { free, needed },
    });
  }

  /** What it takes and gives, measured while the version lies in both places: what they share has two names then. */
  async #tell(versionId: string): Promise<ArchivedVersion> {
    const [before, after] = [await storedFiles(this.pathOf(versionId)), await storedFiles(this.#archived(versionId))];
    const own = new Map(after.map(({ inode }) => [inode, 1]));
    const elsewhere = ({ inode, links }: StoredFile) => links > 1 + (own.get(inode) ?? 0);
    return {
      versionId,
      state: 'archived',
      path: this.#archived(versionId),
      bytes: bytesOf(before),
      storedBytes: bytesOf(after),
      freedBytes: freedBytes(before) - freedBytes(after),
      compressed: after
        .map(({ file }) => file)
        .filter((file) => file.endsWith('.gz') && !before.some((b) => b.file === file)),
      shared: before.filter(elsewhere).map(({ file }) => file),
    };
  }

  async #requireIntact(versionId: string): Promise<ArchivedVersion> {
    const { intact, problems, path, bytes } = await this.verifyArchived(versionId);
    if (!intact) throw damaged(path, problems.join('; '), 'the archive as it was made');
    return { ...(await this.#tell(versionId)), bytes, freedBytes: 0 };
  }

  /** Under another name first: what is half removed must not look like a version. */
  async #drop(path: string, versionId: string): Promise<void> {
    const trash = this.#archived(temporaryName(versionId));
    await moveAway(path, trash);
    await fsyncFolder(this.#folder);
    await rm(trash, { recursive: true, force: true });
  }

  /** What killed attempts were building or removing. One that is still at it fails, and finds its version archived. */
  async #sweep(versionId: string): Promise<void> {
    const names = (await unlessMissing(readdir(this.#folder))) ?? [];
    for (const name of names.filter((one) => one.startsWith(`.${versionId}.`) && isTemporaryName(one))) {
      await rm(join(this.#folder, name), { recursive: true, force: true });
    }
  }
}

/** Another attempt may have been quicker. */
async function moveAway(from: string, to: string): Promise<void> {
  await rm(to, { recursive: true, force: true });
  await rename(from, to).catch((error: unknown) => {
    if (errnoOf(error) !== 'ENOENT') throw error;
  });
}

/** False where it is gone already, or where another attempt has put something else there. */
async function putBack(trash: string, to: string): Promise<boolean> {
  return rename(trash, to).then(
    () => true,
    () => false,
  );
}
