import type { ChapterDifference, FieldDifference } from '../../domain/compare';
import type { ChapterRow } from '../../stores/ports/contents';
import { Untold, type Side } from './types';

/** Adds to the chapters that changed what is different about their rows; `note` where the rows cannot be read. */
export async function fieldsOf(
  before: Side,
  after: Side,
  chapters: readonly ChapterDifference[],
): Promise<{ list: ChapterDifference[]; note: string | null }> {
  const changed = new Set(chapters.filter(({ change }) => change === 'changed').map(({ chapter }) => chapter));
  if (changed.size === 0) return { list: [...chapters], note: null };
  const [old, now] = [await before.rows(), await after.rows()];
  if (old instanceof Untold) return { list: [...chapters], note: old.why };
  if (now instanceof Untold) return { list: [...chapters], note: now.why };
  const [left, right] = [byChapter(old, changed), byChapter(now, changed)];
  const list = chapters.map((one) => {
    const [a, b] = [left.get(one.chapter), right.get(one.chapter)];
    return a && b ? { ...one, fields: differences(a, b) } : one;
  });
  return { list, note: null };
}

function byChapter(rows: readonly ChapterRow[], wanted: ReadonlySet<string>): Map<string, ChapterRow> {
  return new Map(rows.filter(({ chapter }) => wanted.has(chapter)).map((row) => [row.chapter, row]));
}

function differences({ values: a }: ChapterRow, { values: b }: ChapterRow): FieldDifference[] {
  return [...new Set([...Object.keys(a), ...Object.keys(b)])]
    .filter((field) => a[field] !== b[field])
    .map((field) => ({ field, before: a[field] ?? null, after: b[field] ?? null }));
}
