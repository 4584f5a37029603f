import type { Inventory } from './inventory';
import type { Artifact } from './manifest';
import type { StoreName } from './names';

export type Severity = 'critical' | 'warning';

/** Samples of what fails a check (at most 20), and how many there are in all. */
export interface Offenders {
  total: number;
  samples: string[];
}

export interface ChapterKey {
  textbookId: string;
  chapterNumber: string;
}

/** The outcome of one named check: what was expected, what was found, and what a failure means. */
export interface CheckResult {
  /** 1 to 7 for the seven checks of the validation checklist; the others have none. */
  number?: number;
  name: string;
  severity: Severity;
  passed: boolean;
  expected: string;
  actual: string;
  durationMs?: number;
  offenders?: Offenders;
}

/** What operation_log keeps of a check: no samples, only its verdict and both sides. */
export function checksInBrief(
  checks: readonly CheckResult[],
): Pick<CheckResult, 'number' | 'name' | 'passed' | 'actual' | 'expected'>[] {
  return checks.map(({ number, name, passed, actual, expected }) => ({ number, name, passed, actual, expected }));
}

export interface LabelCounts {
  paragraphs: number;
  labelled: number;
  unlabelled: number;
}

/** Counts of all three stores after labelling, exact. */
export interface StoreCounts {
  chapters: number;
  perTextbook: Record<string, number>;
  points: number;
  qdrantStatus: string;
  nodes: number;
  relationships: number;
  labels: LabelCounts;
}

/** Judges the counts after labelling against the inventory taken before: the plan's criteria 3 to 6, by counts. */
export function judgeCounts(before: Inventory, after: StoreCounts): CheckResult[] {
  const same = (name: string, expected: unknown, actual: unknown): CheckResult => ({
    name,
    severity: 'critical',
    passed: stable(expected) === stable(actual),
    expected: stable(expected),
    actual: stable(actual),
  });
  return [
    same('chapters in SQLite', before.sqlite.chapters, after.chapters),
    same('chapters per textbook', before.sqlite.perTextbook, after.perTextbook),
    same('points in Qdrant', before.qdrant.points, after.points),
    same('Qdrant collection status', 'green', after.qdrantStatus),
    same('paragraphs in Neo4j', before.neo4j.paragraphs, after.labels.paragraphs),
    same('nodes in Neo4j', before.neo4j.nodes, after.nodes),
    same('relationships in Neo4j', before.neo4j.relationships, after.relationships),
    same('Qdrant points = Neo4j paragraphs', after.labels.paragraphs, after.points),
    same('paragraphs with the version label', before.neo4j.paragraphs, after.labels.labelled),
    same('paragraphs without the version label', 0, after.labels.unlabelled),
  ];
}

/** Judges what the artifacts hold against the inventory, so that no manifest is sealed over a store that moved meanwhile. */
export function judgeArtifacts({ sqlite, qdrant, neo4j }: Inventory, artifacts: readonly Artifact[]): CheckResult[] {
  const expected: Record<StoreName, Record<string, number>> = {
    sqlite: { chapters: sqlite.chapters },
    qdrant: { points: qdrant.points },
    neo4j: { nodes: neo4j.nodes, relationships: neo4j.relationships, paragraphs: neo4j.paragraphs },
  };
  return artifacts.flatMap(({ store, file, counts }) =>
    Object.entries(expected[store])
      .filter(([what]) => what in counts)
      .map(([what, count]) => ({
        name: `${what} in ${file}`,
        severity: 'critical' as const,
        passed: counts[what] === count,
        expected: String(count),
        actual: String(counts[what]),
      })),
  );
}

/** JSON with sorted keys, so that equal facts print equally. */
function stable(value: unknown): string {
  if (typeof value !== 'object' || value === null) return String(value);
  return JSON.stringify(Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))));
}

/** Critical checks that did not pass, in words. */
export function failedCritical(checks: readonly CheckResult[]): string[] {
  return checks
    .filter(({ passed, severity }) => !passed && severity === 'critical')
    .map(({ name, expected, actual }) => `${name}: expected ${expected}, found ${actual}`);
}
