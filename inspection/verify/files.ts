import { HybridFlowError } from '../../domain/errors';
import type { Manifest } from '../../domain/manifest';
import { CHECKSUMS_FILE, MANIFEST_FILE } from '../../domain/names';
import { isRescueName, LATEST_COPY } from '../../domain/version-id';
import { rootFingerprint } from '../../stores/fingerprint-text';
import type { ArtifactStore } from '../../stores/ports';
import type { VerifiedFile } from './types';

/** What a file is stated to be, and by whom. */
interface Stated {
  file: string;
  sha256: string;
  bytes?: number;
  by: string;
}

export interface FilesFound {
  /** Undefined where it is missing or does not fit. */
  manifest: Manifest | undefined;
  files: VerifiedFile[];
  problems: string[];
}

/** Reads the manifest and checksums.txt, holds them against each other, and every file's bytes against both. */
export async function verifyFiles(artifacts: ArtifactStore, folder: string): Promise<FilesFound> {
  const problems: string[] = [];
  const manifest = await readManifest(artifacts, folder, problems);
  // What was saved before a restore has a record beside each store, and nothing that would have to agree with it.
  const rescue = isRescueName(folder);
  if (manifest && !rescue) problems.push(...oddities(manifest, folder));
  const stated = [...statedBy(manifest), ...(rescue ? [] : await readChecksums(artifacts, folder, problems))];
  if (manifest && !rescue) problems.push(...disagreements(stated));
  const files: VerifiedFile[] = [];
  for (const file of new Set(stated.map((one) => one.file))) {
    const found = await artifacts.digest(folder, file).catch(unlessDamaged);
    const wrong = stated.filter((one) => one.file === file).flatMap((one) => difference(one, found) ?? []);
    problems.push(...wrong);
    const state = !found ? 'missing' : wrong.length > 0 ? 'differs' : 'intact';
    files.push({ file, state, bytes: found?.bytes ?? null, sha256: found?.sha256 ?? null });
  }
  return { manifest, files, problems };
}

async function readManifest(
  artifacts: ArtifactStore,
  folder: string,
  problems: string[],
): Promise<Manifest | undefined> {
  try {
    const manifest = await artifacts.readManifest(folder);
    if (!manifest) problems.push(missing(folder));
    return manifest;
  } catch (error) {
    // What may pass by itself says nothing about the copy.
    if (!(error instanceof HybridFlowError) || error.retryable) throw error;
    problems.push(error.facts.found);
    return undefined;
  }
}

function missing(folder: string): string {
  if (isRescueName(folder)) return 'no record says what was saved there';
  return `${MANIFEST_FILE} is missing: this version was never completed`;
}

/** What no schema can see: that the manifest is this folder's, and that its one hash is that of its parts. */
function oddities({ versionId, fingerprint, artifacts }: Manifest, folder: string): string[] {
  const root = rootFingerprint(artifacts);
  return [
    // latest-copy says which version it is of; the first of them, from before there was one, names itself.
    ...(versionId === folder || folder === LATEST_COPY
      ? []
      : [`${MANIFEST_FILE} is that of ${versionId}, not of ${folder}`]),
    ...(fingerprint === root
      ? []
      : [`${MANIFEST_FILE} states the fingerprint ${fingerprint ?? 'none'}, its parts make ${root ?? 'none'}`]),
  ];
}

function statedBy(manifest: Manifest | undefined): Stated[] {
  return (manifest?.artifacts ?? []).flatMap(({ file, sha256, bytes, fingerprint, deepFingerprint }) => [
    { file, sha256, bytes, by: MANIFEST_FILE },
    ...(fingerprint ? [{ file: fingerprint.file, sha256: fingerprint.sha256, by: MANIFEST_FILE }] : []),
    ...(deepFingerprint ? [{ file: deepFingerprint.file, sha256: deepFingerprint.sha256, by: MANIFEST_FILE }] : []),
  ]);
}

async function readChecksums(artifacts: ArtifactStore, folder: string, problems: string[]): Promise<Stated[]> {
  const text = await artifacts.readText(folder, CHECKSUMS_FILE);
  if (text === undefined) {
    problems.push(`${CHECKSUMS_FILE} is missing`);
    return [];
  }
  if (!text.endsWith('\n')) problems.push(`${CHECKSUMS_FILE} was cut short`);
  return text
    .split('\n')
    .filter((line) => line !== '')
    .flatMap((line) => {
      const [, sha256, file] = /^([0-9a-f]{64}) {2}([^/\\]+)$/.exec(line) ?? [];
      if (sha256 && file) return [{ file, sha256, by: CHECKSUMS_FILE }];
      problems.push(`${CHECKSUMS_FILE} has a line that is none of a checksum: ${JSON.stringify(line.slice(0, 80))}`);
      return [];
    });
}

function disagreements(stated: readonly Stated[]): string[] {
  return [...new Set(stated.map(({ file }) => file))].flatMap((file) => {
    const by = (who: string) => stated.find((one) => one.file === file && one.by === who);
    const [manifest, checksums] = [by(MANIFEST_FILE), by(CHECKSUMS_FILE)];
    if (!checksums) return [`${CHECKSUMS_FILE} does not name ${file}`];
    if (!manifest) return [`${CHECKSUMS_FILE} names ${file}, which the manifest does not`];
    return manifest.sha256 === checksums.sha256 ? [] : [`${CHECKSUMS_FILE} and the manifest differ about ${file}`];
  });
}

function difference(
  { file, sha256, bytes, by }: Stated,
  found: { bytes: number; sha256: string } | undefined,
): string | undefined {
  if (!found) return `${file} is missing (${by} names it)`;
  if (bytes !== undefined && bytes !== found.bytes) return `${file} has ${found.bytes} bytes, ${by} states ${bytes}`;
  return sha256 === found.sha256 ? undefined : `${file} has SHA-256 ${found.sha256}, ${by} states ${sha256}`;
}

/** A file that is missing, or cannot be read as one, is a finding. */
function unlessDamaged(error: unknown): undefined {
  if (!(error instanceof HybridFlowError) || error.code !== 'ARTIFACT_DAMAGED') throw error;
  return undefined;
}
