import type { RetentionSettings } from './baseline';
import { isActive, type VersionStatus } from './status';
import { USE_MS } from './version-use';
import { momentOf } from './window';

/** Leftovers that lie in the backups folder. */
const BACKUPS_LEFTOVERS = [
  'temporary',
  'removed',
  'building',
  'previous',
  'copy',
  'rescue',
  'version',
  'archive',
  'mark',
] as const;
export type BackupsLeftover = (typeof BACKUPS_LEFTOVERS)[number];

/**
 * What runs that were killed may leave. `staging collection`: one that becomes production where that is read through an
 * alias. `staging data`: whatever lies under staging's own names, in each of the stores.
 */
export const LEFTOVER_KINDS = [
  ...BACKUPS_LEFTOVERS,
  'snapshot',
  'rehearsal collection',
  'staging collection',
  'staging data',
  'version label',
] as const;
export type LeftoverKind = (typeof LEFTOVER_KINDS)[number];

/** Something that is there, before anybody has judged whether it should be. */
export interface Residue {
  kind: LeftoverKind;
  where: 'backups' | 'sqlite' | 'qdrant' | 'neo4j';
  /** As its store names it. */
  name: string;
  bytes: number | null;
  /** ISO 8601: when it was made, or last written; null where its store does not say. */
  since: string | null;
  ownerRunId: string | null;
  /** `ended` and `open` as Temporal says; `unasked` where it could not be asked; `stranger` where no run of this base is known to own it. */
  run: 'open' | 'ended' | 'unasked' | 'stranger';
  /** What is known of the version that it belongs to, where it belongs to one. */
  status?: VersionStatus;
  /** Of folders: whether they are whole. Of snapshots: whether their bytes lie in the backups folder, and so were taken by us. */
  proven?: boolean;
}

export interface Leftover extends Residue {
  /** `sweep`: nobody needs it any more. `wait`: somebody may. `report`: whose it is, or whether it is needed, is for a person to say. */
  verdict: 'sweep' | 'wait' | 'report';
  /** Why, in words. */
  reason: string;
}

export interface LeftoverFacts {
  now: Date;
  settings: Pick<RetentionSettings, 'graceMinutes' | 'archiveDays'>;
  /** What is under way or was left half done, in words; its leftovers are its own undo's to remove. */
  underWay: string | null;
  /** Who reads or writes a version for long just now, in words: the copies that they make name no owner. Null where nobody does. */
  inUse: string | null;
  /** When the last change of this base ended: what has no age of its own is at least as old. Null where there was none. */
  quietSince: string | null;
  /** Whether this base ever staged a version: only then can what lies under staging's names be ours. */
  everStaged: boolean;
  /** Whether there is a sound latest-copy. */
  latestCopy: boolean;
}

type Judgement = Pick<Leftover, 'verdict' | 'reason'>;

const DAY_MS = 24 * 3_600_000;

/**
 * What is to become of each thing found; what is as it should be is no leftover, and left out. Nothing whose run goes
 * on, or may go on, is swept, nor anything within the grace period.
 */
export function judgeLeftovers(found: readonly Residue[], facts: LeftoverFacts): Leftover[] {
  return found.flatMap((residue) => {
    const judged = judge(residue, facts);
    return judged ? [{ ...residue, ...judged }] : [];
  });
}

function judge(residue: Residue, facts: LeftoverFacts): Judgement | undefined {
  const own = RULES[residue.kind](residue, facts);
  if (own?.verdict !== 'sweep') return own;
  if (residue.run === 'open') return wait('its run goes on');
  if (residue.run === 'unasked') return wait('whether its run goes on cannot be asked now');
  return within(residue, facts, facts.settings.graceMinutes * 60_000) ? wait('within the grace period') : own;
}

const RULES: Record<LeftoverKind, (residue: Residue, facts: LeftoverFacts) => Judgement | undefined> = {
  temporary: unlessInUse('an attempt was writing it'),
  removed: () => sweep('its removal was broken off'),
  copy: unlessInUse('a copy that was opened to be looked at'),
  building: () => sweep('a latest-copy that was never published'),
  previous: previousCopy,
  rescue: (residue, facts) => {
    const { archiveDays } = facts.settings;
    if (within(residue, facts, archiveDays * DAY_MS)) {
      return wait(`what was there before a restore; kept for ${archiveDays} days`);
    }
    // A restore may be giving it back.
    return facts.underWay
      ? wait(`${facts.underWay} may be reading it`)
      : sweep(`what was there before a restore, more than ${archiveDays} days ago`);
  },
  version: versionFolder,
  archive: archivedFolder,
  mark: (residue, facts) => (within(residue, facts, USE_MS) ? undefined : sweep('whoever used the version has ended')),
  snapshot: ({ proven }, facts) => {
    if (!proven) return report('whoever took it cannot be known');
    return facts.underWay
      ? wait(`${facts.underWay} may be using it`)
      : sweep('its bytes are kept in the backups folder');
  },
  'rehearsal collection': ({ run }) =>
    run === 'stranger' ? report('no run of this base is known to have made it') : sweep('a rehearsal was broken off'),
  'staging collection': ({ status }, facts) => {
    if (status === undefined) return report('the registry does not know its version');
    if (isActive(status)) return undefined;
    return facts.underWay
      ? wait(`${facts.underWay} may need it`)
      : sweep(`its version is ${status}, and nobody reads it`);
  },
  'staging data': staged,
  'version label': versionLabel,
};

function unlessInUse(reason: string) {
  return (_: Residue, { inUse }: LeftoverFacts): Judgement => (inUse === null ? sweep(reason) : wait(inUse));
}

/** The only copy of production may be this one, where its run was killed between the two renames. */
function previousCopy({ status }: Residue, { latestCopy }: LeftoverFacts): Judgement {
  if (!latestCopy) return report('there is no latest-copy: the next change puts this one back');
  const committed = status === 'committed' || status === 'archived';
  if (committed) return sweep('the latest-copy before the one that its run committed');
  return report('its run did not commit: `hfv rollback --continue` decides which copy stays');
}

function versionFolder({ status, proven }: Residue): Judgement | undefined {
  if (status === undefined && proven) return report('a whole version that the registry does not know');
  if (status === undefined) return sweep('never completed, and the registry does not know it');
  if (status === 'rolled_back' || status === 'cancelled') return sweep(`its version is ${status.replaceAll('_', ' ')}`);
  // Of one under way, its run or the undo of it decides; the others are the window's.
  return undefined;
}

function archivedFolder({ status, proven }: Residue): Judgement | undefined {
  if (status === 'archived') return undefined;
  if (status === undefined) return report('an archived version that the registry does not know');
  // Where the folder beside the others is gone, the archiving is to be completed, which is the window's.
  if (status === 'committed') return proven ? sweep('the version stays in the window, beside the others') : undefined;
  return report(`its version is ${status.replaceAll('_', ' ')}`);
}

function staged(_: Residue, { underWay, everStaged }: LeftoverFacts): Judgement | undefined {
  if (underWay) return undefined;
  if (!everStaged) return report('no version of this base was ever staged');
  return sweep('no version is being staged');
}

function versionLabel({ status }: Residue, { underWay }: LeftoverFacts): Judgement | undefined {
  if (status === 'committed' || (status && isActive(status))) return undefined;
  if (status === undefined) return report('the registry knows no version of this label');
  return underWay ? wait(`${underWay} comes first`) : sweep(`its version is ${status.replaceAll('_', ' ')}`);
}

/** Something without an age of its own is as old as the last change at least. */
function within({ since }: Residue, { now, quietSince }: LeftoverFacts, milliseconds: number): boolean {
  const from = since ?? quietSince;
  return from !== null && now.getTime() - momentOf(from) < milliseconds;
}

function sweep(reason: string): Judgement {
  return { verdict: 'sweep', reason };
}

function wait(reason: string): Judgement {
  return { verdict: 'wait', reason };
}

function report(reason: string): Judgement {
  return { verdict: 'report', reason };
}
