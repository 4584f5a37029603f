import type { ArtifactStore } from './artifacts';
import type { GraphStore } from './graph';
import type { MetadataStore } from './metadata';
import type { VectorStore } from './vectors';

export type { CallControl, CapturedFile, OnProgress, WriteLease } from './common';
export type {
  MetadataStore,
  NewVersion,
  OperationsTried,
  SnapshotPaths,
  TablesCreated,
  VersionRegistry,
} from './metadata';
export type { QdrantSnapshotRef, VectorStore } from './vectors';
export type { FenceState, GraphStore, LabelBatch, LabelBatchResult } from './graph';
export type { ArtifactRef, ArtifactStore, ArtifactUnpacking } from './artifacts';
export type {
  ArchivedVersion,
  ArchiveVerdict,
  ArtifactArchive,
  ArtifactResidues,
  BackupResidue,
  StoredFileFound,
  StoredVersion,
  UnarchivedVersion,
} from './archive';
export type { Marked, MarkedVectors, GraphWriters } from './marks';
export type { Reports } from './reports';
export type { ArtifactUses } from './uses';
export type { WriteFenceStore } from './write-fence';
export type { Embedder, GraphSearch, HierarchyNode, Neighbour, VectorSearch } from './search';
export type {
  ArtifactCopies,
  GraphRestored,
  GraphRestore,
  MetadataRestore,
  VectorRestore,
  VectorRestoreControl,
  LastLook,
  OverwriteControl,
} from './restore';
export type { ChunkPage, GraphChecks, MetadataChecks, VectorChecks } from './checks';
export type { ArtifactTexts, GraphFingerprints, MetadataFingerprints, VectorFingerprints } from './fingerprints';
export type { GraphStaging, GraphSwitched, MetadataStaging, StagingSource, VectorStaging } from './staging';
export type { ExpectedRows, Pins, SwitchJournal } from './journal';
export type { GraphHealth, MetadataHealth } from './health';
export type { GraphTextbooks, VectorTextbooks } from './textbooks';

/** The three stores and the backups folder: what a knowledge base and its versions consist of. */
export interface Stores {
  metadata: MetadataStore;
  vectors: VectorStore;
  graph: GraphStore;
  artifacts: ArtifactStore;
}
