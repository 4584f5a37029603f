import prettyBytes from 'pretty-bytes';
import { driftText, isDrift, type RestorePlan, type StoreChange } from '../../domain/restore';
import { isRescueName } from '../../domain/version-id';
import { STORE_TITLES } from '../../domain/words';
import type { Colors } from '../output';
import { table } from './tables';
import { count, fields } from './text';

/** What a restore would do, for people: per store what changes, what is saved, and what would be refused. */
export function renderRestorePlan(plan: RestorePlan, color: Colors): string {
  const { source, base, current, stores, changes, drift, disk, heldBy, refusals, warnings } = plan;
  const rescue = isRescueName(source.folder);
  const asked = rescue || source.asked === source.versionId ? '' : ` (asked for as ${source.asked})`;
  return [
    `Restore of ${color.bold(rescue ? source.folder : source.versionId)}${asked} of ${base}`,
    ...fields([
      ['production is', current],
      ['stores', stores.map((store) => STORE_TITLES[store]).join(', ')],
      ['read from', source.folder],
      ['saved before', savedText(changes, disk.path)],
      ['disk', `${prettyBytes(disk.neededBytes)} needed, ${prettyBytes(disk.freeBytes)} free in ${disk.path}`],
      ['at work', heldBy],
      ['drift', drift && (isDrift(drift) ? color.yellow(driftText(drift)) : 'none: the stores will agree')],
    ]),
    '',
    changesTable(changes, color),
    ...driftLines(plan),
    ...(source.recovery ? ['', `${color.red('DISASTER RECOVERY')} ${source.recovery}`] : []),
    ...warnings.filter((text) => text !== source.recovery).map((text) => `${color.yellow('warning')} ${text}`),
    ...refusals.flatMap(({ code, found, next }) => [
      `${color.red('refused')} ${code}: ${found}`,
      ...(next ? [`        next: ${next}`] : []),
    ]),
  ].join('\n');
}

function changesTable(changes: readonly StoreChange[], color: Colors): string {
  const rows = changes.map(({ store, same, bytes, chapters, samples, others }) => [
    store,
    same ? 'same' : 'differs',
    count(chapters.added),
    count(chapters.changed),
    count(chapters.removed),
    prettyBytes(bytes),
    [...samples.added, ...samples.changed, ...samples.removed, ...others].slice(0, 4).join(', '),
  ]);
  return table(['store', 'content', 'chapters come', 'change', 'go', 'artifact', 'for example'], rows, color);
}

function driftLines({ drift }: RestorePlan): string[] {
  if (!isDrift(drift)) return [];
  return [
    '',
    'After it the stores disagree:',
    ...drift.samples.slice(0, 10).map(({ chapter, store, version, production }) => {
      return `  ${chapter}: ${STORE_TITLES[store]} stays with ${items(production)}, the version has ${items(version)}`;
    }),
    ...drift.others.map((group) => `  ${group} stays as it is`),
  ];
}

function items(number: number | null): string {
  return number === null ? 'none' : count(number);
}

function savedText(changes: readonly StoreChange[], backups: string): string {
  const saved = changes.filter(({ keptIn }) => keptIn === null).map(({ store }) => STORE_TITLES[store]);
  const kept = changes.flatMap(({ store, keptIn }) =>
    keptIn === null ? [] : [`${STORE_TITLES[store]} (${keptIn} holds it)`],
  );
  const parts = [
    saved.length > 0 ? `${saved.join(', ')} to ${backups}/rescue-…` : '',
    kept.length > 0 ? `not needed: ${kept.join(', ')}` : '',
  ];
  return parts.filter(Boolean).join('\n');
}
