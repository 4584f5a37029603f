import { readdir, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { HybridFlowError } from '../../domain/errors';
import { isRescueName, isVersionId } from '../../domain/version-id';
import type { ArtifactResidues, BackupResidue } from '../ports';
import { ARCHIVE_FOLDER } from './archive';
import { fsyncFolder } from './disk';
import { unlessMissing } from './errors';
import { ownerOf } from './folder';
import { isTemporaryName, temporaryName } from './names';
import { isUseName } from './uses';

type Kind = BackupResidue['kind'];

const RUN_ID = /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/;

/** Names that only runs of ours give, in the order in which they are tried. Whatever fits none is somebody else's. */
const KINDS: readonly [Kind, (name: string) => boolean][] = [
  ['temporary', isTemporaryName],
  ['removed', (name) => name.startsWith('.removed.')],
  ['previous', (name) => name.startsWith('.latest-copy.previous.')],
  ['building', (name) => name.startsWith('.latest-copy.')],
  ['mark', isUseName],
  ['copy', (name) => name.startsWith('.copy.')],
  ['rescue', isRescueName],
  ['version', isVersionId],
];

/** What runs made in the backups folder and may have left there. */
export class Residues implements ArtifactResidues {
  constructor(private readonly root: string) {}

  async residues(): Promise<BackupResidue[]> {
    const found: BackupResidue[] = [];
    for (const path of await this.#candidates()) {
      const kind = kindOf(path);
      const size = kind && (await sizeOf(join(this.root, path)));
      if (kind && size) found.push({ kind, path, ...size, ownerRunId: await this.#ownerOf(kind, path) });
    }
    return found.sort((a, b) => (a.path < b.path ? -1 : 1));
  }

  async removeResidue({ path, changedAt }: Pick<BackupResidue, 'path' | 'changedAt'>): Promise<boolean> {
    if (!kindOf(path)) throw notOurs(path);
    const target = join(this.root, path);
    const size = await sizeOf(target);
    if (size?.changedAt !== changedAt) return false;
    // Under another name first: what is half removed must not look like something whole.
    const trash = join(dirname(target), temporaryName(basename(target)));
    const moved = await unlessMissing(rename(target, trash).then(() => true));
    if (!moved) return false;
    await fsyncFolder(dirname(target));
    await rm(trash, { recursive: true, force: true });
    return true;
  }

  /** The first level, the archive's, and what attempts were writing anywhere below. */
  async #candidates(): Promise<string[]> {
    const first = await namesIn(this.root);
    const archived = (await namesIn(join(this.root, ARCHIVE_FOLDER))).map((name) => join(ARCHIVE_FOLDER, name));
    const below: string[] = [];
    for (const folder of first.filter((name) => !name.startsWith('.'))) {
      const entries = await unlessMissing(readdir(join(this.root, folder), { recursive: true, encoding: 'utf8' }));
      below.push(
        ...(entries ?? []).filter((path) => isTemporaryName(basename(path))).map((path) => join(folder, path)),
      );
    }
    return [...new Set([...first, ...archived, ...below])].filter((path) => kindOf(path));
  }

  async #ownerOf(kind: Kind, path: string): Promise<string | null> {
    const named = kind === 'version' || kind === 'archive' || kind === 'temporary' ? undefined : RUN_ID.exec(path)?.[0];
    return named ?? (await ownerOf(join(this.root, path))) ?? null;
  }
}

function kindOf(path: string): Kind | undefined {
  const [name, folder] = [basename(path), dirname(path)];
  if (name === '..' || path.split(/[/\\]/).includes('..')) return undefined;
  const kind = KINDS.find(([, fits]) => fits(name))?.[0];
  if (folder === '.') return kind;
  if (kind === 'temporary') return kind;
  return kind === 'version' && folder === ARCHIVE_FOLDER ? 'archive' : undefined;
}

/** Bytes of everything in it, and when any of it was last written. */
async function sizeOf(path: string): Promise<{ bytes: number; changedAt: string } | undefined> {
  const own = await unlessMissing(stat(path));
  if (!own) return undefined;
  let [bytes, changed] = [own.isDirectory() ? 0 : own.size, own.mtimeMs];
  const below = own.isDirectory() ? await unlessMissing(readdir(path, { recursive: true, encoding: 'utf8' })) : [];
  for (const name of below ?? []) {
    const found = await unlessMissing(stat(join(path, name)));
    bytes += found?.isFile() ? found.size : 0;
    changed = Math.max(changed, found?.mtimeMs ?? 0);
  }
  return { bytes, changedAt: new Date(changed).toISOString() };
}

async function namesIn(folder: string): Promise<string[]> {
  return (await unlessMissing(readdir(folder))) ?? [];
}

function notOurs(path: string): HybridFlowError {
  return new HybridFlowError('CONFIG_INVALID', {
    found: `${JSON.stringify(path)} in the backups folder is nothing that a run may have left`,
    expected: 'one of the names that only runs give',
    next: 'remove it by hand where nobody needs it',
  });
}
