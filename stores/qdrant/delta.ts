import type { ChapterDelta } from '../../domain/chapter-delta';
import type { GroupFingerprint } from '../../domain/fingerprint';
import type { CallControl } from '../ports';
import type { QdrantConnection } from './client';
import { takeFingerprint } from './fingerprint';
import { chapterOf } from './points';
import { resolveCollection } from './resolve';
import { requireStaging } from './staging';

/**
 * Chapters whose points differ between staging and production, by ids, payloads and vectors. The server has no hash of
 * a vector, so that every vector of both collections comes over the wire once, both at the same time; of each point 32
 * bytes are kept.
 *
 * @throws HybridFlowError NOT_STAGING, COLLECTION_MISSING
 */
export async function stagedDelta(connection: QdrantConnection, control: CallControl = {}): Promise<ChapterDelta> {
  const staging = await requireStaging(connection);
  const { collection: production } = await resolveCollection(connection);
  const [before, after] = await sideBySide(control, (one) => [
    takeFingerprint(connection, { deep: true, collection: production, group: chapterOf }, one()),
    takeFingerprint(connection, { deep: true, collection: staging, group: chapterOf }, one()),
  ]);
  return deltaOf(before ?? [], after ?? []);
}

/** Ends only when all have ended; where one fails, the others are told to stop. Progress is that of all together. */
async function sideBySide<T>(
  { onProgress, signal }: CallControl,
  start: (one: () => CallControl) => Promise<T>[],
): Promise<T[]> {
  const stop = new AbortController();
  const progress: number[] = [];
  const one = (): CallControl => {
    const nth = progress.push(0) - 1;
    const report = (done: number) => {
      progress[nth] = done;
      onProgress?.(progress.reduce((sum, each) => sum + each, 0));
    };
    return { onProgress: report, signal: AbortSignal.any([stop.signal, ...(signal ? [signal] : [])]) };
  };
  const work = start(one);
  try {
    return await Promise.all(work);
  } catch (error) {
    stop.abort(error);
    await Promise.allSettled(work);
    throw error;
  }
}

function deltaOf(before: readonly GroupFingerprint[], after: readonly GroupFingerprint[]): ChapterDelta {
  const was = new Map(before.map(({ group, sha256 }) => [group, sha256]));
  const is = new Map(after.map(({ group, sha256 }) => [group, sha256]));
  const chapters = [...new Set([...was.keys(), ...is.keys()])].sort();
  return {
    added: chapters.filter((chapter) => !was.has(chapter)),
    changed: chapters.filter((one) => was.has(one) && is.has(one) && was.get(one) !== is.get(one)),
    removed: chapters.filter((chapter) => !is.has(chapter)),
  };
}
