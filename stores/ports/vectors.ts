import type { QdrantInventory } from '../../domain/inventory';
import type { VectorChecks } from './checks';
import type { CallControl } from './common';
import type { VectorPoints } from './contents';
import type { VectorFingerprints } from './fingerprints';
import type { MarkedVectors } from './marks';
import type { VectorRestore } from './restore';
import type { VectorSearch } from './search';
import type { VectorStaging } from './staging';
import type { VectorTextbooks } from './textbooks';

export interface QdrantSnapshotRef {
  name: string;
  /** As the server states it; null where it states none. */
  checksum: string | null;
  bytes: number;
}

export interface VectorStore
  extends
    VectorFingerprints,
    VectorChecks,
    VectorSearch,
    VectorRestore,
    VectorStaging,
    VectorTextbooks,
    Partial<VectorPoints>,
    MarkedVectors {
  inventory(): Promise<QdrantInventory>;
  status(): Promise<{ points: number; status: string }>;
  /** The collection's own settings, for the manifest. */
  describe(): Promise<{ config: unknown; payloadSchema: unknown }>;
  listSnapshots(): Promise<QdrantSnapshotRef[]>;
  /**
   * Takes a snapshot on the server. A repeated attempt (`retry`) first adopts one that appeared since
   * `before` was listed, so that a lost answer does not leave a second one.
   */
  createSnapshot(before: string[], options: { retry: boolean }): Promise<QdrantSnapshotRef>;
  /** Streams a snapshot into `file` and returns its size and SHA-256; a checksum that differs is ARTIFACT_DAMAGED. */
  downloadSnapshot(
    ref: QdrantSnapshotRef,
    file: string,
    control?: CallControl,
  ): Promise<{ bytes: number; sha256: string }>;
  /** Missing is fine. */
  deleteSnapshot(name: string): Promise<void>;
}
