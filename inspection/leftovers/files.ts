import { basename } from 'node:path';
import { HybridFlowError } from '../../domain/errors';
import type { Residue } from '../../domain/leftovers';
import { STAGING_NAMES } from '../../domain/names';
import { LATEST_COPY } from '../../domain/version-id';
import type { BackupResidue, StoredVersion } from '../../stores/ports';
import type { Known, LeftoverDeps } from './context';

/** What lies in the backups folder under names that only runs of ours give. */
export async function findInBackups({ artifacts }: LeftoverDeps, known: Known): Promise<Residue[]> {
  const versions = await artifacts.listVersions();
  const found: Residue[] = [];
  for (const residue of await artifacts.residues()) {
    const { kind, path, bytes, changedAt, ownerRunId } = residue;
    const run = await known.runOf(ownerRunId);
    const about = { name: path, bytes, since: changedAt, ownerRunId, run };
    found.push({ kind, where: 'backups', ...about, ...belongingTo(residue, known, versions) });
  }
  return found;
}

/** A folder is of its version; a latest-copy that was set aside, of the version that its run committed. */
function belongingTo(
  { kind, path, ownerRunId }: BackupResidue,
  known: Known,
  versions: readonly StoredVersion[],
): Pick<Residue, 'status' | 'proven'> {
  if (kind === 'previous') return { status: known.statusOfRun(ownerRunId) };
  if (kind !== 'version' && kind !== 'archive') return {};
  const versionId = basename(path);
  // What proves a folder in the archive to be a twin is the whole one beside the others.
  const beside = versions.find((one) => one.versionId === versionId && one.place === 'beside');
  return { status: known.statusOf(versionId), proven: beside?.sealed ?? false };
}

export async function hasLatestCopy({ artifacts }: LeftoverDeps): Promise<boolean> {
  try {
    return (await artifacts.readManifest(LATEST_COPY)) !== undefined;
  } catch (error) {
    if (error instanceof HybridFlowError && error.code === 'ARTIFACT_DAMAGED') return false;
    throw error;
  }
}

export function findInSqlite({ metadata }: LeftoverDeps): Residue[] {
  try {
    metadata.stagedChapters();
  } catch (error) {
    if (!(error instanceof HybridFlowError)) throw error;
    if (error.code === 'NOT_STAGING') return [];
    // A table of another shape lies under that name all the same.
    if (error.code !== 'STAGING_UNFIT') throw error;
  }
  const about = { name: STAGING_NAMES.table, bytes: null, since: null, ownerRunId: null, run: 'stranger' as const };
  return [{ kind: 'staging data', where: 'sqlite', ...about }];
}
