import { HybridFlowError } from '../../domain/errors';
import type { Residue } from '../../domain/leftovers';
import { ARTIFACT_FILES, REHEARSAL_PREFIX, STAGING_NAMES } from '../../domain/names';
import { isActive, type VersionStatus } from '../../domain/status';
import { isVersionId, LATEST_COPY, versionLabel } from '../../domain/version-id';
import { plural } from '../../domain/words';
import type { Known, LeftoverDeps } from './context';

const RUN_ID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/;
/** No attempt at a capture lasts longer. */
const LONGEST_CAPTURE_MS = 3_600_000;
/** How far two clocks may be apart. */
const CLOCKS_MS = 5_000;

const NOBODYS = { bytes: null, since: null, ownerRunId: null, run: 'stranger' as const };

/** Side collections, staging's collections, and snapshots that nobody has taken away from the server. */
export async function findInQdrant(deps: LeftoverDeps, known: Known): Promise<Residue[]> {
  const found: Residue[] = [];
  for (const name of await deps.vectors.collectionsNamed(REHEARSAL_PREFIX)) {
    const ownerRunId = RUN_ID.exec(name.slice(REHEARSAL_PREFIX.length))?.[0] ?? null;
    const run = await known.runOf(ownerRunId);
    found.push({ ...NOBODYS, kind: 'rehearsal collection', where: 'qdrant', name, ownerRunId, run });
  }
  found.push(...(await findStagingCollections(deps, known)));
  const snapshots = await deps.vectors.listSnapshots();
  const kept = snapshots.length === 0 ? [] : await keptSnapshots(deps);
  for (const { name, bytes, checksum } of snapshots) {
    const since = takenAt(name);
    const proven = kept.some((one) => one.sha256 === checksum && isBetween(since, one));
    found.push({ ...NOBODYS, kind: 'snapshot', where: 'qdrant', name, bytes, since, proven });
  }
  return found;
}

/** Marks of versions that are not committed, and nodes of a staging that is over. Production may be an archived version. */
export async function findInNeo4j({ graph, metadata }: LeftoverDeps, known: Known): Promise<Residue[]> {
  const current = metadata.journal.current()?.versionId;
  const ofCurrent = current !== undefined && isVersionId(current) ? versionLabel(current) : undefined;
  const markers = (await graph.markerLabels()).filter(({ label }) => label !== ofCurrent);
  return markers.map(({ label, nodes }) => {
    const name = `${label} (${plural(nodes, 'node')})`;
    if (label === STAGING_NAMES.label) return { ...NOBODYS, kind: 'staging data', where: 'neo4j', name };
    const status = statusOfLabel(label, known);
    return { ...NOBODYS, kind: 'version label', where: 'neo4j', name: label, status };
  });
}

/** The plain one, and `<collection>_<version>`: those that become production where it is read through an alias. */
async function findStagingCollections({ vectors }: LeftoverDeps, known: Known): Promise<Residue[]> {
  const { name: configured, collection: production } = await vectors.inventory();
  const prefix = `${configured}_`;
  const found: Residue[] = [];
  for (const name of await vectors.collectionsNamed('')) {
    const versionId = name.startsWith(prefix) ? name.slice(prefix.length) : '';
    if (name === STAGING_NAMES.collection) found.push({ ...NOBODYS, kind: 'staging data', where: 'qdrant', name });
    else if (name !== production && isVersionId(versionId)) {
      const status = known.statusOf(versionId);
      found.push({ ...NOBODYS, kind: 'staging collection', where: 'qdrant', name, status });
    }
  }
  return found;
}

/** Several versions may bear one label, where a baseline was registered anew: one that stands speaks for all. */
function statusOfLabel(label: string, known: Known): VersionStatus | undefined {
  const own = known.rows.filter(({ versionId }) => isVersionId(versionId) && versionLabel(versionId) === label);
  const standing = own.find(({ status }) => status === 'committed' || isActive(status));
  return (standing ?? own.at(-1))?.status;
}

/** A snapshot's name ends in the moment at which it was taken, in UTC. */
function takenAt(name: string): string | null {
  const [, date, hour, minute, second] = /(\d{4}-\d\d-\d\d)-(\d\d)-(\d\d)-(\d\d)\.snapshot$/.exec(name) ?? [];
  const moment = new Date(`${date}T${hour}:${minute}:${second}Z`);
  return Number.isNaN(moment.getTime()) ? null : moment.toISOString();
}

interface KeptSnapshot {
  sha256: string;
  /** The span in which it was taken; epoch milliseconds. */
  from: number;
  to: number;
}

/**
 * The snapshots whose bytes lie in the backups folder, and when each was taken. Names tell nothing of who took a
 * snapshot; but one of the same bytes and from the same moment is the one that a run of ours has downloaded, and is not
 * needed on the server any more. The bytes alone prove nothing: of a collection that nobody writes to they may be equal.
 */
async function keptSnapshots({ artifacts }: LeftoverDeps): Promise<KeptSnapshot[]> {
  const kept: KeptSnapshot[] = [];
  for (const folder of [LATEST_COPY, ...(await artifacts.listVersions()).map(({ versionId }) => versionId)]) {
    const manifest = await artifacts.readManifest(folder).catch(unlessDamaged);
    for (const { store, sha256, capturedFrom, capturedTo } of manifest?.artifacts ?? []) {
      if (store === 'qdrant') kept.push({ sha256, from: Date.parse(capturedFrom), to: Date.parse(capturedTo) });
    }
  }
  const unsealed = (await artifacts.residues()).filter(({ kind }) => kind === 'building' || kind === 'rescue');
  for (const { path, changedAt } of unsealed) {
    const found = await artifacts.digest(path, ARTIFACT_FILES.qdrant).catch(unlessDamaged);
    const to = Date.parse(changedAt);
    if (found) kept.push({ sha256: found.sha256, from: to - LONGEST_CAPTURE_MS, to });
  }
  return kept;
}

/** Names tell whole seconds, of the server's clock. */
function isBetween(since: string | null, { from, to }: KeptSnapshot): boolean {
  const moment = since === null ? NaN : Date.parse(since);
  return moment >= from - CLOCKS_MS && moment <= to + CLOCKS_MS;
}

/** What is missing, or cannot be read as what it should be, proves nothing. */
function unlessDamaged(error: unknown): undefined {
  if (!(error instanceof HybridFlowError) || error.code !== 'ARTIFACT_DAMAGED') throw error;
  return undefined;
}
