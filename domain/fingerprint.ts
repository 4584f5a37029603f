import type { StoreName } from './names';

/**
 * A content fingerprint is a sorted list of groups (a chapter each, and groups of their own for what belongs to no
 * chapter), one digest a group. The store's fingerprint is the SHA-256 of that list as text, so that two lists that
 * differ say which chapters differ. What an item is, byte for byte, is in docs/fingerprints.md.
 */
export interface GroupFingerprint {
  /** A chapter (`bailey:ch60`), or a name in brackets: `(schema)`, `(table ingestion_log)`, `(relationships)`, … */
  group: string;
  items: number;
  sha256: string;
}

/** A list of groups in one line. */
export interface StoreFingerprint {
  items: number;
  groups: number;
  sha256: string;
}

export interface GroupDifference {
  group: string;
  /** Null where that side has no such group. */
  expected: { items: number; sha256: string } | null;
  actual: { items: number; sha256: string } | null;
}

export interface FingerprintComparison {
  store: StoreName;
  same: boolean;
  expected: StoreFingerprint;
  actual: StoreFingerprint;
  /** Exact number of groups that differ; `samples` names at most 20 of them. */
  differing: number;
  samples: GroupDifference[];
}

const MOST_SAMPLES = 20;

/** Compares two lists of one store, group by group. */
export function compareGroups(
  store: StoreName,
  expected: { summary: StoreFingerprint; groups: readonly GroupFingerprint[] },
  actual: { summary: StoreFingerprint; groups: readonly GroupFingerprint[] },
): FingerprintComparison {
  const before = new Map(expected.groups.map((g) => [g.group, g]));
  const after = new Map(actual.groups.map((g) => [g.group, g]));
  const names = [...new Set([...before.keys(), ...after.keys()])].sort();
  const differences = names
    .map((group) => ({ group, expected: sideOf(before.get(group)), actual: sideOf(after.get(group)) }))
    .filter((d) => d.expected?.sha256 !== d.actual?.sha256 || d.expected?.items !== d.actual?.items);
  return {
    store,
    same: expected.summary.sha256 === actual.summary.sha256,
    expected: expected.summary,
    actual: actual.summary,
    differing: differences.length,
    samples: differences.slice(0, MOST_SAMPLES),
  };
}

/** `3 groups differ: bailey:ch1 (12 -> 11), …`, or `identical`. */
export function comparisonText({ same, differing, samples }: FingerprintComparison): string {
  if (same) return 'identical';
  const shown = samples.slice(0, 5).map(({ group, expected, actual }) => {
    return `${group} (${expected?.items ?? 'absent'} -> ${actual?.items ?? 'absent'})`;
  });
  return `${differing} differ: ${shown.join(', ')}${differing > shown.length ? ', …' : ''}`;
}

function sideOf(group: GroupFingerprint | undefined): GroupDifference['expected'] {
  return group ? { items: group.items, sha256: group.sha256 } : null;
}

/** What operation_log keeps of a proof: no groups, only each store's verdict and what it was found to hold. */
export interface BriefComparison {
  store: StoreName;
  same: boolean;
  sha256: string;
}

export function inBrief(comparisons: readonly FingerprintComparison[]): BriefComparison[] {
  return comparisons.map(({ store, same, actual }) => ({ store, same, sha256: actual.sha256 }));
}
