import type { CompensationResult, StepRecord } from './baseline';
import type { ChapterDelta } from './chapter-delta';
import type { CheckResult } from './checks';
import type { ProductionSeen } from './consistency';
import type { ErrorCode } from './errors';
import type { FingerprintComparison, GroupFingerprint, StoreFingerprint } from './fingerprint';
import type { StoreName } from './names';
import type { ProbeComparison } from './probes';
import type { RehearsedStore } from './rehearsal';
import type { RollbackRecord } from './rollback';

/** The baseline, whatever its id is. */
export const BASELINE_ALIAS = 'baseline';

/** Input of `restoreVersion`. Without a version there is nothing to do; the rest is optional. */
export interface RestoreInput {
  /** A version id, `latest-copy`, `baseline`, or a rescue folder. */
  version?: string;
  /** Only these; all three where none is named. */
  stores?: StoreName[];
  /** Why; written to the records. */
  reason?: string;
  startedBy?: string;
  /** Attempts of one step before it counts as failed for good. */
  maxAttempts?: number;
  /** The drift that a restore of some stores causes was shown, and is wanted. */
  acceptDrift?: boolean;
}

/** What is restored from. */
export interface RestoreSource {
  /** As it was asked for. */
  asked: string;
  /** The folder that the artifacts are read from: a version's, latest-copy, or a rescue folder. */
  folder: string;
  /** The version that the folder holds; of a rescue folder, the one that production was when it was saved. */
  versionId: string;
  /** Why the folder is not the one that was asked for; null where it is. */
  recovery: string | null;
}

/** What a restore does to one store: production as it stands, held against the version. */
export interface StoreChange {
  store: StoreName;
  same: boolean;
  /** Of the artifact that it is restored from. */
  bytes: number;
  chapters: { added: number; changed: number; removed: number };
  /** At most a few of each. */
  samples: ChapterDelta;
  /** What differs and belongs to no chapter: `(schema)`, `(relationships)`, … */
  others: string[];
  /** The version, or copy, that goes on holding what production holds now; null: it is saved before the switch. */
  keptIn: string | null;
}

/** What the stores will disagree about after some of them were restored. */
export interface Drift {
  chapters: number;
  /** Chunks of these chapters, as the stores that stay hold them, or the version does. */
  chunks: number;
  samples: { chapter: string; store: StoreName; version: number | null; production: number | null }[];
  /** Groups that belong to no chapter, as `neo4j (relationships)`. */
  others: string[];
}

export interface RestorePlan {
  format: 'hybridflow-restore-plan/1';
  base: string;
  takenAt: string;
  source: RestoreSource;
  /** What production is now; null where nothing says so. */
  current: string | null;
  stores: StoreName[];
  changes: StoreChange[];
  /** What the plan is made for: a switch over something else would lose it. */
  production: ProductionSeen;
  /** Null where all three stores are restored. */
  drift: Drift | null;
  disk: { path: string; freeBytes: number; neededBytes: number };
  /** Somebody who may be at work, in words. */
  heldBy: string | null;
  refusals: { code: ErrorCode; found: string; expected: string | null; next: string | null }[];
  warnings: string[];
}

/** A store as it was saved before the switch. */
export interface SavedStore {
  file: string;
  sha256: string;
  /** Null where somebody wrote while it was saved, so that nobody can say what exactly it holds. */
  fingerprint: StoreFingerprint | null;
}

/** What the journal keeps of a restore, so that whoever comes next can drive it forward. */
/** Whether a restore has begun to overwrite a store, and whether that is one step or several. */
export type Begun = false | 'at-once' | 'in-parts';

/** By these names the journal says so; a journal from before this was kept says nothing. */
export const BEGUN = { qdrant: 'begunQdrant', neo4j: 'begunNeo4j' } as const;

export interface RestoreDetails extends Partial<Record<(typeof BEGUN)[keyof typeof BEGUN], Begun>> {
  source: RestoreSource;
  base: string;
  rescue: string | null;
  /** What the rescue folder holds; a journal from before this was kept has none. */
  saved?: Partial<Record<StoreName, SavedStore>>;
  keptIn: Partial<Record<StoreName, string>>;
  drift: Drift | null;
  reason: string | null;
  startedBy: string | null;
}

export type RestoreFacts = Pick<RestoreOutcome, 'base' | 'versionId' | 'asked' | 'from' | 'recovery' | 'stores'> &
  Pick<RestoreOutcome, 'previousVersionId' | 'rescue' | 'keptIn' | 'drift' | 'startedBy' | 'why'>;

/** Result of `restoreVersion`, and the details of its failure where it ended otherwise. */
export interface RestoreOutcome {
  outcome: 'restored' | 'rolled_back' | 'needs_operator';
  base: string;
  /** What production is afterwards. */
  versionId: string;
  asked: string;
  /** What was restored: another version than `versionId` where some stores only were taken from an older one. */
  from: string;
  recovery: string | null;
  stores: StoreName[];
  previousVersionId: string | null;
  /** Where what was there before is kept; null where a version holds it already. */
  rescue: string | null;
  keptIn: Partial<Record<StoreName, string>>;
  drift: Drift | null;
  startedBy: string | null;
  /** Why it was asked for. */
  why: string | null;
  rehearsal: RehearsedStore[];
  /** Restored stores against what the version was sealed with. */
  comparisons: FingerprintComparison[];
  checks: CheckResult[];
  probes: ProbeComparison[];
  /** Fingerprints are the version's, and no critical check fails that the predicted drift does not explain. */
  proven: boolean;
  latestCopyPath: string | null;
  steps: StepRecord[];
  /** Why it did not end well. */
  reason: string | null;
  compensations: CompensationResult[];
  rollback: RollbackRecord | null;
  warnings: string[];
  reportPath: string | null;
}

export interface Groups {
  groups: readonly GroupFingerprint[];
}

const MOST_SAMPLES = 5;
const MOST_DRIFT_SAMPLES = 20;

/** Names in brackets are groups of what belongs to no chapter. */
export function isChapterGroup(group: string): boolean {
  return !group.startsWith('(');
}

/** What becomes of production's groups when the version takes their place. */
export function changesBetween(production: Groups, version: Groups): ChapterDelta & { others: string[] } {
  const now = new Map(production.groups.map((one) => [one.group, one.sha256]));
  const then = new Map(version.groups.map((one) => [one.group, one.sha256]));
  const differing = [...new Set([...now.keys(), ...then.keys()])]
    .sort()
    .filter((group) => now.get(group) !== then.get(group));
  const chapters = differing.filter(isChapterGroup);
  return {
    added: chapters.filter((group) => !now.has(group)),
    changed: chapters.filter((group) => now.has(group) && then.has(group)),
    removed: chapters.filter((group) => !then.has(group)),
    others: differing.filter((group) => !isChapterGroup(group)),
  };
}

/** The numbers and a few samples of a store's change. */
export function summarizeChanges(
  production: Groups,
  version: Groups,
): Pick<StoreChange, 'chapters' | 'samples' | 'others'> {
  const { added, changed, removed, others } = changesBetween(production, version);
  const few = (list: readonly string[]) => list.slice(0, MOST_SAMPLES);
  return {
    chapters: { added: added.length, changed: changed.length, removed: removed.length },
    samples: { added: few(added), changed: few(changed), removed: few(removed) },
    others: few(others),
  };
}

/**
 * What the stores will disagree about: wherever a store that stays as it is holds another chapter than the version
 * does, it will stand beside restored ones that hold the version's.
 */
export function predictDrift(staying: readonly { store: StoreName; production: Groups; version: Groups }[]): Drift {
  const chunks = new Map<string, number>();
  const samples: Drift['samples'] = [];
  const others: string[] = [];
  for (const { store, production, version } of staying) {
    const delta = changesBetween(production, version);
    others.push(...delta.others.map((group) => `${store} ${group}`));
    const items = (side: Groups) => new Map(side.groups.map((one) => [one.group, one.items]));
    const [now, then] = [items(production), items(version)];
    for (const chapter of [...delta.added, ...delta.changed, ...delta.removed].sort()) {
      const sides = { version: then.get(chapter) ?? null, production: now.get(chapter) ?? null };
      // SQLite has a row a chapter, and says nothing of its chunks.
      const counted = store === 'sqlite' ? 0 : Math.max(sides.version ?? 0, sides.production ?? 0);
      chunks.set(chapter, Math.max(chunks.get(chapter) ?? 0, counted));
      if (samples.length < MOST_DRIFT_SAMPLES) samples.push({ chapter, store, ...sides });
    }
  }
  const sum = [...chunks.values()].reduce((total, one) => total + one, 0);
  return { chapters: chunks.size, chunks: sum, samples, others };
}

export function isDrift(drift: Drift | null): drift is Drift {
  return drift !== null && (drift.chapters > 0 || drift.others.length > 0);
}

/** `12 chapters (1,034 chunks) and neo4j (relationships)`. */
export function driftText({ chapters, chunks, others }: Drift): string {
  const parts = chapters > 0 ? [`${chapters} chapter${chapters === 1 ? '' : 's'} (${chunks} chunks)`] : [];
  return [...parts, ...others].join(', ');
}
