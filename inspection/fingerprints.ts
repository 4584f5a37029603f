import { HybridFlowError } from '../domain/errors';
import {
  compareGroups,
  type FingerprintComparison,
  type GroupFingerprint,
  type StoreFingerprint,
} from '../domain/fingerprint';
import type { StoreName } from '../domain/names';
import { STORE_TITLES } from '../domain/words';
import { parseList, summaryOf } from '../stores/fingerprint-text';
import type { CallControl, Stores } from '../stores/ports';

export interface Fingerprinted {
  summary: StoreFingerprint;
  groups: readonly GroupFingerprint[];
}

export interface LiveOptions {
  /** Takes Qdrant's vectors in. */
  deep?: boolean;
  /** Another Qdrant collection than production's. */
  collection?: string;
}

/** Takes the fingerprint of a store as it stands now. */
export async function liveFingerprint(
  stores: Stores,
  store: StoreName,
  options: LiveOptions = {},
  control: CallControl = {},
): Promise<Fingerprinted> {
  return withSummary(await groupsOf(stores, store, options, control));
}

/**
 * The fingerprint that a version (or latest-copy) was sealed with.
 *
 * @throws HybridFlowError VERSION_UNKNOWN where there is no manifest; CHECK_FAILED where it records no fingerprint;
 * ARTIFACT_DAMAGED where manifest or list is not whole, or the list is not the one that the manifest names
 */
export async function recordedFingerprint(
  { artifacts }: Pick<Stores, 'artifacts'>,
  folder: string,
  store: StoreName,
): Promise<Fingerprinted> {
  const manifest = await artifacts.readManifest(folder);
  if (!manifest) throw noVersion(artifacts.pathOf(folder));
  const recorded = manifest.artifacts.find((artifact) => artifact.store === store)?.fingerprint;
  if (!recorded) throw notRecorded(folder, store);
  const path = artifacts.pathOf(folder, recorded.file);
  const text = await artifacts.readText(folder, recorded.file);
  if (text === undefined) throw damaged(path, 'is missing', recorded.sha256);
  const found = withSummary(parseList(text, path));
  if (found.summary.sha256 === recorded.sha256) return found;
  throw damaged(path, `has SHA-256 ${found.summary.sha256}`, `${recorded.sha256}, as the manifest states`);
}

/** Holds production as it stands against what a version (or latest-copy) was sealed with. */
export async function compareWithRecorded(
  stores: Stores,
  folder: string,
  store: StoreName,
  control: CallControl = {},
): Promise<FingerprintComparison> {
  const recorded = await recordedFingerprint(stores, folder, store);
  return compareGroups(store, recorded, await liveFingerprint(stores, store, {}, control));
}

/** A list together with its summary. */
export function withSummary(groups: readonly GroupFingerprint[]): Fingerprinted {
  return { summary: summaryOf(groups), groups };
}

async function groupsOf(
  { metadata, vectors, graph }: Stores,
  store: StoreName,
  options: LiveOptions,
  control: CallControl,
): Promise<GroupFingerprint[]> {
  switch (store) {
    case 'sqlite':
      return metadata.fingerprint();
    case 'qdrant':
      return vectors.fingerprint(options, control);
    case 'neo4j':
      return graph.fingerprint(control);
  }
}

function noVersion(path: string): HybridFlowError {
  return new HybridFlowError('VERSION_UNKNOWN', {
    found: `there is no version in ${path}: it has no manifest`,
    next: 'list the versions with `hfv versions`',
    details: { path },
  });
}

function notRecorded(folder: string, store: StoreName): HybridFlowError {
  return new HybridFlowError('CHECK_FAILED', {
    found: `${folder} records no fingerprint of ${STORE_TITLES[store]}: it was made before there were any`,
    expected: 'a version with fingerprints to compare with',
    next: 'register a new version; the bytes of this one can still be checked with `hfv verify`',
    details: { folder, store },
  });
}

function damaged(file: string, found: string, expected: string): HybridFlowError {
  return new HybridFlowError('ARTIFACT_DAMAGED', {
    found: `${file}: ${found}`,
    expected,
    next: 'do not use this copy; `hfv verify` tells which copies are sound',
    details: { file },
  });
}
