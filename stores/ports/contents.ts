import type { ComparedBy } from '../../domain/compare';
import type { GroupFingerprint } from '../../domain/fingerprint';
import type { CallControl } from './common';

/** A paragraph or a point, by what its group's fingerprint is made of. */
export interface ChunkDigest {
  /** The group, as the list of fingerprints names it. */
  group: string;
  /** Of what has none: a name in words. */
  chunkId: string;
  /** SHA-256 of its canonical bytes, or of its text alone where that was asked for. */
  digest: Uint8Array;
}

export interface PointDigest {
  /** As the server hands it out. */
  pointId: string;
  /** Empty where the payload has none. */
  chunkId: string;
  /** The group of its fingerprint; see docs/fingerprints.md. */
  group: string;
  digest: Uint8Array;
}

/** A row of the chapters' table. */
export interface ChapterRow {
  chapter: string;
  values: Record<string, string | number | null>;
}

/** What artifacts hold, read from the files alone: no service is contacted. A file that is not whole is ARTIFACT_DAMAGED. */
export interface ArtifactContents {
  holds(file: string): Promise<boolean>;
  /** Rows of a copy of metadata.db, `chapter_metadata`'s where no table is named. */
  chapterRows(file: string, table?: string): ChapterRow[];
  /** Every paragraph of these groups in an export. */
  paragraphs(
    file: string,
    groups: ReadonlySet<string>,
    by: ComparedBy,
    control?: CallControl,
  ): AsyncIterable<ChunkDigest>;
  /** chunk_id -> text, of those that the export has. */
  texts(file: string, chunkIds: ReadonlySet<string>, control?: CallControl): Promise<Map<string, string>>;
  /** Every point in a list that was written beside a snapshot. */
  points(file: string, groups: ReadonlySet<string>): AsyncIterable<ChunkDigest>;
  /** Writes such a list to a file that must not exist yet, and answers the fingerprint of what went by. */
  writePoints(file: string, pages: AsyncIterable<PointDigest[]>): Promise<GroupFingerprint[]>;
}

/** Points by content, without the vectors; `collection` names another one than production's. */
export interface VectorPoints {
  /** Page by page, in the order of the point ids. */
  pointDigests(options?: { collection?: string }, control?: CallControl): AsyncIterable<PointDigest[]>;
}
