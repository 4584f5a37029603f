import type { GroupFingerprint } from './fingerprint';

/*
 * A chapter whole, in two groups: its nodes and the relationships among them, and the relationships that lead out of it
 * or into it. The fingerprint's own group of a chapter knows its paragraphs alone.
 */

/** Of the nodes of no chapter, and of the relationships among them. */
export const BEYOND_CHAPTERS = '(beyond chapters)';

export const insideOf = (chapter: string) => `(inside ${chapter})`;
export const acrossOf = (chapter: string) => `(across ${chapter})`;

const WHOLE = /^\((inside|across) (.*)\)$/;

/** The chapter of such a group, and which of the two it is; undefined for any other group. */
export function partOf(group: string): { part: 'inside' | 'across'; chapter: string } | undefined {
  const [, part, chapter] = WHOLE.exec(group) ?? [];
  return chapter === undefined ? undefined : { part: part as 'inside' | 'across', chapter };
}

/** Chapters of the first list that the second has otherwise or not at all, in either of their groups. */
export function chaptersThatDiffer(
  wanted: readonly GroupFingerprint[],
  present: readonly GroupFingerprint[],
): { chapters: string[]; beyond: boolean } {
  const before = digestsOf(present);
  const differing = wanted.filter(({ group, sha256 }) => before.get(group) !== sha256);
  // A chapter that has lost its last relationship to others has no group for them any more.
  const after = digestsOf(wanted);
  const gone = present.filter(({ group }) => !after.has(group) && after.has(insideOf(partOf(group)?.chapter ?? '')));
  const chapters = [...differing, ...gone].flatMap(({ group }) => partOf(group)?.chapter ?? []);
  const beyond = before.get(BEYOND_CHAPTERS) !== after.get(BEYOND_CHAPTERS);
  return { chapters: [...new Set(chapters)].sort(), beyond };
}

function digestsOf(groups: readonly GroupFingerprint[]): Map<string, string> {
  return new Map(groups.map(({ group, sha256 }) => [group, sha256]));
}
