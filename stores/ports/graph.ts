import type { LabelCounts } from '../../domain/checks';
import type { GroupFingerprint } from '../../domain/fingerprint';
import type { Neo4jInventory } from '../../domain/inventory';
import type { GraphChecks } from './checks';
import type { CallControl, CapturedFile, WriteLease } from './common';
import type { GraphFingerprints } from './fingerprints';
import type { GraphHealth } from './health';
import type { Marked, GraphWriters } from './marks';
import type { GraphRestore } from './restore';
import type { GraphSearch } from './search';
import type { GraphStaging } from './staging';
import type { GraphTextbooks } from './textbooks';

export interface LabelBatch {
  label: string;
  token: string;
  /** Paragraphs with a chunk_id greater than this; '' for the first page. */
  after: string;
  batchSize: number;
}

export type LabelBatchResult =
  /** `labelled` paragraphs of this page carry the label; `cursor` is the last chunk_id of the page. */
  | { state: 'done'; labelled: number; cursor: string; milliseconds: number }
  /** The write gate is closed (paused): nothing was written. */
  | { state: 'paused' };

export interface MarkerLabel {
  label: string;
  nodes: number;
}

/** What the fence node knows: the store is the truth about how far labelling came. */
export interface FenceState {
  token: string;
  cursor: string;
  batches: number;
  labelled: number;
  paused: boolean;
}

export interface GraphStore
  extends
    GraphFingerprints,
    GraphChecks,
    GraphSearch,
    GraphRestore,
    GraphStaging,
    GraphHealth,
    GraphWriters,
    GraphTextbooks,
    Marked {
  inventory(label: string): Promise<Neo4jInventory>;
  counts(label: string): Promise<{ nodes: number; relationships: number; labels: LabelCounts }>;
  /**
   * Complete logical export (constraints, indexes, nodes, labels, properties, relationships) as gzipped JSON
   * lines, from which the same graph can be rebuilt. Fence nodes are left out. The fingerprint is of the same pass.
   */
  exportTo(
    file: string,
    control?: CallControl,
  ): Promise<Omit<CapturedFile, 'bytes' | 'sha256'> & { fingerprint: GroupFingerprint[] }>;
  /** Sets up the fence for this run: replaces any other token. Idempotent; does nothing after `notAfter`. */
  acquireFence(token: string, lease: WriteLease): Promise<FenceState>;
  readFence(): Promise<FenceState | undefined>;
  /** Closes or opens the write gate. Returns once no batch of this token is in flight. FENCED where the token is not the fence's. */
  setGate(token: string, paused: boolean): Promise<FenceState>;
  /** Labels a few small pages and takes them back: the first real batch then finds a warm server. Leaves nothing. */
  rehearseLabels(label: string, token: string): Promise<void>;
  /**
   * Labels one keyset page; the token is checked, and the cursor kept, in the same transaction. FENCED where it does not
   * fit. `tooMuch` in an error's details: the server ended the transaction, and a smaller page may pass.
   */
  labelBatch(batch: LabelBatch): Promise<LabelBatchResult>;
  /** Removes the fence of this token; every later batch with it is FENCED. Missing is fine. */
  revokeFence(token: string): Promise<void>;
  /** The labels that mark versions, and staging, with how many nodes carry each; those that none carries are left out. */
  markerLabels(): Promise<MarkerLabel[]>;
  /** Removes the label from every node, in batches; returns how many nodes lost it. */
  removeLabel(label: string, batchSize: number, control?: CallControl): Promise<number>;
  close(): Promise<void>;
}
