import type {
  Change,
  ChangeTotals,
  ChapterDifference,
  ChunkDifference,
  ComparedSide,
  StoreDifference,
  TextDifference,
  VersionComparison,
} from '../../domain/compare';
import { STORE_TITLES } from '../../domain/words';
import type { Colors } from '../output';
import { table } from './tables';
import { count, plural } from './text';

const SIGNS: Record<Change, string> = { added: '+', changed: '~', removed: '-' };

/** A comparison for people: the verdict, the totals of each store, then what differs, as far as the limit goes. */
export function renderComparison(comparison: VersionComparison, color: Colors): string {
  const { before, after, same, chapter, stores, texts, notes } = comparison;
  const of = chapter === null ? '' : ` in ${chapter}`;
  return [
    `${color.bold(before.name)} -> ${color.bold(after.name)} ${same ? color.green(`the same${of}`) : `differ${of}`}`,
    ...[before, after].map((side) => `  ${sideText(side)}`),
    '',
    totalsTable(stores, color),
    ...stores.flatMap((store) => storeLines(store, color)),
    ...(texts && texts.list.length > 0 ? ['', color.bold('Texts')] : []),
    ...(texts?.list ?? []).flatMap((one) => textLines(one, color)),
    ...leftOut(texts?.leftOut ?? 0, 'text'),
    ...(notes.length > 0 ? ['', ...notes.map((note) => `${color.yellow('note')} ${note}`)] : []),
  ].join('\n');
}

/** `current: version v2_minor_…, made 2026-…`. */
export function sideText({ name, kind, versionId, at }: ComparedSide): string {
  const live = kind === 'production' || kind === 'staging';
  const which = versionId === null || versionId === name ? '' : ` ${versionId}`;
  return `${name}: ${kind}${which}, ${live ? 'read' : 'made'} ${at}`;
}

/** `+3 ~1 -0`. */
export function totalsText({ added, changed, removed }: ChangeTotals): string {
  return `+${count(added)} ~${count(changed)} -${count(removed)}`;
}

/** `(1 -> 2 items)`, where the numbers say something. */
export function itemsText({ itemsBefore, itemsAfter }: ChapterDifference): string {
  if (itemsBefore === null || itemsAfter === null) return plural(itemsBefore ?? itemsAfter ?? 0, 'item');
  return itemsBefore === itemsAfter
    ? plural(itemsAfter, 'item')
    : `${count(itemsBefore)} -> ${plural(itemsAfter, 'item')}`;
}

function totalsTable(stores: readonly StoreDifference[], color: Colors): string {
  const rows = stores.map(({ store, same, chapters, chunks, beyond }) => [
    STORE_TITLES[store],
    same ? color.green('same') : color.yellow('differs'),
    totalsText(chapters),
    count(chapters.unchanged),
    chunks ? totalsText(chunks) : store === 'sqlite' ? '' : 'not known',
    beyond ? String(beyond.list.length + beyond.leftOut) : '',
  ]);
  return table(['store', '', 'chapters', 'unchanged', 'chunks', 'beyond chapters'], rows, color);
}

function storeLines({ store, chapters, beyond, chunks, note }: StoreDifference, color: Colors): string[] {
  const lines = [
    ...chapters.list.flatMap((one) => chapterLines(one, color)),
    ...leftOut(chapters.leftOut, 'chapter'),
    ...(beyond?.list ?? []).flatMap((one) => chapterLines(one, color)),
    ...leftOut(beyond?.leftOut ?? 0, 'group'),
    ...(chunks?.list ?? []).map((one) => `    ${signed(one, `chunk ${one.chunkId}`, color)}`),
    ...leftOut(chunks?.leftOut ?? 0, 'chunk'),
    ...(chunks?.by === 'text' ? ['  chunks are compared by their text alone'] : []),
    ...(note === null ? [] : [`  ${color.yellow('note')} ${note}`]),
  ];
  return lines.length === 0 ? [] : ['', color.bold(STORE_TITLES[store]), ...lines];
}

function chapterLines(one: ChapterDifference, color: Colors): string[] {
  const fields = one.fields?.map(({ field }) => field).join(', ');
  return [`  ${signed(one, `${one.chapter}  ${fields ?? itemsText(one)}`, color)}`];
}

function textLines(one: TextDifference, color: Colors): string[] {
  const words = one.parts.map(({ kind, text }) => {
    if (kind === 'same') return text;
    // Without colours the marks say the same.
    return kind === 'added' ? color.green(`{+${text}+}`) : color.red(`[-${text}-]`);
  });
  const clipped = one.clipped ? ['    (only the beginning is compared)'] : [];
  return ['', `  ${signed(one, one.chunkId, color)}`, ...indented(words.join('')), ...clipped];
}

function indented(text: string): string[] {
  return text.split(/\r?\n/).map((line) => `    ${line}`);
}

function signed({ change }: Pick<ChunkDifference, 'change'>, text: string, color: Colors): string {
  const paint = change === 'added' ? color.green : change === 'removed' ? color.red : color.yellow;
  return `${paint(SIGNS[change])} ${text}`;
}

function leftOut(total: number, what: string): string[] {
  return total > 0 ? [`  and ${plural(total, `more ${what}`)}; --limit shows them`] : [];
}
