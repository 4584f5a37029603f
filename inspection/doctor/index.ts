import { commandOf, diagnose, type DoctorFacts } from '../../domain/doctor';
import type { RetentionSettings } from '../../domain/baseline';
import { redact } from '../../domain/masking';
import { count, plural } from '../../domain/words';
import { isVersionId } from '../../domain/version-id';
import type { Stores } from '../../stores/ports';
import { LONG_MS } from '../health/readings';
import type { FolderState } from './artifacts';
import { look, type Seen } from './look';
import { serviceOf, type Read } from './readings';
import type { ChangeSeen, DoctorReport, ServiceSeen, TemporalSeen, VersionSeen } from './report';
import { findUnfinished, type Unfinished } from './unfinished';

export type { ChangeSeen, DoctorReport, ServiceSeen, TemporalSeen, VersionSeen } from './report';

export interface DoctorOptions {
  base: string;
  secrets: readonly string[];
  /** Reads every byte of every version's artifacts, in place of their sizes. */
  deep?: boolean;
  /** How long each service may take to answer. */
  timeoutMs?: number;
  retention: RetentionSettings;
}

/** A step that failed once may have met a hiccup. */
const AGAIN_AND_AGAIN = 3;
const TIMEOUT_MS = 5_000;

/**
 * Says in what state a base is, and the one safe next command. Reads registry, journal, manifests, backups folder and
 * stores, each within its time; whatever is down is a finding. Writes nothing, takes no lock, and never throws for what
 * it finds.
 */
export async function examine(stores: Stores, temporal: TemporalSeen, options: DoctorOptions): Promise<DoctorReport> {
  const { base, secrets, deep = false, timeoutMs: milliseconds = TIMEOUT_MS, retention } = options;
  const patience = { secrets, milliseconds };
  const longer = deep ? { secrets, milliseconds: LONG_MS } : patience;
  const takenAt = new Date().toISOString();
  const seen = await look(stores, { patience, longer, deep, retention, isOpen: temporal.isOpen });
  const unfinished = await findUnfinished(seen, temporal.change, temporal.isOpen);
  const facts = factsOf(seen, temporal, unfinished);
  const rule = diagnose(facts);
  const { value } = seen.metadata;
  const current = value?.current ?? null;
  const versions = versionsOf(seen);
  const lastGood = versions.findLast(({ artifacts }) => artifacts === 'sound')?.versionId;
  const open = value?.journal.find(({ state }) => state === 'switching' || state === 'committed');
  return redact<DoctorReport>(
    {
      format: 'hybridflow-doctor/1',
      ...{ base, takenAt, verdict: rule.verdict, condition: rule.condition, says: rule.says },
      command: commandOf(rule, current?.versionId ?? lastGood ?? null),
      ...{ facts, services: servicesOf(seen, temporal), change: temporal.change, unpolled: temporal.unpolled },
      switch: open ?? value?.journal[0] ?? null,
      ...{ holders: unfinished.holders, current },
      lastGood: lastGood === undefined ? null : { versionId: lastGood, by: deep ? 'bytes' : 'sizes' },
      latestCopy: latestCopyOf(seen),
      ...{ versions, pins: value?.pins ?? [], leftovers: seen.leftovers.value?.leftovers ?? [], notes: notesOf(seen) },
    },
    secrets,
  );
}

function factsOf(seen: Seen, { service, change, unpolled }: TemporalSeen, unfinished: Unfinished): DoctorFacts {
  const { metadata, points, paragraphs, latestCopy } = seen;
  const current = metadata.value?.current ? seen.folders.get(metadata.value.current.versionId) : undefined;
  return {
    metadata: metadataFact(metadata.code),
    temporal: service.up ? 'up' : 'down',
    services: points.error === undefined && paragraphs.error === undefined ? 'up' : 'down',
    workers: unpolled === null ? 'unknown' : unpolled.length > 0 ? 'missing' : 'polling',
    change: service.up ? changeFact(change, unfinished) : 'unknown',
    unfinished: unfinished.fact,
    fence: metadata.value?.fence ? 'held' : 'free',
    versions: seen.folders.size > 0 ? 'some' : 'none',
    production: productionFact(seen, current),
    current: current?.value === undefined ? 'unknown' : current.value.state === 'sound' ? 'sound' : 'damaged',
    latestCopy: latestCopy.value?.state ?? 'unknown',
    leftovers: leftoversFact(seen),
  };
}

/** What may still be needed, or belongs to somebody at work, is none. */
function leftoversFact({ leftovers: { value } }: Seen): DoctorFacts['leftovers'] {
  if (!value || value.notes.length > 0) return 'unknown';
  return value.leftovers.some(({ verdict }) => verdict !== 'wait') ? 'some' : 'none';
}

/** By the code of the error; undefined where it could be read. */
function metadataFact(code: string | null | undefined): DoctorFacts['metadata'] {
  if (code === undefined) return 'readable';
  if (code === 'METADATA_DB_BUSY') return 'busy';
  return code === 'METADATA_DB_MISSING' ? 'missing' : 'unreadable';
}

function changeFact(change: ChangeSeen | null, { atWork }: Unfinished): DoctorFacts['change'] {
  if (!change) return atWork ? 'running' : 'none';
  if (change.failing.some(({ attempt }) => attempt >= AGAIN_AND_AGAIN)) return 'failing';
  if (change.staging?.stage === 'waiting for approval') return 'approval';
  return change.staging?.stage === 'open' ? 'staging' : 'running';
}

/** Counts only: what they cannot tell, `hfv validate` and the fingerprints do. */
function productionFact(
  { metadata, points, paragraphs, latestCopy }: Seen,
  current: Read<FolderState> | undefined,
): DoctorFacts['production'] {
  const latest = latestCopy.value?.manifest;
  // As inspection/production-measure.ts: latest-copy may hold the version, and what was put back on top of it.
  const isCurrent = latest != null && latest.versionId === metadata.value?.current?.versionId;
  const counts = (isCurrent ? latest : current?.value?.manifest)?.counts;
  const counted = [metadata.value?.chapters, points.value, paragraphs.value];
  if (!counts || counted.includes(undefined)) return 'unknown';
  const recorded = [counts.chapters, counts.points, counts.paragraphs];
  return recorded.every((count, i) => count === counted[i]) ? 'as counted' : 'differs';
}

function servicesOf({ metadata, points, paragraphs, freeBytes }: Seen, { service }: TemporalSeen): ServiceSeen[] {
  return [
    serviceOf('metadata.db', metadata, ({ chapters, rows }) => `${chapters} chapters, ${rows.length} versions`),
    serviceOf('Qdrant', points, (found) => plural(found, 'point')),
    serviceOf('Neo4j', paragraphs, (found) => plural(found, 'paragraph')),
    serviceOf('backups', freeBytes, (bytes) => `${count(bytes)} bytes free`),
    service,
  ];
}

function versionsOf({ metadata, folders }: Seen): VersionSeen[] {
  const rows = metadata.value?.rows ?? [...folders.keys()].map((versionId) => ({ versionId, status: 'not known' }));
  return rows.flatMap(({ versionId, status }): VersionSeen[] => {
    const found = folders.get(versionId);
    if (status === 'archived' && !found) return [{ versionId, status, artifacts: 'archived', problems: [] }];
    if (!found) return [];
    const { state = 'damaged' as const, problems = [found.error ?? ''] } = found.value ?? {};
    return [{ versionId, status, artifacts: state, problems }];
  });
}

/** Which version latest-copy is: it says so itself, or its fingerprint is that version's. */
function latestCopyOf({ latestCopy: { value }, folders }: Seen): DoctorReport['latestCopy'] {
  if (!value) return null;
  const { state, problems, manifest } = value;
  const same = [...folders].findLast(
    ([, found]) => manifest?.fingerprint !== undefined && found.value?.manifest?.fingerprint === manifest.fingerprint,
  );
  const named = manifest && isVersionId(manifest.versionId) ? manifest.versionId : undefined;
  const own = named === undefined ? undefined : folders.get(named)?.value?.manifest?.fingerprint;
  // After what was saved before a restore was put back, it is that version and more.
  const other = own !== undefined && manifest?.fingerprint !== undefined && own !== manifest.fingerprint;
  const sameAs = named !== undefined && !other ? named : (same?.[0] ?? null);
  return { state, sameAs, problems };
}

function notesOf({ latestCopy, leftovers, folders }: Seen): string[] {
  const unread = [...folders].flatMap(([versionId, { error }]) =>
    error === undefined ? [] : [`${versionId} could not be looked at: ${error}`],
  );
  return [
    ...(latestCopy.error === undefined ? [] : [`latest-copy could not be looked at: ${latestCopy.error}`]),
    ...unread,
    ...(leftovers.error === undefined ? [] : [`leftovers could not be looked for: ${leftovers.error}`]),
    ...(leftovers.value?.notes ?? []),
  ];
}
