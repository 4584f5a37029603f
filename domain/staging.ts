import type { ChapterDelta } from './chapter-delta';
import type { CheckResult } from './checks';
import type { ProductionSeen } from './consistency';
import type { StoreName } from './names';
import type { VersionKind } from './version-id';

/** What a staged version changes, store by store. In Neo4j a staged chapter counts as changed unless it is new. */
export type StagedDelta = Record<StoreName, ChapterDelta>;

export interface StagedCounts {
  chapters: number;
  points: number;
  paragraphs: number;
}

/** What Qdrant and Neo4j said of their own writes; null where a store cannot say. See `Marked`. */
export type StagedMarks = ProductionSeen['marks'] & { stagingCollection: string | null };

/** Stores that may hold something else than what was validated, in production and in staging. */
export interface WrittenSince {
  production: StoreName[];
  staging: StoreName[];
}

/** What validating staging found. */
export interface StagingVerdict {
  checks: CheckResult[];
  /** Taken before anything was read: where they still hold, what was read then is what is there. */
  marks: StagedMarks;
  delta: StagedDelta;
  counts: StagedCounts;
  /** SQLite's fingerprint beneath staging: a promote replaces nothing else. */
  production: string;
  /** Fingerprints that production will have: of SQLite and Qdrant whole, of Neo4j the list of its chapters. */
  expected: Record<StoreName, string>;
}

/** Answer of the update `stagingReady`. */
export interface ReadyAnswer {
  /** False where a critical check failed: staging stays open, to be mended and declared ready again. */
  accepted: boolean;
  /** The critical checks that failed, in words. */
  failed: string[];
  verdict: StagingVerdict | null;
  /** Whether somebody has to approve before it is promoted. */
  awaitsApproval: boolean;
}

export type StagingStage =
  'preparing' | 'open' | 'validating' | 'waiting for approval' | 'promoting' | 'promoted' | 'closed';

/** Where a staging stands: part of the query `progress`. */
export interface StagingView {
  stage: StagingStage;
  kind: Exclude<VersionKind, 'baseline'>;
  from: string;
  /** When it cancels itself unless somebody says something before. */
  deadline: string | null;
  /** Where nobody has said anything for long; gone with the next word. */
  warning: string | null;
  requireApproval: boolean;
  approvedBy: string | null;
  /** The answer to the last `stagingReady`. */
  lastReady: ReadyAnswer | null;
}

/** Every chapter that a staged version touches in any store. */
export function chaptersOf(delta: StagedDelta, what: keyof ChapterDelta): string[] {
  return [...new Set(Object.values(delta).flatMap((of) => of[what]))].sort();
}
