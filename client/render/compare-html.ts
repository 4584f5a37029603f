import type {
  Change,
  ChapterDifference,
  ChunkDifference,
  FieldDifference,
  StoreDifference,
  TextDifference,
  TextPart,
  VersionComparison,
} from '../../domain/compare';
import { inOrder } from '../../domain/compare';
import type { StoreName } from '../../domain/names';
import { STORE_TITLES } from '../../domain/words';
import { itemsText, sideText, totalsText } from './compare';
import { COMPARISON_STYLE } from './compare-style';
import { count, plural } from './text';

const WORDS: Record<Change, string> = { added: 'added', changed: 'changed', removed: 'removed' };

/** One chapter of the page: what each store says about it. */
interface Chapter {
  name: string;
  stores: { store: StoreName; difference: ChapterDifference; chunks: ChunkDifference[] }[];
  texts: TextDifference[];
}

/** A comparison as one page that needs nothing else: no script, no font, no picture from anywhere. */
export function comparisonPage(comparison: VersionComparison): string {
  const { before, after, same, chapter, stores, texts, notes } = comparison;
  const title = `${before.name} → ${after.name}`;
  const verdict = `${same ? 'The same' : 'They differ'}${chapter === null ? '' : ` in ${chapter}`}.`;
  const told = [...notes, ...stores.flatMap(({ note }) => note ?? []), ...omitted(comparison)];
  return [
    '<!doctype html>',
    '<html lang="en">',
    '<head>',
    '<meta charset="utf-8">',
    `<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">`,
    '<meta name="viewport" content="width=device-width, initial-scale=1">',
    '<meta name="color-scheme" content="light dark">',
    `<title>${escape(title)}</title>`,
    `<style>${COMPARISON_STYLE}</style>`,
    '</head>',
    '<body>',
    `<h1>${escape(title)}</h1>`,
    `<p class="${same ? 'same' : 'differ'}">${escape(verdict)}</p>`,
    `<ul class="sides">${[before, after].map((side) => `<li>${escape(sideText(side))}</li>`).join('')}</ul>`,
    totalsTable(stores),
    ...told.map((note) => `<p class="note">${escape(note)}</p>`),
    ...chaptersOf(stores, texts?.list ?? []).map(chapterSection),
    ...stores.flatMap(beyondSection),
    '</body>',
    '</html>',
    '',
  ].join('\n');
}

/** Makes a text one that HTML shows as it is, in an element or in a quoted attribute. */
export function escape(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

function totalsTable(stores: readonly StoreDifference[]): string {
  const rows = stores.map(({ store, same, chapters, chunks }) =>
    [
      `<th scope="row">${STORE_TITLES[store]}</th>`,
      `<td class="${same ? 'same' : 'differ'}">${same ? 'same' : 'differs'}</td>`,
      `<td>${totalsText(chapters)}</td><td>${count(chapters.unchanged)}</td>`,
      `<td>${chunks ? totalsText(chunks) : store === 'sqlite' ? '' : 'not known'}</td>`,
    ].join(''),
  );
  const head = ['store', '', 'chapters', 'unchanged', 'chunks'].map((name) => `<th scope="col">${name}</th>`);
  return `<table class="totals"><thead><tr>${head.join('')}</tr></thead><tbody>${rows
    .map((row) => `<tr>${row}</tr>`)
    .join('')}</tbody></table>`;
}

/** What the lists leave out, one sentence each. */
function omitted({ stores, limit }: VersionComparison): string[] {
  return stores.flatMap(({ store, chapters, chunks, beyond }) => {
    const rest = [
      ...(chapters.leftOut > 0 ? [plural(chapters.leftOut, 'more chapter')] : []),
      ...(chunks && chunks.leftOut > 0 ? [plural(chunks.leftOut, 'more chunk')] : []),
      ...(beyond && beyond.leftOut > 0 ? [plural(beyond.leftOut, 'more group')] : []),
    ];
    const by = chunks?.by === 'text' ? [`${STORE_TITLES[store]}: chunks are compared by their text alone.`] : [];
    if (rest.length === 0) return by;
    return [
      ...by,
      `${STORE_TITLES[store]}: ${rest.join(' and ')} left out (limit ${count(limit)}); the totals are exact.`,
    ];
  });
}

function chaptersOf(stores: readonly StoreDifference[], texts: readonly TextDifference[]): Chapter[] {
  const chapters = new Map<string, Chapter>();
  const named = (name: string) => {
    const chapter = chapters.get(name) ?? { name, stores: [], texts: [] };
    chapters.set(name, chapter);
    return chapter;
  };
  for (const { store, chapters: found, chunks } of stores) {
    for (const difference of found.list) {
      const own = chunks?.list.filter(({ chapter }) => chapter === difference.chapter) ?? [];
      named(difference.chapter).stores.push({ store, difference, chunks: own });
    }
  }
  for (const text of texts) named(text.chapter).texts.push(text);
  return [...chapters.values()].sort((a, b) => inOrder(a.name, b.name));
}

function chapterSection({ name, stores, texts }: Chapter): string {
  const told = stores.map(({ store, difference }) => `${STORE_TITLES[store]} ${badge(difference.change)}`);
  return [
    '<details>',
    `<summary><b>${escape(name)}</b> ${told.join(' ')}</summary>`,
    ...stores.map(({ store, difference, chunks }) => {
      const fields = difference.fields ? fieldsTable(difference.fields) : '';
      // Of Neo4j the texts say which chunks they are.
      const listed = store === 'neo4j' && texts.length > 0 ? [] : chunks;
      const items = `${STORE_TITLES[store]}: ${WORDS[difference.change]}, ${itemsText(difference)}`;
      return `<p>${escape(items)}</p>${fields}${chunkList(listed)}`;
    }),
    ...texts.map(textSection),
    '</details>',
  ].join('\n');
}

function fieldsTable(fields: readonly FieldDifference[]): string {
  const shown = (value: FieldDifference['before']) => (value === null ? '<i>null</i>' : escape(String(value)));
  const rows = fields.map(
    ({ field, before, after }) =>
      `<tr><th scope="row">${escape(field)}</th><td>${shown(before)}</td><td>${shown(after)}</td></tr>`,
  );
  return `<table><tbody>${rows.join('')}</tbody></table>`;
}

function chunkList(chunks: readonly ChunkDifference[]): string {
  if (chunks.length === 0) return '';
  return `<ul>${chunks.map(({ chunkId, change }) => `<li>${badge(change)} ${escape(chunkId)}</li>`).join('')}</ul>`;
}

function textSection({ chunkId, change, before, after, parts, clipped }: TextDifference): string {
  const side = (text: string | null, without: TextPart['kind'], mark: string) =>
    text === null
      ? '<div class="none">not there</div>'
      : `<div>${parts
          .filter(({ kind }) => kind !== without)
          .map(({ kind, text: words }) => (kind === 'same' ? escape(words) : `<${mark}>${escape(words)}</${mark}>`))
          .join('')}</div>`;
  return [
    `<section><h3>${badge(change)} ${escape(chunkId)}</h3>`,
    `<div class="texts">${side(before, 'added', 'del')}${side(after, 'removed', 'ins')}</div>`,
    ...(clipped ? ['<p class="note">Only the beginning of these texts is shown and compared.</p>'] : []),
    '</section>',
  ].join('\n');
}

function beyondSection({ store, beyond }: StoreDifference): string[] {
  if (!beyond || beyond.list.length === 0) return [];
  const items = beyond.list.map(
    (one) => `<li>${badge(one.change)} ${escape(`${one.chapter}: ${itemsText(one)}`)}</li>`,
  );
  return [`<h2>${STORE_TITLES[store]}, beyond the chapters</h2>`, `<ul>${items.join('')}</ul>`];
}

function badge(change: Change): string {
  return `<span class="${change}">${WORDS[change]}</span>`;
}
