import { readFile, writeFile } from 'node:fs/promises';
import { isRescueName, isVersionId } from '../../domain/version-id';
import type { ArtifactStore } from '../ports';
import { Archive } from './archive';
import { amendClaim, readClaim, releaseClaim, takeClaim } from './claim';
import { fingerprintPoints } from './chunk-list';
import { removeCopies, withCopy } from './copies';
import { freeBytes, probeWrite } from './disk';
import { onFiles, unlessMissing } from './errors';
import { ensureRoot, isFolder, openFolder, removeFolder } from './folder';
import { LatestCopy } from './latest-copy';
import { readManifest, sealFolder } from './manifest';
import { localFolder, pathsBelow } from './names';
import { ReportFolder } from './reports';
import { readRescue } from './rescue';
import { Residues } from './residues';
import { UseMarks } from './uses';
import { digestArtifact, linkArtifact, writeArtifact } from './write';

/**
 * Artifacts in a local folder.
 *
 * @throws HybridFlowError CONFIG_INVALID where `backups` is a URL
 */
export function openArtifactStore(backups: string): ArtifactStore {
  const root = localFolder(backups);
  const pathOf = pathsBelow(root);
  const latestCopy = new LatestCopy(root, pathOf);
  const reports = new ReportFolder(root);
  const archive = new Archive(root, pathOf);
  const residues = new Residues(root);
  const marks = new UseMarks(root);
  const here = <T>(work: () => Promise<T>) => onFiles(root, work);
  const records = recordsIn(pathOf, archive);

  return {
    assertWritable: () =>
      here(async () => {
        await ensureRoot(root);
        await probeWrite(root);
      }),
    freeBytes: () => here(() => freeBytes(root)),
    pathOf,
    exists: (folder) => here(async () => isFolder(pathOf(folder))),
    openFolder: (folder, runId) => here(() => openFolder(root, pathOf, folder, runId)),
    write: (folder, file, writer) => here(async () => writeArtifact(pathOf(folder, file), writer)),
    writeText: (folder, file, text) =>
      here(async () => writeArtifact(pathOf(folder, file), (temporary) => writeFile(temporary, text, { flag: 'wx' }))),
    readText: (folder, file) => here(() => records.readText(folder, file)),
    fingerprintPoints: (folder, file) => here(async () => fingerprintPoints(pathOf(folder, file))),
    link: (from, to) => here(async () => linkArtifact(pathOf(from.folder, from.file), pathOf(to.folder, to.file))),
    digest: (folder, file) => here(async () => digestArtifact(pathOf(folder, file))),
    withCopy: (folder, file, name, work) => here(() => withCopy(pathOf, { folder, file }, name, work)),
    removeCopies: (prefix) => here(() => removeCopies(root, prefix)),
    seal: (folder, manifest) => here(async () => sealFolder(pathOf(folder), manifest)),
    readManifest: (folder) => here(() => records.readManifest(folder)),
    listVersions: () => here(() => archive.listVersions()),
    archive: (versionId, runId, mayStill) => here(() => archive.archive(versionId, runId, mayStill)),
    verifyArchived: (versionId) => here(() => archive.verifyArchived(versionId)),
    unarchive: (versionId, ready) => here(() => archive.unarchive(versionId, ready)),
    withUnpacked: (versionId, work) => here(() => archive.withUnpacked(versionId, (at) => work(openArtifactStore(at)))),
    deleteArchived: (versionId) => here(() => archive.deleteArchived(versionId)),
    markUse: (use) => here(() => marks.markUse(use)),
    unmarkUse: (use) => here(() => marks.unmarkUse(use)),
    uses: () => here(() => marks.uses()),
    residues: () => here(() => residues.residues()),
    removeResidue: (residue) => here(() => residues.removeResidue(residue)),
    publishLatestCopy: (folder, runId) => here(() => latestCopy.publish(folder, runId)),
    settleLatestCopy: (runId, keep) => here(() => latestCopy.settle(runId, keep)),
    removeFolder: (folder, runId) => here(() => removeFolder(root, pathOf, folder, runId)),
    claim: (claim) => here(() => takeClaim(root, claim)),
    amendClaim: (claim) => here(() => amendClaim(root, claim)),
    readClaim: () => here(() => readClaim(root)),
    releaseClaim: (runId) => here(() => releaseClaim(root, runId)),
    writeReport: (versionId, file, text) => here(() => reports.write(versionId, file, text)),
    readReport: (versionId, file) => here(() => reports.read(versionId, file)),
    reportedVersions: () => here(() => reports.versions()),
    pruneReports: (versionId, prefix, keep) => here(() => reports.prune(versionId, prefix, keep)),
  };
}

/** What a version holds can be told from the archive too; what can be restored from lies beside the others only. */
function recordsIn(pathOf: (folder: string, file?: string) => string, archive: Archive) {
  const inArchive = async (folder: string) => isVersionId(folder) && !(await isFolder(pathOf(folder)));
  return {
    readText: async (folder: string, file: string) =>
      (await inArchive(folder))
        ? archive.readText(folder, file)
        : unlessMissing(readFile(pathOf(folder, file), 'utf8')),
    readManifest: async (folder: string) => {
      if (isRescueName(folder)) return readRescue(pathOf(folder));
      return (await inArchive(folder)) ? archive.readManifest(folder) : readManifest(pathOf(folder));
    },
  };
}
