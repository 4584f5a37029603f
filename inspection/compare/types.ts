import type { ComparedBy, ComparedSide } from '../../domain/compare';
import type { GroupFingerprint } from '../../domain/fingerprint';
import type { StoreName } from '../../domain/names';
import type { ArtifactStore, MetadataStore, Stores } from '../../stores/ports';
import type { ArtifactContents, ChapterRow, ChunkDigest, VectorPoints } from '../../stores/ports/contents';

type Folders = Pick<ArtifactStore, 'exists' | 'readManifest' | 'readText' | 'pathOf'>;

/** What a comparison may read. Two sealed versions are compared from the folders alone. */
export interface CompareSources {
  artifacts: Folders;
  /** The folders of versions that have left the window. */
  archive: Folders;
  contents: ArtifactContents;
  /** Asked for what `baseline` and `current` stand for, and about a version that has no folder. */
  metadata: Pick<MetadataStore, 'registry' | 'journal'>;
  /** Needed where production or staging is compared. */
  live?: LiveStores;
  /** Where what is read of production lies meanwhile; the system's folder for such things where none is named. */
  scratch?: string;
}

export type LiveStores = Pick<Stores, 'metadata' | 'graph'> & { vectors: Stores['vectors'] & Partial<VectorPoints> };

export type ChunkStore = Exclude<StoreName, 'sqlite'>;

/** What a side cannot tell, and why, in one sentence. */
export class Untold {
  constructor(readonly why: string) {}
}

/** One side of a comparison. Nothing is read before it is asked for. */
export interface Side {
  readonly view: ComparedSide;
  /**
   * Where its groups in Neo4j are those of chapters only: chapters that are not production's, be it in a title, a table or
   * a relationship.
   */
  unlikeProduction?(): Promise<readonly string[]>;
  groups(store: StoreName): Promise<readonly GroupFingerprint[]>;
  /** False where the groups are those of chapters only. */
  tellsBeyond(store: StoreName): boolean;
  /** The finest that its chunks can be held against others by. */
  finest(store: ChunkStore): ComparedBy;
  chunks(store: ChunkStore, groups: ReadonlySet<string>, by: ComparedBy): Promise<AsyncIterable<ChunkDigest> | Untold>;
  /** The chapters' rows in SQLite. */
  rows(): Promise<ChapterRow[] | Untold>;
  /** chunk_id -> text, of these chunks by chapter; one that the side does not have is left out. */
  texts(chunks: ReadonlyMap<string, ReadonlySet<string>>): Promise<ReadonlyMap<string, string> | Untold>;
}
