import type { ChapterKey, CheckResult, Offenders } from './checks';
import { chapterIdOf, countPerTextbook } from './chunk-id';
import { OffenderTally, together } from './offenders';

/** The validation checklist. A failed critical check is trigger 3; a failed warning is recorded, and never fatal. */
export const SEVEN_CHECKS = [
  { number: 1, name: 'chapters in SQLite', severity: 'critical' },
  { number: 2, name: 'as many points as paragraphs', severity: 'critical' },
  { number: 3, name: 'every chapter has chunks in Qdrant', severity: 'critical' },
  { number: 4, name: 'chunk ids one to one', severity: 'critical' },
  { number: 5, name: 'no orphan paragraphs', severity: 'critical' },
  { number: 6, name: 'NEXT and PREV chains', severity: 'warning' },
  { number: 7, name: 'cross_references are JSON arrays', severity: 'warning' },
] as const;

export type CheckNumber = (typeof SEVEN_CHECKS)[number]['number'];

/** What a check found. None of them passes over nothing: where there is nothing to look at, it fails. */
export interface Verdict {
  passed: boolean;
  expected: string;
  actual: string;
  offenders: Offenders;
}

/** What check 1 is measured by. */
export interface ExpectedChapters {
  chapters: number;
  /** Null where only the total is known. */
  perTextbook: Readonly<Record<string, number>> | null;
  /** Where the numbers come from, for the reader. */
  source: string;
}

/** Facts of one read of all chunk ids on both sides. */
export interface ChunkMatch {
  /** Exact counts as the stores state them, apart from the reading. */
  counted: { points: number; paragraphs: number };
  /** Points and paragraphs that the reading came by. */
  read: { points: number; paragraphs: number };
  inBoth: number;
  onlyQdrant: Offenders;
  onlyNeo4j: Offenders;
  /** Chunk ids that stand in more than one point (or paragraph). */
  twiceQdrant: Offenders;
  twiceNeo4j: Offenders;
  unnamedQdrant: Offenders;
  unnamedNeo4j: Offenders;
}

/** A check's verdict under the check's name. */
export function resultOf(number: CheckNumber, verdict: Verdict, durationMs?: number): CheckResult {
  const check = SEVEN_CHECKS.find((one) => one.number === number);
  if (!check) throw new RangeError(`there is no check ${number}`);
  const { passed, expected, actual, offenders } = verdict;
  return { ...check, passed, expected, actual, ...(durationMs !== undefined && { durationMs }), offenders };
}

/** Check 1: chapters in total and per textbook; where nothing is stated, that there are any. */
export function judgeChapters(chapters: readonly ChapterKey[], expected: ExpectedChapters | null): Verdict {
  const found = countPerTextbook(chapters.map(({ textbookId }) => textbookId));
  const actual = chaptersText(chapters.length, found);
  if (!expected) return { passed: chapters.length > 0, expected: 'no stated count', actual, offenders: none() };
  const offenders = new OffenderTally();
  const stated = expected.perTextbook ?? {};
  for (const textbook of expected.perTextbook ? [...new Set([...keysOf(stated), ...keysOf(found)])].sort() : []) {
    const [wanted, is] = [stated[textbook] ?? 0, found[textbook] ?? 0];
    if (wanted !== is) offenders.add(`${textbook}: ${is} instead of ${wanted}`);
  }
  if (chapters.length !== expected.chapters)
    offenders.add(`in all: ${chapters.length} instead of ${expected.chapters}`);
  const text = `${chaptersText(expected.chapters, expected.perTextbook ?? {})} (${expected.source})`;
  return {
    passed: chapters.length > 0 && offenders.total === 0,
    expected: text,
    actual,
    offenders: offenders.result(),
  };
}

/** Check 2: exact counts of both stores. */
export function judgeCountsAgree(points: number, paragraphs: number): Verdict {
  return {
    passed: points === paragraphs && points > 0,
    expected: 'equal, and not 0',
    actual: `${points} points, ${paragraphs} paragraphs`,
    offenders: { total: Math.abs(points - paragraphs), samples: [] },
  };
}

/** Check 3: `missing` are the chapters of SQLite that no point's chunk_id begins with. */
export function judgeCoverage(chapters: number, missing: readonly ChapterKey[], pointsRead: number): Verdict {
  const offenders = new OffenderTally();
  for (const chapter of missing) offenders.add(`no chunk in Qdrant: ${chapterIdOf(chapter)}`);
  return {
    passed: chapters > 0 && pointsRead > 0 && missing.length === 0,
    expected: `${chapters} chapters with chunks`,
    actual: `${chapters - missing.length} chapters with chunks, ${pointsRead} points`,
    offenders: offenders.result(),
  };
}

/** Check 4: both ways, and each id once. A reading that ends early is no match either. */
export function judgeMatch(match: ChunkMatch): Verdict {
  const { counted, read, inBoth, onlyQdrant, onlyNeo4j, twiceQdrant, twiceNeo4j } = match;
  const unread = new OffenderTally();
  for (const [store, what] of [
    ['Qdrant', 'points'],
    ['Neo4j', 'paragraphs'],
  ] as const) {
    const [counts, gives] = [counted[what], read[what]];
    if (gives !== counts) unread.add(`${store} counts ${counts} ${what} and hands out ${gives}`);
  }
  const unnamed = match.unnamedQdrant.total + match.unnamedNeo4j.total;
  const offenders = together([
    ...[unread.result(), onlyQdrant, onlyNeo4j, twiceQdrant, twiceNeo4j],
    ...[match.unnamedQdrant, match.unnamedNeo4j],
  ]);
  const differences = [
    [onlyQdrant.total, 'only in Qdrant'],
    [onlyNeo4j.total, 'only in Neo4j'],
    [twiceQdrant.total + twiceNeo4j.total, 'more than once'],
    [unnamed, 'without chunk_id'],
  ] as const;
  const told = differences.filter(([total]) => total > 0).map(([total, what]) => `${total} ${what}`);
  return {
    passed: inBoth > 0 && offenders.total === 0,
    expected: 'each once on both sides',
    actual: [`${inBoth} in both`, ...told].join(', '),
    offenders,
  };
}

/** Check 5. */
export function judgeOrphans(paragraphs: number, orphans: Offenders): Verdict {
  return {
    passed: paragraphs > 0 && orphans.total === 0,
    expected: 'all below a chapter',
    actual: `${paragraphs - orphans.total} of ${paragraphs} paragraphs`,
    offenders: orphans,
  };
}

/** Check 6. */
export function judgeChains(paragraphs: number, { chapters, ...breaks }: Offenders & { chapters: number }): Verdict {
  return {
    passed: paragraphs > 0 && chapters > 0 && breaks.total === 0,
    expected: 'one unbroken chain a chapter',
    actual: `${breaks.total} breaks in ${chapters} chapters`,
    offenders: breaks,
  };
}

/** Check 7. No paragraph need have any, but there must be paragraphs. */
export function judgeCrossReferences(
  paragraphs: number,
  { carrying, ...invalid }: Offenders & { carrying: number },
): Verdict {
  return {
    passed: paragraphs > 0 && invalid.total === 0,
    expected: 'null or a JSON array',
    actual: `${invalid.total} of ${carrying} invalid, ${paragraphs - carrying} null`,
    offenders: invalid,
  };
}

function chaptersText(total: number, perTextbook: Readonly<Record<string, number>>): string {
  const parts = keysOf(perTextbook).map((textbook) => `${textbook} ${perTextbook[textbook]}`);
  return parts.length > 0 ? `${total} (${parts.join(', ')})` : String(total);
}

function keysOf(record: Readonly<Record<string, number>>): string[] {
  return Object.keys(record).sort();
}

function none(): Offenders {
  return { total: 0, samples: [] };
}
