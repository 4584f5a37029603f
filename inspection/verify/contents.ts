import { randomUUID } from 'node:crypto';
import { HybridFlowError } from '../../domain/errors';
import { compareGroups, comparisonText, type GroupFingerprint } from '../../domain/fingerprint';
import type { Manifest } from '../../domain/manifest';
import { ARTIFACT_FILES, FINGERPRINT_FILES, REHEARSAL_PREFIX, type StoreName } from '../../domain/names';
import { STORE_TITLES } from '../../domain/words';
import { parseList } from '../../stores/fingerprint-text';
import type { CallControl, Stores } from '../../stores/ports';
import { withSummary, type Fingerprinted } from '../fingerprints';
import type { FilesFound } from './files';
import type { VerifiedContent } from './types';

const FILES = { sqlite: ARTIFACT_FILES.metadata, qdrant: ARTIFACT_FILES.qdrant, neo4j: ARTIFACT_FILES.neo4j } as const;

const NO_VECTORS =
  'this version was captured without the content of its vectors: `hfv migrate --deep` records it, for versions to come';

type Outcome = Pick<VerifiedContent, 'state' | 'found'> & Partial<Pick<VerifiedContent, 'comparison'>>;

/**
 * Computes the fingerprint of one store's artifact anew and compares it, group by group, with what was recorded; `deep`
 * takes Qdrant's vectors in, where the version was captured with them.
 */
export async function verifyContent(
  stores: Stores,
  folder: string,
  store: StoreName,
  files: FilesFound,
  control: CallControl,
  deep = false,
): Promise<VerifiedContent> {
  const startedAt = performance.now();
  const work = judge(stores, folder, { store, deep }, files, control);
  const outcome = await work.catch((error: unknown) => failure(error, control));
  const milliseconds = Math.round(performance.now() - startedAt);
  return { store, comparison: null, ...outcome, milliseconds };
}

async function judge(
  stores: Stores,
  folder: string,
  { store, deep }: { store: StoreName; deep: boolean },
  { manifest, files }: FilesFound,
  control: CallControl,
): Promise<Outcome> {
  const artifact = manifest?.artifacts.find((one) => one.store === store);
  const stated = deep ? artifact?.deepFingerprint : artifact?.fingerprint;
  if (deep && !stated) return { state: 'not recorded', found: NO_VECTORS };
  if (artifact && !stated) {
    return { state: 'not recorded', found: `no fingerprint of ${STORE_TITLES[store]} was recorded with this version` };
  }
  const file = artifact?.file ?? FILES[store];
  const bytes = files.find((one) => one.file === file)?.state ?? 'missing';
  if (bytes === 'missing') return { state: 'damaged', found: `${file} is not there, or nothing vouches for it` };
  // A server is not handed bytes that are known to be others than the ones it gave.
  if (store === 'qdrant' && bytes !== 'intact') return { state: 'damaged', found: `${file} was not restored` };
  const recorded = await readRecorded(stores, folder, store, stated);
  const actual = withSummary(await groupsOf(stores, store, folder, file, { artifact, deep }, control));
  const comparison = compareGroups(store, recorded, actual);
  return { state: comparison.same ? 'same' : 'differs', found: comparisonText(comparison), comparison };
}

/** The groups from the list; the summary is the manifest's where there is one. */
export async function readRecorded(
  { artifacts }: Pick<Stores, 'artifacts'>,
  folder: string,
  store: StoreName,
  stated: Manifest['artifacts'][number]['fingerprint'],
): Promise<Fingerprinted> {
  const file = stated?.file ?? FINGERPRINT_FILES[store];
  const text = await artifacts.readText(folder, file);
  if (text === undefined) throw listUnfit(`${file} is missing`);
  const { groups, summary } = withSummary(parseList(text, file));
  if (stated && stated.sha256 !== summary.sha256) throw listUnfit(`${file} is not the list that the manifest names`);
  return { groups, summary };
}

function groupsOf(
  stores: Stores,
  store: StoreName,
  folder: string,
  file: string,
  { artifact, deep }: { artifact: Manifest['artifacts'][number] | undefined; deep: boolean },
  control: CallControl,
): GroupFingerprint[] | Promise<GroupFingerprint[]> {
  const path = stores.artifacts.pathOf(folder, file);
  if (store === 'sqlite') return stores.metadata.fingerprint(path);
  if (store === 'neo4j') return stores.graph.fingerprintExport(path, control);
  return restored(stores, path, { points: artifact?.counts.points === 0 ? 0 : undefined, deep }, control);
}

/** A snapshot can be looked into by a server only: it is restored beside production, read, and dropped. */
async function restored(
  { vectors }: Stores,
  path: string,
  { points, deep }: { points: number | undefined; deep: boolean },
  control: CallControl,
): Promise<GroupFingerprint[]> {
  const collection = `${REHEARSAL_PREFIX}verify_${randomUUID().slice(0, 8)}`;
  try {
    await vectors.restoreAside(path, collection, { ...control, points });
    return await vectors.fingerprint({ collection, deep }, control);
  } finally {
    await vectors.dropAside(collection);
  }
}

/** Whatever is wrong with one store must not hide what is wrong with the next. */
function failure(error: unknown, { signal }: CallControl): Outcome {
  if (signal?.aborted) throw error;
  if (error instanceof HybridFlowError) {
    const service = error.code !== 'ARTIFACT_DAMAGED' && error.code.startsWith('QDRANT_');
    return { state: service ? 'unchecked' : 'damaged', found: error.facts.found };
  }
  const code = (error as { code?: unknown }).code;
  // SQLite has many ways to say that a file is not what it was.
  if (typeof code !== 'string' || !code.startsWith('SQLITE_')) throw error;
  return { state: 'damaged', found: `SQLite cannot read it: ${(error as Error).message}` };
}

function listUnfit(found: string): HybridFlowError {
  return new HybridFlowError('ARTIFACT_DAMAGED', { found });
}
