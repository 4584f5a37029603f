import type { RetentionSettings } from './baseline';
import type { VersionStatus } from './status';
import { parseVersionId } from './version-id';

/** One file of a version's folder. */
export interface StoredFile {
  file: string;
  bytes: number;
  /** Device and inode: files of the same one share their bytes. */
  inode: string;
  /** How many names the bytes have. */
  links: number;
}

/** A version as the registry and the backups folder know it. */
export interface WindowVersion {
  versionId: string;
  status: VersionStatus;
  /** When the row was last moved, UTC: as SQLite prints it. */
  updatedAt: string;
  /** Files of its folder beside the others; null where there is no such folder. */
  files: StoredFile[] | null;
  /** Files of its folder in the archive; null where there is none. */
  archived: StoredFile[] | null;
  /** Whether its bytes are those of its manifest; null where nobody has looked. */
  intact: boolean | null;
}

export const WINDOW_RULES = [
  'baseline',
  'current',
  'pinned',
  'in use',
  'damaged',
  'last good',
  'newest',
  'archived',
  'beyond the window',
  'archived for long',
  'emergency',
  'to be completed',
] as const;
export type WindowRule = (typeof WINDOW_RULES)[number];

export interface WindowItem {
  versionId: string;
  rule: WindowRule;
  /** The rule in words. */
  reason: string;
  /** Of all its files, shared ones included. */
  bytes: number;
  /** Of these, bytes that have a name in another folder as well: taking this one away does not free them. */
  sharedBytes: number;
}

/** What becomes of every version that has files; each list oldest first. */
export interface WindowPlan {
  emergency: boolean;
  archive: WindowItem[];
  delete: WindowItem[];
  keep: WindowItem[];
  /** What the deletions free: bytes of several names count once, and only where the last name goes. */
  freesBytes: number;
  /** Bytes that are to be archived; how far they shrink is known afterwards. */
  archivesBytes: number;
}

export interface WindowRequest {
  versions: readonly WindowVersion[];
  /** The version that production is. */
  current: string | null;
  /** Version to the reason of its pin. */
  pins: ReadonlyMap<string, string>;
  /** Version to what uses it, in words. */
  inUse: ReadonlyMap<string, string>;
  now: Date;
  settings: RetentionSettings;
  emergency?: boolean;
}

type Fate = Pick<WindowItem, 'rule' | 'reason'> & { action: 'archive' | 'delete' | 'keep' };

const DAY_MS = 24 * 3_600_000;

/**
 * The sliding window: which versions stay, which go to the archive, and which leave it. The baseline, the current
 * version, what is pinned or in use, what is damaged and the newest sound one stay however many there are; of the others
 * the oldest goes first. In an emergency fewer stay, and what would be archived is deleted. Carrying a plan out, and
 * planning again, gives an empty one.
 */
export function planWindow(request: WindowRequest): WindowPlan {
  const { versions, emergency = false } = request;
  const ordered = [...versions].sort((a, b) => orderOf(a.versionId) - orderOf(b.versionId));
  const exempt = new Map(ordered.flatMap((one) => entry(one, exemption(one, request, ordered))));
  const newest = newestOf(ordered, emergency ? request.settings.emergencyKeep : request.settings.keep);
  const plan: WindowPlan = { emergency, archive: [], delete: [], keep: [], freesBytes: 0, archivesBytes: 0 };
  const leaving: StoredFile[] = [];
  for (const version of ordered) {
    const fate = fateOf(version, request, exempt.get(version.versionId), newest);
    if (!fate) continue;
    const { action, ...why } = fate;
    plan[action].push({ versionId: version.versionId, ...why, ...sizeOf(version) });
    if (action === 'delete') leaving.push(...filesOf(version));
    if (action === 'archive') plan.archivesBytes += bytesOf(version.files ?? []);
  }
  return { ...plan, freesBytes: freedBytes(leaving) };
}

/** True where there is nothing to do. */
export function isEmpty(plan: WindowPlan): boolean {
  return plan.archive.length + plan.delete.length === 0;
}

/** Bytes that are freed where these names go: what has another name besides stays. */
export function freedBytes(files: readonly StoredFile[]): number {
  const names = new Map<string, number>();
  for (const { inode } of files) names.set(inode, (names.get(inode) ?? 0) + 1);
  let freed = 0;
  for (const { inode, links, bytes } of new Map(files.map((one) => [one.inode, one])).values()) {
    if ((names.get(inode) ?? 0) >= links) freed += bytes;
  }
  return freed;
}

export function bytesOf(files: readonly StoredFile[]): number {
  return files.reduce((sum, { bytes }) => sum + bytes, 0);
}

/** Why a version must not leave, whatever its age; undefined where nothing keeps it. */
export function heldBy(
  versionId: string,
  { current, pins, inUse }: Pick<WindowRequest, 'current' | 'pins' | 'inUse'>,
): Pick<WindowItem, 'rule' | 'reason'> | undefined {
  const { kind } = parseVersionId(versionId);
  if (kind === 'baseline') return { rule: 'baseline', reason: 'the baseline is never removed' };
  if (versionId === current) return { rule: 'current', reason: 'it is what production is' };
  const pin = pins.get(versionId);
  if (pin !== undefined) return { rule: 'pinned', reason: `pinned: ${pin}` };
  const user = inUse.get(versionId);
  return user === undefined ? undefined : { rule: 'in use', reason: user };
}

/** Why a committed version is no part of the count: it stays whatever the number. */
function exemption(
  version: WindowVersion,
  request: WindowRequest,
  ordered: readonly WindowVersion[],
): Pick<WindowItem, 'rule' | 'reason'> | undefined {
  const { versionId } = version;
  const held = heldBy(versionId, request);
  if (held ?? version.status !== 'committed') return held;
  if (version.files === null) {
    return version.archived ? undefined : { rule: 'damaged', reason: 'its files are missing: nothing to archive' };
  }
  if (version.intact === false) return { rule: 'damaged', reason: 'its files are not those of its manifest' };
  // What has no files is no good to anybody, whatever was known of them once.
  const lastGood = ordered.findLast(
    ({ status, files, intact }) => status === 'committed' && files !== null && intact === true,
  );
  if (lastGood?.versionId !== versionId) return undefined;
  return { rule: 'last good', reason: 'the newest version whose files are proven sound' };
}

/**
 * The newest ones that stay by their number. One that stays anyway takes a place where it is among the newest, except
 * for the baseline and what cannot be restored from: the window is of so many versions that can.
 */
function newestOf(ordered: readonly WindowVersion[], keep: number): ReadonlySet<string> {
  const counted = ordered.filter(
    ({ versionId, status, files, intact }) =>
      status === 'committed' && files !== null && intact !== false && parseVersionId(versionId).kind !== 'baseline',
  );
  return new Set(counted.slice(-keep).map(({ versionId }) => versionId));
}

function fateOf(
  version: WindowVersion,
  request: WindowRequest,
  exempt: Pick<WindowItem, 'rule' | 'reason'> | undefined,
  newest: ReadonlySet<string>,
): Fate | undefined {
  const { versionId, status, files, archived } = version;
  const { emergency = false, settings } = request;
  if (status === 'archived') return archivedFate(version, request, exempt);
  if (status !== 'committed') return undefined;
  // An archiving that was broken off after the move: only its row is left to be told.
  if (files === null && archived !== null && (exempt !== undefined || !emergency)) {
    return { action: 'archive', rule: 'to be completed', reason: 'its files are in the archive already' };
  }
  if (exempt) return { action: 'keep', ...exempt };
  const number = emergency ? settings.emergencyKeep : settings.keep;
  if (newest.has(versionId)) return { action: 'keep', rule: 'newest', reason: `among the newest ${number}` };
  if (!emergency) return { action: 'archive', rule: 'beyond the window', reason: `older than the newest ${number}` };
  return { action: 'delete', rule: 'emergency', reason: `older than the newest ${number}, and space is wanted now` };
}

function archivedFate(
  { files, archived, updatedAt }: WindowVersion,
  { emergency = false, now, settings }: WindowRequest,
  exempt: Pick<WindowItem, 'rule' | 'reason'> | undefined,
): Fate | undefined {
  if (files === null && archived === null) return undefined;
  if (exempt) return { action: 'keep', ...exempt };
  if (emergency) return { action: 'delete', rule: 'emergency', reason: 'archived, and space is wanted now' };
  const until = new Date(momentOf(updatedAt) + settings.archiveDays * DAY_MS);
  if (until.getTime() <= now.getTime()) {
    return {
      action: 'delete',
      rule: 'archived for long',
      reason: `archived for more than ${settings.archiveDays} days`,
    };
  }
  if (files !== null) {
    return { action: 'archive', rule: 'to be completed', reason: 'archived, and its files are not yet in the archive' };
  }
  return { action: 'keep', rule: 'archived', reason: `archived; deleted after ${until.toISOString().slice(0, 10)}` };
}

function sizeOf(version: WindowVersion): Pick<WindowItem, 'bytes' | 'sharedBytes'> {
  const files = filesOf(version);
  const bytes = bytesOf(files);
  return { bytes, sharedBytes: bytes - freedBytes(files) };
}

function filesOf({ files, archived }: WindowVersion): StoredFile[] {
  return [...(files ?? []), ...(archived ?? [])];
}

function entry<T>({ versionId }: WindowVersion, value: T | undefined): [string, T][] {
  return value === undefined ? [] : [[versionId, value]];
}

/** Numbers grow with every version, and are never given twice. */
function orderOf(versionId: string): number {
  return parseVersionId(versionId).number;
}

/** SQLite's moments are UTC without saying so. */
export function momentOf(text: string): number {
  return Date.parse(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/.test(text) ? `${text.replace(' ', 'T')}Z` : text);
}
