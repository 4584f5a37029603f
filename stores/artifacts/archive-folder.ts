import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { archiveSchema, type ArchivedFile, type ArchiveRecord } from '../../domain/archive';
import { CHECKSUMS_FILE } from '../../domain/names';
import type { ArchiveVerdict, StoredFileFound } from '../ports';
import { fsyncFolder, hashFile, placeText } from './disk';
import { damaged, errnoOf, unlessMissing } from './errors';
import { assertSealed, checksums, readManifest, sealedFiles } from './manifest';
import { isTemporaryName } from './names';
import { isGzip, pack, readPacked, type Sized } from './packed';
import { linkOrCopy } from './write';

/** Written last: without it nothing is archived. */
export const ARCHIVE_FILE = 'archived.json';

/**
 * Fills `to` with what the archive keeps of the version in `from`: its artifacts compressed where they are not, every
 * other file as it is, checksums.txt of what lies there now, and last of all archived.json.
 *
 * @throws HybridFlowError ARTIFACT_DAMAGED where a byte of the version is not as its manifest says
 */
export async function buildArchive(from: string, to: string, versionId: string, runId: string): Promise<void> {
  const manifest = await readManifest(from);
  if (!manifest) throw damaged(from, 'has no manifest', 'a sealed version');
  await assertSealed(from, manifest);
  const artifacts = new Set(manifest.artifacts.map(({ file }) => file));
  const files: ArchivedFile[] = [];
  for (const file of await filesToKeep(from)) files.push(await store(from, to, file, artifacts.has(file)));
  await placeText(join(to, CHECKSUMS_FILE), checksumsOf(files));
  const record: ArchiveRecord = {
    format: 'hybridflow-archive/1',
    versionId,
    archivedAt: new Date().toISOString(),
    runId,
    files,
  };
  await placeText(join(to, ARCHIVE_FILE), `${JSON.stringify(record, null, 2)}\n`);
  await fsyncFolder(to);
}

/** Bytes that the archive of the version in `from` takes at most beside it: what is not compressed may hardly shrink. */
export async function bytesToPack(from: string): Promise<number> {
  const manifest = await readManifest(from);
  let sum = 0;
  for (const { file, bytes } of manifest?.artifacts ?? []) {
    const packed = await unlessMissing(isGzip(join(from, file)));
    if (packed === false) sum += bytes;
  }
  return sum;
}

/** Everything that is wrong with an archived version: every file is read, and unpacked where it is compressed. */
export async function lookAtArchive(path: string, versionId: string): Promise<ArchiveVerdict> {
  const problems: string[] = [];
  const told = (found: string) => void problems.push(found);
  const record = await readRecord(path, told);
  if (record && record.versionId !== versionId) told(`${ARCHIVE_FILE} is that of ${record.versionId}`);
  const files: StoredFileFound[] = [];
  for (const file of record?.files ?? []) {
    const { wrong, found } = await differences(path, file);
    wrong.forEach(told);
    const state = wrong.length === 0 ? 'intact' : found === 'missing' ? 'missing' : 'differs';
    const sized = typeof found === 'object' ? found : { bytes: null, sha256: null };
    files.push({ file: file.stored, state, bytes: sized.bytes, sha256: sized.sha256 });
  }
  if (record) {
    if ((await unlessMissing(readFile(join(path, CHECKSUMS_FILE), 'utf8'))) !== checksumsOf(record.files)) {
      told(`${CHECKSUMS_FILE} is not that of ${ARCHIVE_FILE}`);
    }
    await holdAgainstManifest(path, record, told);
  }
  const sum = (of: 'bytes' | 'storedBytes') => (record?.files ?? []).reduce((total, one) => total + one[of], 0);
  const sizes = { bytes: sum('bytes'), storedBytes: sum('storedBytes') };
  return { versionId, path, intact: problems.length === 0, problems, files, ...sizes };
}

/** checksums.txt is made anew, and what an attempt was writing belongs to nobody any more. */
async function filesToKeep(from: string): Promise<string[]> {
  const entries = await readdir(from, { withFileTypes: true });
  const kept = entries.filter(({ name }) => name !== CHECKSUMS_FILE && !isTemporaryName(name));
  const odd = kept.find((entry) => !entry.isFile());
  if (odd) throw damaged(join(from, odd.name), 'is no plain file', 'the files of a version, and nothing else');
  return kept.map(({ name }) => name).sort();
}

async function store(from: string, to: string, file: string, isArtifact: boolean): Promise<ArchivedFile> {
  const source = join(from, file);
  const { bytes, sha256 } = await hashFile(source);
  if (!isArtifact || (await isGzip(source))) {
    await linkOrCopy(source, join(to, file));
    const kept = await hashFile(join(to, file));
    if (kept.sha256 !== sha256) throw damaged(source, 'differs after it was put into the archive');
    return { file, bytes, sha256, stored: file, compression: 'none', storedBytes: bytes, storedSha256: sha256 };
  }
  const stored = `${file}.gz`;
  await pack(source, join(to, stored));
  const read = await readPacked(join(to, stored));
  if (read.unpacked.sha256 !== sha256) throw damaged(source, 'differs after it was compressed and unpacked again');
  const { bytes: storedBytes, sha256: storedSha256 } = read.stored;
  return { file, bytes, sha256, stored, compression: 'gzip', storedBytes, storedSha256 };
}

/** The archive's record; undefined, and told why, where there is none to go by. */
export async function readRecord(path: string, told: (problem: string) => void): Promise<ArchiveRecord | undefined> {
  const text = await unlessMissing(readFile(join(path, ARCHIVE_FILE), 'utf8'));
  if (text === undefined) {
    told(`${ARCHIVE_FILE} is missing: this version was never archived completely`);
    return undefined;
  }
  try {
    return archiveSchema.parse(JSON.parse(text));
  } catch {
    told(`${ARCHIVE_FILE} cannot be read as the record of an archived version`);
    return undefined;
  }
}

async function differences(
  path: string,
  file: ArchivedFile,
): Promise<{ wrong: string[]; found: Sized | 'missing' | 'unreadable' }> {
  const { stored, compression, storedBytes, storedSha256 } = file;
  const there = await unlessMissing(stat(join(path, stored)));
  if (!there?.isFile()) return { wrong: [`${stored} is missing`], found: 'missing' };
  const packed = compression === 'gzip' ? await readPacked(join(path, stored)).catch(unlessUnpackable) : undefined;
  if (compression === 'gzip' && !packed) return { wrong: [`${stored} cannot be unpacked`], found: 'unreadable' };
  const found: Sized = packed?.stored ?? (await hashFile(join(path, stored)));
  const wrong: string[] = [];
  if (found.bytes !== storedBytes) {
    wrong.push(`${stored} has ${found.bytes} bytes, ${ARCHIVE_FILE} states ${storedBytes}`);
  } else if (found.sha256 !== storedSha256) {
    wrong.push(`${stored} has SHA-256 ${found.sha256}, ${ARCHIVE_FILE} states ${storedSha256}`);
  }
  if (packed && packed.unpacked.sha256 !== file.sha256) wrong.push(`${stored} unpacks to other bytes than were packed`);
  return { wrong, found };
}

/** What the disk says about the file, and not about its bytes, is no finding. */
function unlessUnpackable(error: unknown): undefined {
  if (!errnoOf(error)?.startsWith('Z_')) throw error;
  return undefined;
}

/** The manifest lies there untouched, and vouches for the files as they were before they were compressed. */
async function holdAgainstManifest(
  path: string,
  record: ArchiveRecord,
  told: (problem: string) => void,
): Promise<void> {
  const manifest = await readManifest(path).catch(() => undefined);
  if (!manifest) return told('the manifest is missing, or cannot be read');
  for (const { file, sha256 } of sealedFiles(manifest.artifacts)) {
    const kept = record.files.find((one) => one.file === file);
    if (!kept) told(`${file} is missing: the manifest names it, and ${ARCHIVE_FILE} does not`);
    else if (kept.sha256 !== sha256) told(`${ARCHIVE_FILE} and the manifest differ about ${file}`);
  }
}

function checksumsOf(files: readonly ArchivedFile[]): string {
  return checksums(files.map(({ stored, storedSha256 }) => ({ file: stored, sha256: storedSha256 })));
}
