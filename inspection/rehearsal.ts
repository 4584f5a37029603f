import { HybridFlowError } from '../domain/errors';
import { compareGroups, comparisonText, type GroupFingerprint } from '../domain/fingerprint';
import type { Artifact } from '../domain/manifest';
import type { StoreName } from '../domain/names';
import type { ConfirmForm, RehearsedStore } from '../domain/rehearsal';
import { STORE_TITLES } from '../domain/words';
import type { CallControl, Stores } from '../stores/ports';
import { recordedFingerprint, withSummary } from './fingerprints';

export interface RehearsalOptions {
  form: ConfirmForm;
  /** Name of the side target: of the Qdrant collection, or of the copied file. */
  sideName: string;
  control?: CallControl;
}

type Verdict = Pick<RehearsedStore, 'passed' | 'comparison' | 'evidence'>;

/**
 * Confirms that one store's artifact can be rolled back to. In the form `hash` its bytes are compared with the
 * manifest; in the form `restore` it is restored into a side target as well, and what that holds is compared with what
 * was recorded when the artifact was made. The side target is removed whatever happens.
 *
 * A damaged artifact is an answer (`passed: false`), a service that is down is not.
 *
 * @throws HybridFlowError VERSION_UNKNOWN where the folder has no manifest; whatever a service that is needed throws
 */
export async function rehearseStore(
  stores: Stores,
  store: StoreName,
  folder: string,
  { form, sideName, control = {} }: RehearsalOptions,
): Promise<RehearsedStore> {
  const startedAt = performance.now();
  const verdict = await judge(stores, store, folder, { form, sideName, control }).catch(asVerdict);
  return { store, form, ...verdict, milliseconds: Math.round(performance.now() - startedAt) };
}

/** Removes what rehearsals with names that begin so left behind when their worker was killed. Missing is fine. */
export async function removeRehearsals({ vectors, artifacts }: Stores, prefix: string): Promise<void> {
  for (const collection of await vectors.collectionsNamed(prefix)) await vectors.dropAside(collection);
  await artifacts.removeCopies(prefix);
}

async function judge(
  stores: Stores,
  store: StoreName,
  folder: string,
  { form, sideName, control }: Required<RehearsalOptions>,
): Promise<Verdict> {
  const artifact = await artifactOf(stores, store, folder);
  const { bytes, sha256 } = await stores.artifacts.digest(folder, artifact.file);
  if (sha256 !== artifact.sha256) {
    const evidence = `${artifact.file} has ${bytes} bytes with SHA-256 ${sha256}; the manifest states ${artifact.bytes} with ${artifact.sha256}`;
    return { passed: false, comparison: null, evidence };
  }
  const same = `${artifact.file}: ${bytes} bytes with the SHA-256 of the manifest`;
  if (form === 'hash') return { passed: true, comparison: null, evidence: same };
  const recorded = await recordedFingerprint(stores, folder, store);
  const restored = withSummary(await RESTORED[store](stores, { folder, artifact }, sideName, control));
  const comparison = compareGroups(store, recorded, restored);
  const evidence = `${same}; ${HOW[store]} and compared with what was recorded: ${comparisonText(comparison)}`;
  return { passed: comparison.same, comparison, evidence };
}

const HOW: Record<StoreName, string> = {
  sqlite: 'copied, opened, found sound by integrity_check',
  qdrant: 'restored into a collection beside production',
  neo4j: 'read through whole',
};

type Restore = (
  stores: Stores,
  from: { folder: string; artifact: Artifact },
  sideName: string,
  control: CallControl,
) => Promise<GroupFingerprint[]>;

/** What each artifact gives once it is restored. */
const RESTORED: Record<StoreName, Restore> = {
  sqlite: ({ metadata, artifacts }, { folder, artifact: { file } }, sideName) =>
    artifacts.withCopy(folder, file, sideName, (copy) => {
      const { problems } = metadata.integrity(copy);
      if (problems.length > 0) throw damaged(file, `integrity_check finds ${problems.slice(0, 3).join('; ')}`);
      return metadata.fingerprint(copy);
    }),

  async qdrant({ vectors, artifacts }, { folder, artifact: { file, counts } }, sideName, control) {
    // Other numbers than the recorded one are for the comparison to tell, chapter by chapter.
    const points = counts.points === 0 ? 0 : undefined;
    const groups = await vectors
      .restoreAside(artifacts.pathOf(folder, file), sideName, { ...control, points })
      .then(() => vectors.fingerprint({ collection: sideName }, control))
      .catch(async (error: unknown) => {
        // The first error is the one to be told; what is left after all is found by its name.
        await vectors.dropAside(sideName).catch(() => undefined);
        throw error;
      });
    await vectors.dropAside(sideName);
    return groups;
  },

  neo4j: ({ graph, artifacts }, { folder, artifact: { file } }, _, control) =>
    graph.fingerprintExport(artifacts.pathOf(folder, file), control),
};

async function artifactOf({ artifacts }: Stores, store: StoreName, folder: string): Promise<Artifact> {
  const manifest = await artifacts.readManifest(folder);
  const artifact = manifest?.artifacts.find((one) => one.store === store);
  if (artifact) return artifact;
  throw new HybridFlowError('VERSION_UNKNOWN', {
    found: `${artifacts.pathOf(folder)} has no manifest that names an artifact of ${STORE_TITLES[store]}`,
    expected: 'a sealed version',
    next: 'list the versions with `hfv versions`',
  });
}

function damaged(file: string, found: string): HybridFlowError {
  return new HybridFlowError('ARTIFACT_DAMAGED', { found: `${file}: ${found}` });
}

/** What a file is refused with that is not what it was; the database in question is the copy. */
const UNFIT: readonly string[] = ['ARTIFACT_DAMAGED', 'METADATA_DB_INVALID'];

function asVerdict(error: unknown): Verdict {
  if (!(error instanceof HybridFlowError) || !UNFIT.includes(error.code)) throw error;
  return { passed: false, comparison: null, evidence: error.message };
}
