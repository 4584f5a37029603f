import type { GroupFingerprint } from '../../domain/fingerprint';
import type { ArtifactRef } from './artifacts';
import type { CallControl } from './common';

/** Content fingerprints; what belongs in one, and how it is computed, is in docs/fingerprints.md. */
export interface MetadataFingerprints {
  /** Of the production tables (the versioning tables left out), or of those in the copy `file`. */
  fingerprint(file?: string): GroupFingerprint[];
}

export interface VectorFingerprints {
  /** Of every point's id and payload; `deep` takes the vectors in. `collection` names another one than production's. */
  fingerprint(options?: { deep?: boolean; collection?: string }, control?: CallControl): Promise<GroupFingerprint[]>;
}

export interface GraphFingerprints {
  /** Of the whole graph as it stands: paragraphs with their path by chapter, everything else in groups of its own. */
  fingerprint(control?: CallControl): Promise<GroupFingerprint[]>;
  /** Of what an export holds; ARTIFACT_DAMAGED where it is not whole. Contacts no server. */
  fingerprintExport(file: string, control?: CallControl): Promise<GroupFingerprint[]>;
  /** What an export holds: paragraphs, nodes, relationships and schema; ARTIFACT_DAMAGED likewise. */
  countExport(file: string, control?: CallControl): Promise<Record<string, number>>;
  /** Of an export's chapters whole, all or some, by the groups of domain/chapter-digest.ts; ARTIFACT_DAMAGED likewise. */
  digestChapters(file: string, control?: CallControl, wanted?: ReadonlySet<string>): Promise<GroupFingerprint[]>;
}

/** Small text files beside the artifacts of a version: the lists of group fingerprints. */
export interface ArtifactTexts {
  /** Writes it as an artifact is written: whole or not at all, never into a sealed version. */
  writeText(folder: string, file: string, text: string): Promise<ArtifactRef>;
  /** Undefined where there is no such file. */
  readText(folder: string, file: string): Promise<string | undefined>;
  /** What a list of points beside a snapshot makes; undefined where there is no such file, ARTIFACT_DAMAGED where it is none. */
  fingerprintPoints(folder: string, file: string): Promise<GroupFingerprint[] | undefined>;
}
