import { HybridFlowError } from '../../domain/errors';
import type { Manifest } from '../../domain/manifest';
import type { VersionRow } from '../../domain/registry';
import { LATEST_COPY } from '../../domain/version-id';
import type { Stores } from '../../stores/ports';
import { isAtHand, packedAway } from '../archived';

/** What staging begins with: the sealed folder it is filled from, and the version that this is; nothing where empty. */
export interface SourceFound {
  folder: string | null;
  versionId: string | null;
  bytes: number;
}

/**
 * Finds what a staging is to begin with.
 *
 * @param from `production`, `empty`, or a version's id
 * @throws HybridFlowError VERSION_UNKNOWN, VERSION_ARCHIVED, FOREIGN_BASE, ARTIFACT_DAMAGED
 */
export async function findSource(
  { artifacts, metadata }: Pick<Stores, 'artifacts' | 'metadata'>,
  base: string,
  from: string,
): Promise<SourceFound> {
  if (from === 'empty') return { folder: null, versionId: null, bytes: 0 };
  const folder = from === 'production' ? LATEST_COPY : from;
  if (folder !== LATEST_COPY) await assertStageable(artifacts, folder, metadata.registry.list());
  const manifest = await artifacts.readManifest(folder);
  if (!manifest) throw notSealed(artifacts.pathOf(folder));
  assertOwn(manifest, base);
  return {
    folder,
    versionId: manifest.versionId,
    bytes: manifest.artifacts.reduce((sum, { bytes }) => sum + bytes, 0),
  };
}

async function assertStageable(
  artifacts: Stores['artifacts'],
  versionId: string,
  rows: readonly VersionRow[],
): Promise<void> {
  const row = rows.find((one) => one.versionId === versionId);
  const known = rows.filter(({ status }) => status === 'committed').map((one) => one.versionId);
  if (!row) {
    throw new HybridFlowError('VERSION_UNKNOWN', {
      found: `"${versionId}" is no version to begin with`,
      expected: ['production', 'empty', ...known].join(', '),
      next: 'list the versions with `hfv versions`',
    });
  }
  if (await isAtHand({ artifacts }, row)) return;
  if (row.status === 'archived') throw packedAway(versionId);
  throw new HybridFlowError('VERSION_UNKNOWN', {
    found: `${versionId} is ${row.status}`,
    expected: `a committed version: ${known.join(', ')}`,
    next: 'list the versions with `hfv versions`',
  });
}

function assertOwn(manifest: Manifest, base: string): void {
  if (manifest.base === base) return;
  throw new HybridFlowError('FOREIGN_BASE', {
    found: `${manifest.versionId} belongs to the base ${manifest.base}`,
    expected: `a version of ${base}`,
    next: 'compare HYBRIDFLOW_BASE and HYBRIDFLOW_BACKUPS: the folder holds the versions of another base',
  });
}

function notSealed(path: string): HybridFlowError {
  return new HybridFlowError('ARTIFACT_DAMAGED', {
    found: `${path} has no manifest`,
    expected: 'a sealed version',
    next: 'verify it with `hfv verify`, and begin with another version',
  });
}
