import type { FingerprintComparison } from '../../domain/fingerprint';
import type { StoreName } from '../../domain/names';

/** One file of a version: its bytes against what the manifest (or, without one, checksums.txt) states. */
export interface VerifiedFile {
  file: string;
  state: 'intact' | 'missing' | 'differs';
  /** Null where it is missing. */
  bytes: number | null;
  sha256: string | null;
}

/** One store: the content of its artifact, computed anew, against the list that was recorded. */
export interface VerifiedContent {
  store: StoreName;
  /** With the vectors, which the other comparison of Qdrant leaves out. */
  deep?: boolean;
  state:
    | 'same'
    | 'differs'
    /** The artifact, or what was recorded, cannot be read. */
    | 'damaged'
    /** The version was made before there were fingerprints, or without the one with vectors. */
    | 'not recorded'
    /** Not asked for. */
    | 'skipped'
    /** A service that is needed for it did not do its part. */
    | 'unchecked';
  /** In words. */
  found: string;
  /** Null where there was nothing to compare. */
  comparison: FingerprintComparison | null;
  milliseconds: number;
}

export interface Verification {
  /** A version id, or `latest-copy`. */
  version: string;
  folder: string;
  /** In the archive it is unpacked to be looked into: `files` are those it was sealed with, `stored` those that lie there. */
  place: 'beside' | 'archive';
  /** Everything that could be checked, and was asked for, is as it was sealed. */
  passed: boolean;
  files: VerifiedFile[];
  /** Of an archived version: every file as the archive keeps it. */
  stored?: VerifiedFile[];
  contents: VerifiedContent[];
  /** Everything that was found wrong, in words. */
  problems: string[];
}
