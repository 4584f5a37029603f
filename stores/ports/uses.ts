import type { VersionUse } from '../../domain/version-use';

/** Marks in the backups folder of whoever reads a version for long: what is marked is not moved or deleted meanwhile. */
export interface ArtifactUses {
  /** Puts the mark there, or renews it. */
  markUse(use: VersionUse): Promise<void>;
  /** Missing is fine. */
  unmarkUse(use: Pick<VersionUse, 'versionId' | 'id'>): Promise<void>;
  /** The marks whose time is not over. */
  uses(): Promise<VersionUse[]>;
}
