import type { VersionUse } from '../../../domain/version-use';
import type {
  ArtifactArchive,
  ArtifactResidues,
  ArtifactUnpacking,
  ArtifactUses,
  StoredVersion,
} from '../../../stores/ports';
import { HybridFlowError } from '../../../domain/errors';
import { isVersionId } from '../../../domain/version-id';
import type { FakeFolder } from './fingerprints';

/** Where the archive's folders stand among those of the fake backups. */
export const archived = (versionId: string) => `archived/${versionId}`;

/** The archive in memory: every file has a hundred bytes of its own, and ten when it is archived. */
export function fakeArchive(
  folders: Map<string, FakeFolder>,
): ArtifactArchive & ArtifactUnpacking & ArtifactResidues & ArtifactUses {
  const uses = new Map<string, VersionUse>();
  const stored = (versionId: string, place: StoredVersion['place'], found: FakeFolder): StoredVersion => {
    const path = place === 'beside' ? versionId : archived(versionId);
    const bytes = place === 'beside' ? 100 : 10;
    const files = [...found.files].map((file) => ({ file, bytes, inode: `${path}/${file}`, links: 1 }));
    return { versionId, place, path, sealed: found.files.has('manifest.json'), files, ownerRunId: found.runId };
  };
  return {
    listVersions: async () =>
      [...folders].flatMap(([name, found]) => {
        if (isVersionId(name)) return [stored(name, 'beside', found)];
        const versionId = name.replace(/^archived\//, '');
        return isVersionId(versionId) ? [stored(versionId, 'archive', found)] : [];
      }),
    archive: async (versionId, _runId, mayStill = async () => true) => {
      const found = folders.get(versionId);
      const path = archived(versionId);
      const told = { versionId, path, compressed: [], shared: [] };
      const sizes = { bytes: (found?.files.size ?? 0) * 100, storedBytes: (found?.files.size ?? 0) * 10 };
      if (!found && folders.has(path)) return { ...told, ...sizes, state: 'archived before', freedBytes: 0 };
      if (!found?.files.has('manifest.json')) throw new HybridFlowError('ARTIFACT_DAMAGED', { found: 'not sealed' });
      if (found.files.has('damaged')) throw new HybridFlowError('ARTIFACT_DAMAGED', { found: 'one byte is not right' });
      if (!(await mayStill())) return { ...told, ...sizes, state: 'kept', freedBytes: 0 };
      folders.set(path, found);
      folders.delete(versionId);
      return { ...told, ...sizes, state: 'archived', freedBytes: sizes.bytes - sizes.storedBytes };
    },
    verifyArchived: async (versionId) => {
      const path = archived(versionId);
      return { versionId, path, intact: folders.has(path), problems: [], files: [], bytes: 0, storedBytes: 0 };
    },
    deleteArchived: async (versionId) => {
      const bytes = (folders.get(archived(versionId))?.files.size ?? 0) * 10;
      folders.delete(archived(versionId));
      return { bytes, freedBytes: bytes };
    },
    unarchive: async (versionId, ready = async () => undefined) => {
      const found = folders.get(archived(versionId));
      if (!found) throw new HybridFlowError('VERSION_UNKNOWN', { found: `no ${versionId} in the archive` });
      await ready();
      folders.set(versionId, { ...found, files: new Set(found.files) });
      return { versionId, state: 'unarchived', path: versionId, bytes: 100, storedBytes: 10 };
    },
    markUse: async (use) => void uses.set(use.id, use),
    unmarkUse: async ({ id }) => void uses.delete(id),
    uses: async () => [...uses.values()].filter(({ until }) => Date.parse(until) > Date.now()),
    withUnpacked: () => Promise.reject(new Error('in memory nothing is packed')),
    residues: async () => [],
    removeResidue: async () => false,
  };
}
