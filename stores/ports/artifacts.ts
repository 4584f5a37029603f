import type { Claim, ClaimResult } from '../../domain/claim';
import type { Manifest } from '../../domain/manifest';
import type { ArtifactArchive, ArtifactResidues } from './archive';
import type { ArtifactTexts } from './fingerprints';
import type { Reports } from './reports';
import type { ArtifactCopies } from './restore';
import type { ArtifactUses } from './uses';

export interface ArtifactRef {
  /** Path of the file, as the operator sees it. */
  path: string;
  bytes: number;
  sha256: string;
}

/**
 * The backups folder: `<backups>/<folder>/…`. A run only ever removes folders that carry its own run id.
 */
export interface ArtifactStore
  extends ArtifactTexts, ArtifactCopies, ArtifactArchive, ArtifactUnpacking, ArtifactResidues, ArtifactUses, Reports {
  /** Creates the backups folder where it is missing; BACKUPS_UNWRITABLE where it cannot be written. */
  assertWritable(): Promise<void>;
  freeBytes(): Promise<number>;
  pathOf(folder: string, file?: string): string;
  exists(folder: string): Promise<boolean>;
  /** Makes the folder and marks it with the run id. VERSION_IN_USE where it is somebody else's. */
  openFolder(folder: string, runId: string): Promise<void>;
  /**
   * Writes under an attempt's own temporary name, fsyncs, hashes, renames. Renaming fails once the folder was
   * removed, so an attempt that wakes after a rollback leaves nothing. An artifact of a sealed version is FENCED.
   */
  write(folder: string, file: string, writer: (temporary: string) => Promise<void>): Promise<ArtifactRef>;
  /** Gives `to` the same bytes as `from`: a hard link, or a copy where links do not work. */
  link(from: { folder: string; file: string }, to: { folder: string; file: string }): Promise<ArtifactRef>;
  /** Hashes a file anew. */
  digest(folder: string, file: string): Promise<ArtifactRef>;
  /** Verifies every artifact against the manifest, writes checksums.txt, then manifest.json, last. */
  seal(folder: string, manifest: Manifest): Promise<ArtifactRef>;
  /** Of a version that is in the archive too, as is `readText`: what it held can be told though it cannot be restored. */
  readManifest(folder: string): Promise<Manifest | undefined>;
  /** Puts the sealed folder of this run in latest-copy's place; what was there is kept aside until `settleLatestCopy`. */
  publishLatestCopy(folder: string, runId: string): Promise<void>;
  /**
   * Drops what was kept aside (`keep: 'new'`), or puts it back and removes this run's, be it in place or still
   * under construction (`keep: 'old'`).
   */
  settleLatestCopy(runId: string, keep: 'new' | 'old'): Promise<void>;
  /** Removes a folder that this run made; any other is left alone. Missing is fine. */
  removeFolder(folder: string, runId: string): Promise<void>;
  claim(claim: Claim): Promise<ClaimResult>;
  /** Adds facts to one's own claim. */
  amendClaim(claim: Claim): Promise<void>;
  readClaim(): Promise<Claim | undefined>;
  releaseClaim(runId: string): Promise<void>;
}

/** What the archive holds, as it was before it was packed away. */
export interface ArtifactUnpacking {
  /**
   * Runs `work` with the archived version unpacked into a private folder, as a store of its own in which it lies beside
   * the others. What cannot be unpacked lies there as far as it could be, or not at all: whoever looks holds it against
   * the manifest. The folder goes whatever happens.
   *
   * VERSION_UNKNOWN where the archive has no such version, ARTIFACT_DAMAGED where its record cannot be read,
   * DISK_TOO_SMALL where there is no room, before anything is written.
   */
  withUnpacked<T>(versionId: string, work: (unpacked: ArtifactStore) => Promise<T>): Promise<T>;
}
