import type { GroupFingerprint } from './fingerprint';
import type { StoreName } from './names';

/** Names that stand for a version, or for what no version holds yet. */
export const COMPARABLE_NAMES = ['latest-copy', 'baseline', 'current', 'production', 'staging'] as const;

/** The list of a version's points, beside the snapshot that only a Qdrant server can look into. */
export const POINT_LIST_FILE = 'textbook_chunks.chunks.txt.gz';

export type Change = 'added' | 'changed' | 'removed';

export interface ChangeTotals {
  added: number;
  changed: number;
  removed: number;
}

/** The beginning of a list whose totals are told in full: `leftOut` more are not shown. */
export interface Shown<T> {
  list: T[];
  leftOut: number;
}

/** A column of a chapter's row; a blob as `x'…'`, an integer that a double does not carry as text. */
export interface FieldDifference {
  field: string;
  before: string | number | null;
  after: string | number | null;
}

export interface ChapterDifference {
  chapter: string;
  change: Change;
  /** Rows, points or paragraphs; null where that side has no such chapter. */
  itemsBefore: number | null;
  itemsAfter: number | null;
  /** SQLite only: what is different about the chapter's row, as far as the rows can be read. */
  fields?: FieldDifference[];
}

export interface ChunkDifference {
  chapter: string;
  chunkId: string;
  change: Change;
}

/** How two chunks are held against each other: everything the fingerprint covers, or the text alone. */
export type ComparedBy = 'content' | 'text';

export interface StoreDifference {
  store: StoreName;
  same: boolean;
  chapters: ChangeTotals & { unchanged: number } & Shown<ChapterDifference>;
  /** What belongs to no chapter, e.g. `(schema)`; null where a chapter was asked for, or a side cannot tell. */
  beyond: Shown<ChapterDifference> | null;
  /**
   * Totals over all chapters; the list holds chunks of chapters that are listed as changed, and of one that came or went
   * whole where it was asked for. Null for SQLite, which has none, and where a side has no list of them: `note` says why.
   */
  chunks: (ChangeTotals & { by: ComparedBy } & Shown<ChunkDifference>) | null;
  note: string | null;
}

export interface TextPart {
  kind: 'same' | 'added' | 'removed';
  text: string;
}

export interface TextDifference extends ChunkDifference {
  /** Null where that side has no such chunk. */
  before: string | null;
  after: string | null;
  /** The way from one text to the other, word by word. */
  parts: TextPart[];
  /** Only the beginning of the texts is shown and compared. */
  clipped: boolean;
}

export interface ComparedSide {
  /** As it was asked for. */
  name: string;
  kind: 'version' | 'archived version' | 'latest-copy' | 'production' | 'staging';
  /** Null for what is no version. */
  versionId: string | null;
  /** When the version was made, or the store was read. */
  at: string;
}

/** What `hfv compare` found. Field names are part of the contract. */
export interface VersionComparison {
  before: ComparedSide;
  after: ComparedSide;
  /** Of the chapter that was asked for, else of everything. */
  same: boolean;
  chapter: string | null;
  limit: number;
  stores: StoreDifference[];
  /** Texts of the chunks that Neo4j's list shows; null where they were not asked for, or cannot be read. */
  texts: Shown<TextDifference> | null;
  notes: string[];
}

export interface GroupChange {
  group: string;
  change: Change;
  before: number | null;
  after: number | null;
}

/** Every group that differs, by name, and how many chapters do not. */
export function compareLists(
  before: readonly GroupFingerprint[],
  after: readonly GroupFingerprint[],
): { changes: GroupChange[]; unchanged: number } {
  const [left, right] = [byGroup(before), byGroup(after)];
  const names = [...new Set([...left.keys(), ...right.keys()])].sort(inOrder);
  let unchanged = 0;
  const changes = names.flatMap((group): GroupChange[] => {
    const [old, now] = [left.get(group), right.get(group)];
    const items = { before: old?.items ?? null, after: now?.items ?? null };
    if (!old) return [{ group, change: 'added', ...items }];
    if (!now) return [{ group, change: 'removed', ...items }];
    if (old.sha256 !== now.sha256 || old.items !== now.items) return [{ group, change: 'changed', ...items }];
    if (isChapter(group)) unchanged += 1;
    return [];
  });
  return { changes, unchanged };
}

/** A group in brackets belongs to no chapter. */
export function isChapter(group: string): boolean {
  return !/^\(.*\)$/.test(group);
}

export function totalsOf(changes: readonly { change: Change }[]): ChangeTotals {
  const totals: ChangeTotals = { added: 0, changed: 0, removed: 0 };
  for (const { change } of changes) totals[change] += 1;
  return totals;
}

export function shown<T>(all: readonly T[], limit: number): Shown<T> {
  return { list: all.slice(0, limit), leftOut: Math.max(0, all.length - limit) };
}

/** Chapters and chunks as people number them: `ch2` before `ch10`. Equal texts only are equal. */
export function inOrder(a: string, b: string): number {
  return COLLATOR.compare(a, b) || (a < b ? -1 : a > b ? 1 : 0);
}

const COLLATOR = new Intl.Collator('en', { numeric: true });

function byGroup(groups: readonly GroupFingerprint[]): Map<string, GroupFingerprint> {
  return new Map(groups.map((one) => [one.group, one]));
}
