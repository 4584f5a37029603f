import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Context } from '@temporalio/activity';

/**
 * Port methods that only read. Whatever is not named here counts as changing something, so that a method added later is
 * a step at which a worker is killed until somebody says otherwise.
 */
const READS = new Set(
  `assertStagingFits brokenChains chapterRows chapters chapterTexts checksOf chunks collectionsNamed committedBaseline
   countExport counts current describe digest exists exportChecks find fingerprint fingerprintExport fingerprintPoints firstChapters freeBytes
   hierarchy holds inspectTables integrity invalidCrossReferences inventory list listSnapshots listVersions mark
   markerLabels nearest nearestIn nextNumber operations orphans paragraphs paragraphsPerTextbook pathOf pointDigests
   points pointsPerTextbook read readClaim readFence readManifest readMode readReport readText reportedVersions residues
   schemaHealth stagedChapters stagedChecks stagedDelta stagedFingerprint status texts verifyArchived writers`.split(
    /\s+/,
  ),
);

export const changes = (call: string): boolean => !READS.has(call.slice(call.lastIndexOf('.') + 1));

/** What a call is asked for, as far as it is the same in every run: names of files, of states, of stores. */
function asked(args: readonly unknown[]): string {
  const words = args.flatMap((arg) => {
    const word = typeof arg === 'object' && arg !== null && 'file' in arg ? arg.file : arg;
    return typeof word === 'string' && /^[a-z][a-z_-]*(\.[a-z_.-]+)?$/.test(word) ? [word] : [];
  });
  return [...new Set(words)].join(', ');
}

/** The steps of a run that change something, each by name; all its workers keep them in one folder. */
export class Steps {
  constructor(private readonly folder: string) {}

  /**
   * The name of this step, the first time that its activity comes to it: the activity, the call, and which of the run's
   * activities of that kind it is. Undefined where it has been there before, or outside an activity.
   */
  enter(call: string, args: readonly unknown[]): string | undefined {
    const info = contextOf();
    if (!info) return undefined;
    const { activityType, activityId } = info;
    for (let nth = 1; ; nth++) {
      const name = `${activityType}: ${call}(${asked(args)}) ${nth}`;
      const file = join(this.folder, name);
      try {
        writeFileSync(file, activityId, { flag: 'wx' });
        return name;
      } catch {
        if (readFileSync(file, 'utf8') === activityId) return undefined;
      }
    }
  }
}

/** Who dies in it has failed the step for good. */
export function isLastAttempt(): boolean {
  const { attempt = 0, retryPolicy } = contextOf() ?? {};
  const attempts = retryPolicy?.maximumAttempts ?? 0;
  return attempts > 0 && attempt >= attempts;
}

function contextOf() {
  try {
    return Context.current().info;
  } catch {
    return undefined;
  }
}
