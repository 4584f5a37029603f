import { setTimeout as pause } from 'node:timers/promises';
import { HybridFlowError } from '../domain/errors';
import type { SwitchJournal } from '../stores/ports';
import { openMetadataStore } from '../stores/sqlite';

/** The version that a reader has before it: what to tell its users, and to cache under. */
export interface VersionRead {
  versionId: string;
}

export interface ReadOptions {
  /** How long a switch that is under way is waited for, in all. */
  timeoutMs?: number;
  pauseMs?: number;
}

/**
 * Reads from all three stores as of one version: never a mixture of two. The version is looked up before and after; if
 * a switch was under way or came in between, the read is done again. `read` must therefore be free of effects.
 *
 * @throws HybridFlowError WAIT_TIMED_OUT where switches leave no time to read, VERSION_UNKNOWN where there is no version
 */
export async function readOneVersion<T>(
  journal: Pick<SwitchJournal, 'list' | 'current'>,
  read: (version: VersionRead) => Promise<T>,
  { timeoutMs = 60_000, pauseMs = 50 }: ReadOptions = {},
): Promise<T> {
  const giveUpAt = Date.now() + timeoutMs;
  for (;;) {
    const before = momentOf(journal);
    if (before.quiet) {
      const outcome = await settled(() => read({ versionId: currentOf(journal) }));
      const after = momentOf(journal);
      if (after.quiet && after.entry === before.entry) return unwrap(outcome);
    }
    if (Date.now() > giveUpAt) throw noPeace(timeoutMs);
    await pause(pauseMs);
  }
}

/** As {@link readOneVersion}, for a program that knows no more than where metadata.db is. */
export async function readVersionOf<T>(
  metadataDb: string,
  read: (version: VersionRead) => Promise<T>,
  options?: ReadOptions,
): Promise<T> {
  const metadata = openMetadataStore(metadataDb);
  try {
    return await readOneVersion(metadata.journal, read, options);
  } finally {
    metadata.close();
  }
}

/** The newest entry, and whether production is between two versions. What is not committed yet may still go either way. */
function momentOf(journal: Pick<SwitchJournal, 'list'>): { entry: number; quiet: boolean } {
  const newest = journal.list()[0];
  return { entry: newest?.id ?? 0, quiet: newest?.state !== 'switching' };
}

function currentOf(journal: Pick<SwitchJournal, 'current'>): string {
  const versionId = journal.current()?.versionId;
  if (versionId !== undefined) return versionId;
  throw new HybridFlowError('VERSION_UNKNOWN', {
    found: 'production has no version',
    expected: 'a committed baseline',
    next: 'register it with `hfv migrate`',
  });
}

type Outcome<T> = { value: T } | { error: unknown };

/** What goes wrong while production changes under a reader is no news: it reads again. */
async function settled<T>(work: () => Promise<T>): Promise<Outcome<T>> {
  try {
    return { value: await work() };
  } catch (error) {
    return { error };
  }
}

function unwrap<T>(outcome: Outcome<T>): T {
  if ('error' in outcome) throw outcome.error;
  return outcome.value;
}

function noPeace(timeoutMs: number): HybridFlowError {
  return new HybridFlowError('WAIT_TIMED_OUT', {
    found: `production was being switched for ${timeoutMs / 1_000} s`,
    expected: 'a switch that ends; it takes seconds as a rule',
    next: 'look at it with `hfv doctor`',
  });
}
