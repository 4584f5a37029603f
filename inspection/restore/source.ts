import { HybridFlowError } from '../../domain/errors';
import type { Manifest } from '../../domain/manifest';
import { BASELINE_ALIAS, type RestoreSource } from '../../domain/restore';
import { LATEST_COPY, isRescueName, isVersionId } from '../../domain/version-id';
import type { Stores } from '../../stores/ports';
import { isAtHand, packedAway } from '../archived';
import { verifyFiles } from '../verify/files';

type Asked = Pick<Stores, 'metadata' | 'artifacts'>;

export interface SourceFound {
  source: RestoreSource;
  manifest: Manifest;
  warnings: string[];
}

/**
 * Which folder a name means: a version's own, that of the committed baseline, latest-copy, or what was saved before a
 * restore. Reads no artifact.
 *
 * @throws HybridFlowError VERSION_UNKNOWN for a name that means none, or a version that is not committed;
 * VERSION_ARCHIVED for one that has left the window, and was not brought back beside the others
 */
export async function resolveSource({ metadata, artifacts }: Asked, asked: string): Promise<RestoreSource> {
  if (asked === LATEST_COPY) return { asked, folder: LATEST_COPY, versionId: currentOf(metadata), recovery: null };
  if (isRescueName(asked)) return { asked, folder: asked, versionId: currentOf(metadata), recovery: null };
  const versionId = asked === BASELINE_ALIAS ? baselineOf(metadata) : asked;
  if (!isVersionId(versionId)) throw unknown(metadata, `${JSON.stringify(asked)} is no version`);
  const row = metadata.registry.find(versionId);
  if (!row) throw unknown(metadata, `the registry has no version ${versionId}`);
  const atHand = await isAtHand({ artifacts }, row);
  if (row.status === 'archived' && !atHand) throw packedAway(versionId);
  if (!atHand) throw unknown(metadata, `${versionId} is ${row.status}, not committed`);
  return { asked, folder: versionId, versionId, recovery: null };
}

/**
 * The folder that is restored from, its bytes verified. Where latest-copy was asked for and is damaged, it is the
 * baseline: said in `recovery`, and in the warnings.
 *
 * @throws HybridFlowError as {@link resolveSource}; FOREIGN_BASE for a version of another base; ARTIFACT_DAMAGED where
 * the copy, and for latest-copy the baseline too, is not whole
 */
export async function openSource(stores: Asked, asked: string, base: string): Promise<SourceFound> {
  const source = await resolveSource(stores, asked);
  if (isRescueName(source.folder)) await assertRescue(stores, source.folder);
  const found = await verified(stores, source, base);
  if (found.manifest) {
    return { source: await named(stores, source, found.manifest), manifest: found.manifest, warnings: [] };
  }
  const baseline = stores.metadata.registry.committedBaseline()?.versionId;
  if (source.folder !== LATEST_COPY || baseline === undefined) throw damaged(source.folder, found.problems);
  const recovery = `latest-copy is damaged (${found.problems.join('; ')}): disaster recovery from ${baseline}`;
  const second: RestoreSource = { asked, folder: baseline, versionId: baseline, recovery };
  const instead = await verified(stores, second, base);
  if (!instead.manifest) {
    throw damaged(`${LATEST_COPY} and ${baseline}`, [...found.problems, ...instead.problems]);
  }
  return { source: second, manifest: instead.manifest, warnings: [recovery, ...newerThanBaseline(source, baseline)] };
}

/**
 * The version that a latest-copy is of stands in its manifest; one from before there were versions names only itself.
 * What was saved before a restore names the version that production was then: it counts while it can be returned to.
 */
async function named(stores: Asked, source: RestoreSource, { versionId }: Manifest): Promise<RestoreSource> {
  const row = isVersionId(versionId) ? stores.metadata.registry.find(versionId) : undefined;
  if (isRescueName(source.folder)) return row && (await isAtHand(stores, row)) ? { ...source, versionId } : source;
  return source.folder === LATEST_COPY && row ? { ...source, versionId } : source;
}

async function assertRescue({ artifacts }: Asked, folder: string): Promise<void> {
  if (await artifacts.exists(folder)) {
    if (await artifacts.readManifest(folder)) return;
    throw unrecorded(artifacts.pathOf(folder));
  }
  const there = (await artifacts.residues()).filter(({ kind }) => kind === 'rescue').map(({ path }) => path);
  throw new HybridFlowError('VERSION_UNKNOWN', {
    found: `there is no ${folder} in the backups folder`,
    expected: there.length > 0 ? `one of ${there.slice(-5).join(', ')}` : 'a rescue folder; there is none',
    next: 'list them with `hfv versions`',
  });
}

/** Whoever wants less lost than the baseline loses must be told how. */
function newerThanBaseline({ versionId }: RestoreSource, baseline: string): string[] {
  if (versionId === baseline) return [];
  return [`production is ${versionId}: its own copy, where it is whole, is restored by \`hfv restore ${versionId}\``];
}

async function verified(
  { artifacts }: Asked,
  { folder }: RestoreSource,
  base: string,
): Promise<{ manifest?: Manifest; problems: string[] }> {
  if (!(await artifacts.exists(folder))) return { problems: [`${artifacts.pathOf(folder)} is missing`] };
  const { manifest, problems } = await verifyFiles(artifacts, folder);
  if (manifest && manifest.base !== base) throw foreign(folder, manifest.base, base);
  return problems.length === 0 ? { manifest, problems } : { problems };
}

/** What production is, by the journal. */
function currentOf(metadata: Stores['metadata']): string {
  return metadata.journal.current()?.versionId ?? baselineOf(metadata);
}

function baselineOf(metadata: Stores['metadata']): string {
  const row = metadata.registry.committedBaseline();
  if (row) return row.versionId;
  throw new HybridFlowError('VERSION_UNKNOWN', {
    found: 'the base has no committed baseline',
    expected: 'a registered base',
    next: 'register it with `hfv migrate`; until then there is nothing to restore',
  });
}

function unknown(metadata: Stores['metadata'], found: string): HybridFlowError {
  const committed = metadata.registry.list().filter(({ status }) => status === 'committed');
  const names = [...committed.map(({ versionId }) => versionId).slice(-5), LATEST_COPY, BASELINE_ALIAS];
  return new HybridFlowError('VERSION_UNKNOWN', {
    found,
    expected: `one of ${names.join(', ')}`,
    next: 'list the versions with `hfv versions`',
  });
}

function unrecorded(path: string): HybridFlowError {
  return new HybridFlowError('ARTIFACT_DAMAGED', {
    found: `${path} has no record of what it holds: its saving was broken off, or it is older than such records`,
    expected: 'a record (`<store>.saved.json`) beside each store',
    next: 'nothing was changed; production needs nothing of it. To look into it, open its metadata.db and neo4j.jsonl.gz elsewhere, and see the runbook under "What a rollback saved"',
    details: { path },
  });
}

function foreign(folder: string, found: string, base: string): HybridFlowError {
  return new HybridFlowError('FOREIGN_BASE', {
    found: `${folder} is a version of ${found}`,
    expected: `a version of ${base}`,
    next: 'set HYBRIDFLOW_BASE and HYBRIDFLOW_BACKUPS to those of one and the same base; nothing was changed',
    details: { folder, base: found },
  });
}

function damaged(what: string, problems: readonly string[]): HybridFlowError {
  return new HybridFlowError('ARTIFACT_DAMAGED', {
    found: `${what} cannot be restored from: ${problems.slice(0, 5).join('; ')}`,
    expected: 'every file as the manifest states',
    next: 'nothing was changed; find a sound one with `hfv verify`, or restore `latest-copy` or `baseline`',
    details: { problems: problems.slice(0, 20) },
  });
}
