import { STORE_NAMES, type StoreName } from './names';
import type { OperationRow } from './registry';
import { parseVersionId } from './version-id';

/** The operation that a version leaves in operation_log when it is verified. */
export const VERIFY_OPERATION = 'verify';

/** A committed version as its growth is measured. */
export interface SizedVersion {
  versionId: string;
  /** Bytes of the artifact of each store; null where the version has no manifest any more. */
  bytes: Record<StoreName, number> | null;
}

export interface VersionGrowth extends SizedVersion {
  total: number | null;
  /** Against the version before that has sizes; null for the first. */
  grewBy: number | null;
}

export interface Growth {
  /** Oldest first. */
  versions: VersionGrowth[];
  /** What the next version is expected to take, per store and in all; null without a version to measure by. */
  predicted: { bytes: Record<StoreName, number>; total: number } | null;
}

/** So many versions back the growth is averaged. */
const LOOKS_BACK = 5;

/**
 * Sizes and growth by version, and what the next one will take: the newest, and the mean growth of the last few. A
 * store that shrank is expected to stay as it is, since a disk that proves too small is worse than room to spare.
 */
export function growthOf(sized: readonly SizedVersion[]): Growth {
  const ordered = [...sized].sort((a, b) => parseVersionId(a.versionId).number - parseVersionId(b.versionId).number);
  let before: number | null = null;
  const versions = ordered.map((version): VersionGrowth => {
    const total = version.bytes && totalOf(version.bytes);
    const grewBy = total === null || before === null ? null : total - before;
    before = total ?? before;
    return { ...version, total, grewBy };
  });
  const recent = ordered.flatMap(({ bytes }) => (bytes ? [bytes] : [])).slice(-LOOKS_BACK);
  const newest = recent.at(-1);
  if (!newest) return { versions, predicted: null };
  const bytes = Object.fromEntries(STORE_NAMES.map((store) => [store, expected(recent.map((one) => one[store]))]));
  return { versions, predicted: { bytes: bytes as Record<StoreName, number>, total: totalOf(bytes) } };
}

function expected(sizes: readonly number[]): number {
  const [first = 0] = sizes;
  const last = sizes.at(-1) ?? 0;
  const growth = sizes.length < 2 ? 0 : (last - first) / (sizes.length - 1);
  return Math.round(last + Math.max(0, growth));
}

function totalOf(bytes: Record<string, number>): number {
  return Object.values(bytes).reduce((sum, one) => sum + one, 0);
}

/** How many more versions fit on the disk with its reserve left alone; null where none can be predicted. */
export function howManyFit({ predicted }: Growth, freeBytes: number, reserveBytes: number): number | null {
  if (!predicted || predicted.total === 0) return null;
  return Math.max(0, Math.floor((freeBytes - reserveBytes) / predicted.total));
}

/** When something was last done with a version, as SQLite prints it, and how that ended. */
export interface LastDone {
  at: string;
  passed: boolean;
}

/** The newest operation of a type that has ended. */
export function lastOperation(operations: readonly OperationRow[], type: string): LastDone | null {
  const found = operations.findLast(({ operationType, completedAt }) => operationType === type && completedAt !== null);
  return found?.completedAt ? { at: found.completedAt, passed: found.status === 'success' } : null;
}

/** `{drill: {success: 2, failed: 1}}`: how often each type of operation was done, and how it ended. */
export function countOperations(operations: readonly OperationRow[]): Record<string, Record<string, number>> {
  const counts: Record<string, Record<string, number>> = {};
  for (const { operationType, status } of operations) {
    const of = (counts[operationType] ??= {});
    of[status] = (of[status] ?? 0) + 1;
  }
  return Object.fromEntries(Object.entries(counts).sort(([a], [b]) => (a < b ? -1 : 1)));
}
