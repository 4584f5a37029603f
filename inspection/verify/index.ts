import { attempted } from '../attempted';
import { HybridFlowError } from '../../domain/errors';
import type { Manifest } from '../../domain/manifest';
import { STORE_NAMES, type StoreName } from '../../domain/names';
import { storesIn } from '../../domain/rescue';
import { isRescueName, isVersionId, LATEST_COPY } from '../../domain/version-id';
import { STORE_TITLES } from '../../domain/words';
import type { ArchiveVerdict, CallControl, Stores } from '../../stores/ports';
import { readRecorded, verifyContent } from './contents';
import { verifyFiles, type FilesFound } from './files';
import { verifyPoints, type PointsVerified } from './points';
import type { Verification, VerifiedContent } from './types';

export type { Verification, VerifiedContent, VerifiedFile } from './types';

export interface VerifyOptions {
  /** False: the Qdrant snapshot is judged by its bytes alone, and no service is needed. */
  qdrant?: boolean;
  /** Compares Qdrant's vectors too, where the version was captured with them. */
  deep?: boolean;
}

/**
 * Checks a version, latest-copy, or what was saved before a restore, from its folder: the bytes of every file, and the
 * content of every artifact. A version that is archived is checked as it lies there, then unpacked aside and checked as
 * any other. Everything that is wrong is told, not just the first of it. Production is only read where the folder is
 * missing.
 *
 * @throws HybridFlowError VERSION_UNKNOWN where there is neither such a folder nor such a version in the registry;
 * DISK_TOO_SMALL where there is no room to unpack an archived one
 */
export async function verifyVersion(
  stores: Stores,
  version: string,
  options: VerifyOptions = {},
  control: CallControl = {},
): Promise<Verification> {
  if (await isFolder(stores, version)) return verifyFolder(stores, version, options, control);
  const archived = await lookIntoArchive(stores, version);
  return archived ? verifyArchived(stores, archived, options, control) : withoutFolder(stores, version);
}

async function verifyFolder(
  stores: Stores,
  version: string,
  { qdrant = true, deep = false }: VerifyOptions,
  control: CallControl,
): Promise<Verification> {
  const { artifacts } = stores;
  const found = await verifyFiles(artifacts, version);
  const contents: VerifiedContent[] = [];
  for (const store of storesOf(version, found.manifest)) {
    control.signal?.throwIfAborted();
    const wanted = store !== 'qdrant' || qdrant;
    contents.push(wanted ? await verifyContent(stores, version, store, found, control) : skipped(store));
    if (!deep || store !== 'qdrant') continue;
    const vectors = wanted ? await verifyContent(stores, version, store, found, control, deep) : skipped(store);
    contents.push({ ...vectors, deep });
  }
  const points = await lookAtPoints(stores, version, found);
  const problems = [...found.problems, ...contents.flatMap(problemOf), ...(points?.problem ? [points.problem] : [])];
  return {
    version,
    folder: artifacts.pathOf(version),
    place: 'beside',
    passed: problems.length === 0,
    files: points ? [...found.files, points.file] : found.files,
    contents,
    problems,
  };
}

/** Where the list of fingerprints itself is unfit, that is told with the store's content. */
async function lookAtPoints(
  stores: Stores,
  folder: string,
  { manifest }: FilesFound,
): Promise<PointsVerified | undefined> {
  const stated = manifest?.artifacts.find(({ store }) => store === 'qdrant')?.fingerprint;
  const recorded = stated && (await readRecorded(stores, folder, 'qdrant', stated).catch(unlessRecordDamaged));
  return recorded && verifyPoints(stores, folder, recorded);
}

/** What was saved before a restore may be of one store only. */
function storesOf(folder: string, manifest: Manifest | undefined): readonly StoreName[] {
  return manifest && isRescueName(folder) ? storesIn(manifest) : STORE_NAMES;
}

/** Undefined where the archive has no such version. */
async function lookIntoArchive({ artifacts }: Stores, version: string): Promise<ArchiveVerdict | undefined> {
  if (!isVersionId(version)) return undefined;
  try {
    return await artifacts.verifyArchived(version);
  } catch (error) {
    if (error instanceof HybridFlowError && error.code === 'VERSION_UNKNOWN') return undefined;
    throw error;
  }
}

async function verifyArchived(
  stores: Stores,
  { versionId, path, files: stored, problems }: ArchiveVerdict,
  options: VerifyOptions,
  control: CallControl,
): Promise<Verification> {
  control.signal?.throwIfAborted();
  const unpacked = await stores.artifacts
    .withUnpacked(versionId, (artifacts) => verifyFolder({ ...stores, artifacts }, versionId, options, control))
    .catch(unlessRecordDamaged);
  const told = [...problems.map((problem) => `in the archive: ${problem}`), ...(unpacked?.problems ?? [])];
  return {
    ...{ version: versionId, folder: path, place: 'archive', passed: told.length === 0, stored },
    ...{ files: unpacked?.files ?? [], contents: unpacked?.contents ?? [], problems: told },
  };
}

/** Without a record there is nothing to go by; what is wrong with it is told elsewhere. */
function unlessRecordDamaged(error: unknown): undefined {
  if (!(error instanceof HybridFlowError) || error.code !== 'ARTIFACT_DAMAGED') throw error;
  return undefined;
}

/** A name that could not be a folder's is no version's either. */
async function isFolder({ artifacts }: Stores, version: string): Promise<boolean> {
  try {
    return await artifacts.exists(version);
  } catch (error) {
    if (error instanceof HybridFlowError && error.code === 'CONFIG_INVALID') return false;
    throw error;
  }
}

/** The registry knows whether a version should be there; where it cannot be asked, the folder is all there is. */
function withoutFolder({ metadata, artifacts }: Stores, version: string): Verification {
  const registered = () => metadata.registry.list().some(({ versionId }) => versionId === version);
  if (version !== LATEST_COPY && attempted(registered) === true) {
    const folder = artifacts.pathOf(version);
    const problems = [`${folder} is missing, and the registry lists ${version}`];
    return { version, folder, passed: false, place: 'beside', files: [], contents: [], problems };
  }
  throw new HybridFlowError('VERSION_UNKNOWN', {
    found: `there is no version ${JSON.stringify(version)} in the backups folder`,
    expected: `a version id, or ${LATEST_COPY}`,
    next: 'list the versions with `hfv versions`',
  });
}

function skipped(store: StoreName): VerifiedContent {
  return { store, state: 'skipped', found: 'its bytes alone were checked', comparison: null, milliseconds: 0 };
}

function problemOf({ store, deep, state, found }: VerifiedContent): string[] {
  const what = `content of ${STORE_TITLES[store]}${deep ? ', with vectors,' : ''}`;
  if (state === 'differs') return [`${what} is not what was recorded: ${found}`];
  if (state === 'damaged') return [`${what} cannot be read: ${found}`];
  return state === 'unchecked' ? [`${what} could not be checked: ${found}`] : [];
}
