import { readFile, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { manifestSchema, type Artifact, type Manifest } from '../../domain/manifest';
import { CHECKSUMS_FILE, MANIFEST_FILE } from '../../domain/names';
import { isRescueName } from '../../domain/version-id';
import { parseList, rootFingerprint, summaryOf } from '../fingerprint-text';
import type { ArtifactRef } from '../ports';
import { hashFile, placeText } from './disk';
import { damaged, unlessMissing } from './errors';
import { sweepTemporaries } from './folder';
import { assertName } from './names';
import { readRescue } from './rescue';

/**
 * Completes a version's folder: every artifact, and the list of fingerprints beside it, is read anew and compared with
 * the manifest, then `checksums.txt` is written, and `manifest.json` last. Before that last step there is no such version.
 *
 * @throws HybridFlowError ARTIFACT_DAMAGED naming the file or the field that does not fit
 */
export async function sealFolder(path: string, manifest: Manifest): Promise<ArtifactRef> {
  const file = join(path, MANIFEST_FILE);
  const { artifacts, fingerprint } = parseManifest(manifest, file);
  assertDistinct(
    sealedFiles(artifacts).map((sealed) => sealed.file),
    file,
  );
  assertRoot(fingerprint, artifacts, file);
  await sweepTemporaries(path);
  await assertArtifacts(path, artifacts);
  await placeText(join(path, CHECKSUMS_FILE), checksums(sealedFiles(artifacts)));
  await placeText(file, `${JSON.stringify(manifest, null, 2)}\n`);
  return { path: file, ...(await hashFile(file)) };
}

/**
 * Every artifact and list of a sealed version is as its manifest says.
 *
 * @throws HybridFlowError ARTIFACT_DAMAGED naming the file or the field that does not fit
 */
export async function assertSealed(path: string, { artifacts, fingerprint }: Manifest): Promise<void> {
  assertRoot(fingerprint, artifacts, join(path, MANIFEST_FILE));
  await assertArtifacts(path, artifacts);
}

/**
 * The manifest of a folder; undefined where there is none, and so no version either.
 *
 * @throws HybridFlowError ARTIFACT_DAMAGED naming the field that does not fit
 */
export async function readManifest(path: string): Promise<Manifest | undefined> {
  const file = join(path, MANIFEST_FILE);
  const text = await unlessMissing(readFile(file, 'utf8'));
  if (text === undefined) return undefined;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw damaged(file, `cannot be parsed: ${(error as Error).message}`, 'JSON');
  }
  return parseManifest(value, file);
}

/** True for a file that the manifest vouches for: its bytes must not change any more. */
export async function isSealed(path: string): Promise<boolean> {
  const folder = dirname(path);
  const read = isRescueName(basename(folder)) ? readRescue : readManifest;
  const manifest = await read(folder).catch(() => undefined);
  return sealedFiles(manifest?.artifacts ?? []).some(({ file }) => file === basename(path));
}

/** The files whose bytes a manifest vouches for. */
export function sealedFiles(artifacts: readonly Artifact[]): { file: string; sha256: string; bytes?: number }[] {
  return artifacts.flatMap((artifact) => [
    { file: artifact.file, sha256: artifact.sha256, bytes: artifact.bytes },
    ...listsOf(artifact).map(({ file, sha256 }) => ({ file, sha256 })),
  ]);
}

/** The lists of fingerprints beside an artifact. */
export function listsOf({ fingerprint, deepFingerprint }: Artifact): NonNullable<Artifact['fingerprint']>[] {
  return [fingerprint, deepFingerprint].filter((list) => list !== undefined);
}

function parseManifest(value: unknown, file: string): Manifest {
  const parsed = manifestSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  const fields = parsed.error.issues.map(({ path, message }) => `${path.join('.') || 'the whole'} (${message})`);
  throw damaged(file, `does not fit: ${fields.join('; ')}`, 'a manifest of format hybridflow-version/1');
}

function assertDistinct(files: string[], manifest: string): void {
  const twice = files.find((file, i) => files.indexOf(file) !== i);
  if (twice !== undefined) throw damaged(manifest, `names ${twice} twice`, 'each file once');
}

async function assertArtifacts(path: string, artifacts: readonly Artifact[]): Promise<void> {
  for (const artifact of artifacts) {
    await assertIntact(join(path, assertName(artifact.file)), artifact);
    for (const list of listsOf(artifact)) await assertList(join(path, assertName(list.file)), list);
  }
}

async function assertIntact(path: string, expected: { bytes: number; sha256: string }): Promise<void> {
  const found = await unlessMissing(stat(path));
  if (!found?.isFile()) throw damaged(path, 'is missing', `${expected.bytes} bytes`);
  if (found.size !== expected.bytes) throw damaged(path, `has ${found.size} bytes`, `${expected.bytes} bytes`);
  const { sha256 } = await hashFile(path);
  if (sha256 !== expected.sha256) throw damaged(path, `has SHA-256 ${sha256}`, expected.sha256);
}

/** The list is the one that the manifest names: by its bytes, and by what it says of itself. */
async function assertList(path: string, expected: NonNullable<Artifact['fingerprint']>): Promise<void> {
  const text = await unlessMissing(readFile(path, 'utf8'));
  if (text === undefined) throw damaged(path, 'is missing', 'the list of fingerprints of its artifact');
  const { sha256, items, groups } = summaryOf(parseList(text, path));
  if (sha256 !== expected.sha256) throw damaged(path, `has SHA-256 ${sha256}`, expected.sha256);
  if (items === expected.items && groups === expected.groups) return;
  throw damaged(path, `lists ${items} items in ${groups} groups`, `${expected.items} in ${expected.groups}`);
}

function assertRoot(stated: string | undefined, artifacts: readonly Artifact[], manifest: string): void {
  const expected = rootFingerprint(artifacts);
  if (stated !== expected) throw damaged(manifest, `states the fingerprint ${stated ?? '(none)'}`, expected ?? 'none');
}

/** What `sha256sum -c` reads: two spaces between hash and name. */
export function checksums(files: readonly { file: string; sha256: string }[]): string {
  const lines = files.map(({ file, sha256 }) => `${sha256}  ${file}\n`);
  return lines.sort((a, b) => (a.slice(66) < b.slice(66) ? -1 : 1)).join('');
}
