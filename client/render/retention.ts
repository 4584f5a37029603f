import prettyBytes from 'pretty-bytes';
import type { Leftover } from '../../domain/leftovers';
import type { VersionLeft, WindowApplied } from '../../domain/retention';
import type { WindowItem, WindowPlan } from '../../domain/window';
import type { Colors } from '../output';
import type { ScheduleView } from '../schedules';
import { interval } from './interval';
import { table } from './tables';
import { plural } from './text';

/** What `hfv retain --dry-run` prints. Field names are part of the contract. */
export interface RetentionPlanView {
  base: string;
  dryRun: true;
  plan: WindowPlan;
  leftovers: Leftover[];
  /** Undefined where Temporal does not answer, null where there is no schedule. */
  schedule?: ScheduleView | null;
  notes: string[];
}

/** What applying the window would do: every version with its fate, its bytes and why. */
export function renderRetentionPlan(
  { base, plan, leftovers, schedule, notes }: RetentionPlanView,
  color: Colors,
): string {
  const fates: [string, WindowItem[]][] = [
    [color.red('delete'), plan.delete],
    [color.yellow('archive'), plan.archive],
    [color.green('keep'), plan.keep],
  ];
  const rows = fates.flatMap(([fate, items]) => items.map((item) => [fate, item.versionId, sizeOf(item), item.reason]));
  const done = plan.delete.length + plan.archive.length === 0;
  return [
    `${color.bold(base)} ${done ? 'no version is to leave' : leaving(plan)}${plan.emergency ? ' (emergency)' : ''}`,
    ...(rows.length > 0
      ? ['', table(['would', 'version', 'size', 'why'], rows, color)]
      : ['  no version has files yet']),
    ...leftoverLines(leftovers, 'would be swept', color),
    '',
    scheduleLine(schedule),
    ...notes.map((note) => `${color.yellow('note')} ${note}`),
  ].join('\n');
}

const STATES: Record<VersionLeft['state'], (color: Colors) => string> = {
  archived: (color) => color.yellow('archived'),
  deleted: (color) => color.red('deleted'),
  kept: (color) => color.yellow('left as it is'),
};

/** What applying the window has done. */
export function renderApplied(
  applied: WindowApplied,
  schedule: ScheduleView | null | undefined,
  color: Colors,
): string {
  const { base, emergency, left, kept, leftovers, freedBytes, warnings } = applied;
  const rows = [
    ...left.map((one) => [STATES[one.state](color), one.versionId, shrunk(one), one.reason]),
    ...kept.map((one) => [color.green('kept'), one.versionId, sizeOf(one), one.reason]),
  ];
  const gone = left.filter(({ state }) => state !== 'kept').length;
  const did =
    gone === 0
      ? 'no version left the window'
      : `${plural(gone, 'version')} left the window, ${bytes(freedBytes)} freed`;
  const { swept, waiting, reported } = leftovers.counts;
  return [
    `${color.bold(base)} ${did}${emergency ? ' (emergency)' : ''}`,
    ...(rows.length > 0 ? ['', table(['', 'version', 'size', 'why'], rows, color)] : []),
    ...leftoverLines([...leftovers.swept, ...leftovers.reported], 'swept', color),
    ...(swept + waiting + reported > 0
      ? [`  ${plural(swept, 'leftover')} swept, ${waiting} not yet, ${reported} to be looked at`]
      : []),
    '',
    scheduleLine(schedule),
    ...(applied.reportPath ? [`report ${applied.reportPath}`] : []),
    ...leftovers.notes.map((note) => `${color.yellow('note')} ${note}`),
    ...warnings.map((warning) => `${color.yellow('warning')} ${warning}`),
  ].join('\n');
}

/** `applied every 1 d, next at …`, or why it is not. */
export function retentionScheduleText({ everySeconds, paused, note, nextAt, skipped }: ScheduleView): string {
  return [
    everySeconds === null
      ? 'applied by a schedule of somebody else’s making'
      : `applied every ${interval(everySeconds)}`,
    paused ? `PAUSED${note ? ` (${note})` : ''}` : nextAt && `next at ${nextAt}`,
    skipped > 0 && `${skipped} skipped because the one before had not ended`,
  ]
    .filter(Boolean)
    .join(', ');
}

function scheduleLine(schedule: ScheduleView | null | undefined): string {
  if (schedule === undefined) return 'whether it is applied by schedule is not known';
  return schedule ? retentionScheduleText(schedule) : 'not applied by schedule (`hfv retain schedule`)';
}

function leaving({ archive, delete: gone, freesBytes, archivesBytes }: WindowPlan): string {
  return [
    gone.length > 0 && `${plural(gone.length, 'version')} would be deleted (${prettyBytes(freesBytes)} freed)`,
    archive.length > 0 &&
      `${plural(archive.length, 'version')} archived (${prettyBytes(archivesBytes)} before compression)`,
  ]
    .filter(Boolean)
    .join(', ');
}

function leftoverLines(leftovers: readonly Leftover[], swept: string, color: Colors): string[] {
  if (leftovers.length === 0) return [];
  const verdicts: Record<Leftover['verdict'], string> = {
    sweep: color.red(swept),
    wait: color.yellow('not yet'),
    report: color.yellow('look at'),
  };
  const rows = leftovers.map(({ verdict, where, kind, name, bytes: size, since, ownerRunId, reason }) => [
    verdicts[verdict],
    `${kind} in ${where}`,
    name,
    size === null ? '' : prettyBytes(size),
    since ?? '',
    ownerRunId?.slice(0, 8) ?? '',
    reason,
  ]);
  return ['', table(['leftover', 'what', 'name', 'size', 'since', 'run', 'why'], rows, color)];
}

function sizeOf({ bytes: size, sharedBytes }: WindowItem): string {
  return `${prettyBytes(size)}${sharedBytes > 0 ? `, ${prettyBytes(sharedBytes)} shared` : ''}`;
}

function shrunk({ state, bytes: before, storedBytes }: VersionLeft): string {
  if (state === 'kept') return '';
  return state === 'deleted' ? prettyBytes(before) : `${prettyBytes(before)} -> ${prettyBytes(storedBytes)}`;
}

/** Where other versions go on using what was compressed, the archive takes more than it frees. */
function bytes(value: number): string {
  return value < 0 ? `-${prettyBytes(-value)}` : prettyBytes(value);
}
