import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { isVersionId, parseVersionId } from '../../domain/version-id';
import { fsyncFolder, placeText } from './disk';
import { unlessMissing } from './errors';
import { ensureRoot } from './folder';
import { isTemporaryName, pathsBelow, type PathOf } from './names';

const REPORTS_FOLDER = 'reports';

/** Reports of runs below the backups folder, each whole or not there. */
export class ReportFolder {
  readonly #folder: string;
  readonly #reportOf: PathOf;

  constructor(private readonly root: string) {
    this.#folder = join(root, REPORTS_FOLDER);
    this.#reportOf = pathsBelow(this.#folder);
  }

  /** @throws HybridFlowError CONFIG_INVALID for a name that leads elsewhere, or an error of the file system by its code */
  async write(versionId: string, file: string, text: string): Promise<string> {
    const path = this.#reportOf(versionId, file);
    await ensureRoot(this.root);
    await ensureRoot(this.#folder);
    await ensureRoot(this.#reportOf(versionId));
    await placeText(path, text);
    // Only now do the folders' own names need to last: what they hold is there.
    await fsyncFolder(this.#folder);
    await fsyncFolder(this.root);
    return path;
  }

  async read(versionId: string, file: string): Promise<string | undefined> {
    return unlessMissing(readFile(this.#reportOf(versionId, file), 'utf8'));
  }

  /** By the moment in the id; a folder that a killed attempt left empty has no report. */
  async versions(): Promise<string[]> {
    const names = ((await unlessMissing(readdir(this.#folder))) ?? []).filter(isVersionId);
    const filled = await Promise.all(names.map((name) => this.#holdsReport(name)));
    const found = names.filter((_, i) => filled[i]).map((name) => ({ name, at: parseVersionId(name).at.getTime() }));
    return found.sort((a, b) => a.at - b.at || (a.name < b.name ? -1 : 1)).map(({ name }) => name);
  }

  /** By name, which for reports of one kind is by the moment in it. */
  async prune(versionId: string, prefix: string, keep: number): Promise<number> {
    const files = (await unlessMissing(readdir(this.#reportOf(versionId)))) ?? [];
    const ofKind = files.filter((file) => file.startsWith(prefix) && !isTemporaryName(file)).sort();
    const old = ofKind.slice(0, Math.max(0, ofKind.length - keep));
    for (const file of old) await rm(this.#reportOf(versionId, file), { force: true });
    return old.length;
  }

  async #holdsReport(versionId: string): Promise<boolean> {
    const files = (await unlessMissing(readdir(this.#reportOf(versionId)))) ?? [];
    return files.some((file) => !isTemporaryName(file));
  }
}
