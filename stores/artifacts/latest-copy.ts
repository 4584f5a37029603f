import { readdir, rename, rm } from 'node:fs/promises';
import { LATEST_COPY_FOLDERS } from '../../domain/names';
import { LATEST_COPY } from '../../domain/version-id';
import { fsyncFolder } from './disk';
import { damaged, unlessMissing } from './errors';
import { isFolder, ownerOf, removeFolder, trashName } from './folder';
import { readManifest } from './manifest';
import { assertName, type PathOf } from './names';

const PREVIOUS = '.latest-copy.previous.';

/**
 * latest-copy changes by two renames, and a kill may fall between them. Each step looks at what is there, so
 * whoever comes next, be it publish or settle, finishes what was begun.
 */
export class LatestCopy {
  constructor(
    private readonly root: string,
    private readonly pathOf: PathOf,
  ) {}

  /** @throws HybridFlowError ARTIFACT_DAMAGED where the folder is not this run's, or not sealed */
  async publish(folder: string, runId: string): Promise<void> {
    if (await this.isPublished(runId)) return fsyncFolder(this.root);
    const path = this.pathOf(folder);
    if ((await ownerOf(path)) !== runId) throw damaged(path, `is no folder of run ${runId}`);
    if (!(await readManifest(path))) throw damaged(path, 'has no manifest', 'a sealed folder');
    await this.recoverStranded();
    await this.setAside(runId);
    await this.takePlace(folder);
  }

  /** First rename: what is there now steps aside, under this run's name. */
  async setAside(runId: string): Promise<void> {
    if (await isFolder(this.pathOf(LATEST_COPY))) await this.move(LATEST_COPY, previousName(runId));
  }

  /** Second rename. Between the two there is no latest-copy for a moment, but always its bytes. */
  async takePlace(folder: string): Promise<void> {
    await this.move(folder, LATEST_COPY);
  }

  async settle(runId: string, keep: 'new' | 'old'): Promise<void> {
    if (keep === 'new') await this.dropPrevious(runId);
    else await this.putBack(runId);
  }

  private async dropPrevious(runId: string): Promise<void> {
    const previous = this.pathOf(previousName(runId));
    // Nothing is dropped unless the new one is really in place.
    if (await this.isPublished(runId)) await rm(previous, { recursive: true, force: true });
    else await this.restorePrevious(runId);
  }

  private async putBack(runId: string): Promise<void> {
    const trash = trashName(LATEST_COPY, runId);
    await rm(this.pathOf(trash), { recursive: true, force: true });
    if (await this.isPublished(runId)) await this.move(LATEST_COPY, trash);
    await this.restorePrevious(runId);
    await rm(this.pathOf(trash), { recursive: true, force: true });
    await removeFolder(this.root, this.pathOf, LATEST_COPY_FOLDERS.building(runId), runId);
  }

  private async restorePrevious(runId: string): Promise<void> {
    if (await isFolder(this.pathOf(LATEST_COPY))) return;
    if (await isFolder(this.pathOf(previousName(runId)))) await this.move(previousName(runId), LATEST_COPY);
  }

  /** Another run that was killed between its two renames, and never settled, left the only copy aside. */
  private async recoverStranded(): Promise<void> {
    const names = (await unlessMissing(readdir(this.root))) ?? [];
    for (const name of names.filter((n) => n.startsWith(PREVIOUS))) {
      await this.restorePrevious(name.slice(PREVIOUS.length));
    }
  }

  private async isPublished(runId: string): Promise<boolean> {
    return (await ownerOf(this.pathOf(LATEST_COPY))) === assertName(runId);
  }

  private async move(from: string, to: string): Promise<void> {
    await rename(this.pathOf(from), this.pathOf(to));
    await fsyncFolder(this.root);
  }
}

function previousName(runId: string): string {
  return `${PREVIOUS}${assertName(runId)}`;
}
