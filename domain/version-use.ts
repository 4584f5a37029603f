import { z } from 'zod';

/** What somebody may be doing with a version besides a change, which has its claim: how it is told. */
export const USES = {
  verify: 'it is being verified',
  compare: 'it is being compared',
  drill: 'it is being drilled',
  unarchive: 'it is being brought back from the archive',
} as const;
export type UseKind = keyof typeof USES;

/**
 * The mark of whoever reads a version for long. It is renewed while the work goes on and counts until its time is over,
 * so that one that was killed holds nothing for ever.
 */
export const versionUseSchema = z.strictObject({
  /** Of the mark, and of its file. */
  id: z.string().regex(/^[0-9a-f]{12}$/),
  versionId: z.string(),
  kind: z.enum(Object.keys(USES) as [UseKind, ...UseKind[]]),
  /** The process at work; where it can be asked after, that it has ended is known before the time is over. */
  host: z.string(),
  pid: z.number().int(),
  until: z.iso.datetime(),
});

export type VersionUse = z.output<typeof versionUseSchema>;

/** How long a mark counts that nobody renews. */
export const USE_MS = 10 * 60_000;

/** Why the version must stay where it is, in words. */
export function useText({ kind, host, pid, until }: VersionUse): string {
  return `${USES[kind]} by process ${pid} on ${host} (marked until ${until})`;
}
