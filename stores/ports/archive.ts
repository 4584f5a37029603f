import type { BackupsLeftover } from '../../domain/leftovers';
import type { StoredFile } from '../../domain/window';

/** A version's folder as it lies on disk, beside the others or in the archive. */
export interface StoredVersion {
  versionId: string;
  place: 'beside' | 'archive';
  path: string;
  /** Its last file is there: the manifest, or in the archive archived.json. */
  sealed: boolean;
  files: StoredFile[];
  /** The run that made it; null where it carries no readable mark. */
  ownerRunId: string | null;
}

export interface ArchivedVersion {
  versionId: string;
  /** `kept`: something came to hold it while it was being archived, and it is where it was. */
  state: 'archived' | 'archived before' | 'kept';
  path: string;
  /** Of the version before, and of what the archive holds of it. */
  bytes: number;
  storedBytes: number;
  /** What the disk has more now; less than nothing where other versions go on sharing what was compressed. */
  freedBytes: number;
  compressed: string[];
  /** Files whose bytes another folder goes on using. */
  shared: string[];
}

/** One file as it lies in the archive: its bytes against what archived.json states. */
export interface StoredFileFound {
  file: string;
  state: 'intact' | 'missing' | 'differs';
  /** Null where it is missing, or cannot be read. */
  bytes: number | null;
  sha256: string | null;
}

export interface ArchiveVerdict {
  versionId: string;
  path: string;
  intact: boolean;
  /** Everything that is wrong with it, in words. */
  problems: string[];
  files: StoredFileFound[];
  /** Of the version before it was archived, and of what the archive holds; 0 where nothing tells. */
  bytes: number;
  storedBytes: number;
}

export interface UnarchivedVersion {
  versionId: string;
  /** `beside before`: it lies beside the others already, and whole. */
  state: 'unarchived' | 'beside before';
  path: string;
  /** Of the version, and of what the archive goes on holding of it. */
  bytes: number;
  storedBytes: number;
}

/** `<backups>/archived/<version_id>/…`: versions that have left the window, compressed. */
export interface ArtifactArchive {
  /** Folders of versions, sealed or not, in the order of their numbers; one that lies in both places comes twice. */
  listVersions(): Promise<StoredVersion[]>;
  /**
   * Moves a sealed version into the archive: its bytes are verified, what is not compressed is, all of it is read back,
   * and only then does the folder beside the others go. Killed at any moment, the version is whole in one of the two
   * places, and repeating it ends what was begun. `mayStill` is asked right before the folder goes.
   *
   * ARTIFACT_DAMAGED where its bytes are not those of its manifest, VERSION_UNKNOWN where it lies in neither place:
   * nothing is changed then.
   */
  archive(versionId: string, runId: string, mayStill?: () => Promise<boolean>): Promise<ArchivedVersion>;
  /** Reads every file of an archived version, and unpacks it. VERSION_UNKNOWN where there is none. */
  verifyArchived(versionId: string): Promise<ArchiveVerdict>;
  /**
   * Brings a version back beside the others: verified where it lies, unpacked under another name, held against its
   * manifest, and only then given its own name. The archive keeps what it has. Killed at any moment, the version lies
   * beside the others whole or not at all. `ready` is asked right before it does, and may still refuse by throwing.
   *
   * VERSION_UNKNOWN where the archive has none, ARTIFACT_DAMAGED where it is not as it was packed, DISK_TOO_SMALL,
   * VERSION_IN_USE where something else has its name: nothing is changed then.
   */
  unarchive(versionId: string, ready?: () => Promise<void>): Promise<UnarchivedVersion>;
  /** Removes a version from the archive, or what an archiving that was killed left of it. Missing is fine. */
  deleteArchived(versionId: string): Promise<{ bytes: number; freedBytes: number }>;
}

/** Something in the backups folder that a run made and may have left; what no run of ours names so is not listed. */
export interface BackupResidue {
  /**
   * `temporary`: what an attempt was writing. `removed`: what was being removed. `building` and `previous`: the next and
   * the last latest-copy of a run. `copy`: of an artifact, to be opened. `rescue`: what was there before a restore.
   * `version`, `archive`: a version's folder beside the others, and in the archive. `mark`: that a version is in use.
   */
  kind: BackupsLeftover;
  /** Relative to the backups folder. */
  path: string;
  bytes: number;
  /** ISO 8601: when anything in it was last written. */
  changedAt: string;
  ownerRunId: string | null;
}

export interface ArtifactResidues {
  residues(): Promise<BackupResidue[]>;
  /**
   * Removes one of {@link residues}; false where it is gone, or was written to since `changedAt`. CONFIG_INVALID for
   * anything that is none.
   */
  removeResidue(residue: Pick<BackupResidue, 'path' | 'changedAt'>): Promise<boolean>;
}
