import type { CheckResult } from '../domain/checks';
import { HybridFlowError } from '../domain/errors';
import { compareGroups, comparisonText, type GroupFingerprint } from '../domain/fingerprint';
import type { StoreName } from '../domain/names';
import type { RehearsedStore } from '../domain/rehearsal';
import { storesIn } from '../domain/rescue';
import { STORE_TITLES } from '../domain/words';
import type { CallControl, Stores } from '../stores/ports';
import { runChecks, type CheckedStores, type ChecksOptions } from './checks';
import { recordedFingerprint, withSummary } from './fingerprints';
import { rehearseStore } from './rehearsal';

export interface SideTargetsOptions {
  /** Name of the side targets: of the Qdrant collection, and of the folder of the copied file. */
  sideName: string;
  /** What check 1 is measured by; the counts of the version's manifest where it is left out. */
  expected?: ChecksOptions['expected'];
  control?: CallControl;
}

/** A snapshot is stored by the server once more while it stands aside, and unpacked beside that. */
const SIDE_COPIES: Record<StoreName, number> = { sqlite: 1, qdrant: 2, neo4j: 0 };

/** What side targets of these artifacts take, should they lie on one disk with the backups. */
export function sideBytes(artifacts: readonly { store: StoreName; bytes: number }[]): number {
  return artifacts.reduce((sum, { store, bytes }) => sum + SIDE_COPIES[store] * bytes, 0);
}

export interface SideTargetsFound {
  stores: RehearsedStore[];
  /** Of what stands aside, with production for every store that was not wanted. Empty where one could not be restored. */
  checks: CheckResult[];
}

/**
 * Restores a version's artifacts into side targets, holds each against its recorded fingerprint, and runs the seven
 * checks over them together. Where only some stores are wanted, the others are read from production: the checks then
 * tell what a partial restore would leave. Production is never written to; the side targets go whatever happens.
 *
 * Neo4j has no second database to restore into: its export is read through whole, and is what the checks are asked of.
 *
 * A damaged artifact is an answer (`passed: false`), a service that is down is not.
 *
 * @throws HybridFlowError VERSION_UNKNOWN where the folder has no manifest, CHECK_FAILED where it records no
 * fingerprints; whatever a service that is needed throws
 */
export async function checkSideTargets(
  stores: Stores,
  folder: string,
  wanted: readonly StoreName[],
  options: SideTargetsOptions,
): Promise<SideTargetsFound> {
  const drop = async () => wanted.includes('qdrant') && stores.vectors.dropAside(options.sideName);
  const found = await lookAt(stores, folder, wanted, options).catch(async (error: unknown) => {
    // The first error is the one to be told; what is left after all is found by its name.
    await drop().catch(() => undefined);
    throw error;
  });
  await drop();
  return found;
}

async function lookAt(
  stores: Stores,
  folder: string,
  wanted: readonly StoreName[],
  { sideName, expected, control = {} }: SideTargetsOptions,
): Promise<SideTargetsFound> {
  const found: RehearsedStore[] = [];
  const views: View[] = [];
  for (const store of wanted) {
    control.signal?.throwIfAborted();
    const { rehearsed, view } = await standUp(stores, store, folder, sideName, control);
    found.push(rehearsed);
    if (view) views.push(view);
  }
  // Where one could not be restored, the checks would be of a mixture that nobody asked for.
  if (views.length < wanted.length) return { stores: found, checks: [] };
  const beside = views.reduce<CheckedStores>((all, view) => ({ ...all, ...view }), stores);
  const checks = await runChecks(beside, { expected: expected ?? (await countsOf(stores, folder)) }, control);
  return { stores: found, checks };
}

type View = Partial<CheckedStores>;

/** One store's artifact: its bytes, then what it gives once it is restored; no view where there is nothing to look at. */
async function standUp(
  stores: Stores,
  store: StoreName,
  folder: string,
  sideName: string,
  control: CallControl,
): Promise<{ rehearsed: RehearsedStore; view?: View }> {
  const startedAt = performance.now();
  const bytes = await rehearseStore(stores, store, folder, { form: 'hash', sideName, control });
  const told = (verdict: Pick<RehearsedStore, 'passed' | 'comparison' | 'evidence'>): RehearsedStore => {
    return { store, form: 'restore', ...verdict, milliseconds: Math.round(performance.now() - startedAt) };
  };
  if (!bytes.passed) return { rehearsed: told(bytes) };
  try {
    const recorded = await recordedFingerprint(stores, folder, store);
    const { groups, view } = await STAND_UP[store](stores, folder, sideName, control);
    const comparison = compareGroups(store, recorded, withSummary(groups));
    const evidence = `${bytes.evidence}; ${HOW[store]} and compared with what was recorded: ${comparisonText(comparison)}`;
    return { rehearsed: told({ passed: comparison.same, comparison, evidence }), view };
  } catch (error) {
    if (!isUnfit(error)) throw error;
    return { rehearsed: told({ passed: false, comparison: null, evidence: error.message }) };
  }
}

const HOW: Record<StoreName, string> = {
  sqlite: 'copied, opened, found sound by integrity_check',
  qdrant: 'restored into a collection beside production',
  neo4j: 'read through whole (there is no second database to restore into)',
};

type StandUp = (
  stores: Stores,
  folder: string,
  sideName: string,
  control: CallControl,
) => Promise<{ groups: GroupFingerprint[]; view: View }>;

/** What each artifact gives once it stands aside, and the checks' view of it. */
const STAND_UP: Record<StoreName, StandUp> = {
  async sqlite({ metadata, artifacts }, folder, sideName) {
    const file = await fileOf(artifacts, folder, 'sqlite');
    return artifacts.withCopy(folder, file, sideName, (copy) => {
      const { problems } = metadata.integrity(copy);
      if (problems.length > 0) throw damaged(file, `integrity_check finds ${problems.slice(0, 3).join('; ')}`);
      const chapters = metadata.chapters(copy);
      const { registry, journal } = metadata;
      const view = { metadata: { registry, journal, chapters: () => chapters } };
      return { groups: metadata.fingerprint(copy), view };
    });
  },

  async qdrant({ vectors, artifacts }, folder, sideName, control) {
    const { file, counts } = await artifactOf(artifacts, folder, 'qdrant');
    // Other numbers than the recorded one are for the comparison to tell, chapter by chapter.
    const points = counts.points === 0 ? 0 : undefined;
    await vectors.restoreAside(artifacts.pathOf(folder, file), sideName, { ...control, points });
    const groups = await vectors.fingerprint({ collection: sideName }, control);
    return { groups, view: { vectors: vectors.checksOf(sideName) } };
  },

  async neo4j({ graph, artifacts }, folder, _, control) {
    const path = artifacts.pathOf(folder, await fileOf(artifacts, folder, 'neo4j'));
    return { groups: await graph.fingerprintExport(path, control), view: { graph: graph.exportChecks(path) } };
  },
};

async function fileOf(artifacts: Stores['artifacts'], folder: string, store: StoreName): Promise<string> {
  return (await artifactOf(artifacts, folder, store)).file;
}

/** The bytes were looked at before, so that manifest and artifact were there a moment ago. */
async function artifactOf(artifacts: Stores['artifacts'], folder: string, store: StoreName) {
  const found = (await artifacts.readManifest(folder))?.artifacts.find((one) => one.store === store);
  if (!found)
    throw damaged(artifacts.pathOf(folder), `the manifest names no artifact of ${STORE_TITLES[store]} any more`);
  return found;
}

async function countsOf({ artifacts }: Stores, folder: string): Promise<ChecksOptions['expected']> {
  const manifest = await artifacts.readManifest(folder);
  // What production is says it where the folder does not hold SQLite.
  if (manifest && !storesIn(manifest).includes('sqlite')) return undefined;
  return manifest && { chapters: manifest.counts.chapters, perTextbook: manifest.counts.chaptersPerTextbook };
}

function damaged(file: string, found: string): HybridFlowError {
  return new HybridFlowError('ARTIFACT_DAMAGED', { found: `${file}: ${found}` });
}

/** What a file is refused with that is not what it was; the database in question is the copy. */
function isUnfit(error: unknown): error is HybridFlowError {
  return error instanceof HybridFlowError && ['ARTIFACT_DAMAGED', 'METADATA_DB_INVALID'].includes(error.code);
}
