import fc from 'fast-check';
import { chunk, type Book, type Chapter, type CrossLink, type Paragraph } from './books';

const CHAPTERS = ['x:ch1', 'x:ch2', 'y:ch1', 'y:ch10'];
const NUMBERS = ['1', '2', '3', '4', '5'];
const SECTIONS = ['s1', 's2'];

/** Production, what is staged beside it, and what is removed. */
export interface Change {
  production: Book;
  staged: Book;
  removed: string[];
  /** A transaction for each chapter, and a process that is killed after each. */
  oneByOne: boolean;
}

const paragraph: fc.Arbitrary<Omit<Paragraph, 'number'>> = fc.record({
  text: fc.constantFrom('a', 'b', 'c'),
  section: fc.constantFrom('s1', 's2', null),
  marked: fc.boolean(),
  weight: fc.option(fc.record({ float: fc.boolean(), value: fc.constant(1) }), { nil: undefined }),
});

function chapter(id: string): fc.Arbitrary<Chapter> {
  return fc
    .record({
      textbook: fc.constantFrom('x', 'y', 'z'),
      title: fc.constantFrom('one', 'two'),
      turned: fc.boolean(),
      numbers: fc.subarray(NUMBERS, { minLength: 1 }),
      contents: fc.array(paragraph, { minLength: NUMBERS.length, maxLength: NUMBERS.length }),
      tables: fc.uniqueArray(fc.record({ nth: fc.nat(3), at: fc.nat(4), linked: fc.boolean() }), {
        selector: ({ nth }) => nth,
        maxLength: 3,
      }),
      breaks: fc.subarray([0, 1, 2, 3], { maxLength: 1 }),
    })
    .map(({ textbook, title, turned, numbers, contents, tables, breaks }) => ({
      ...{ id, textbook, title, breaks },
      sections: turned ? [...SECTIONS].reverse() : SECTIONS,
      paragraphs: numbers.map((number, nth) => ({ text: '', section: null, ...contents[nth], number })),
      tables: tables.map(({ nth, at, linked }) => ({
        // The last one says by nothing but its place whose it is.
        id: nth === 3 ? `loose ${id}` : `${id}:t${nth}`,
        paragraph: numbers[at % numbers.length] ?? '1',
        linked: linked || nth === 3,
      })),
    }));
}

/** Each of some chapters once. */
function chapters(minimum: number): fc.Arbitrary<Chapter[]> {
  return fc.subarray(CHAPTERS, { minLength: minimum }).chain((ids) => fc.tuple(...ids.map(chapter)));
}

export const change: fc.Arbitrary<Change> = fc
  .record({
    before: chapters(1),
    staged: chapters(0),
    gone: fc.subarray(CHAPTERS),
    links: fc.array(fc.record({ type: fc.constantFrom('CITES', 'NEXT'), from: fc.nat(), to: fc.nat() }), {
      maxLength: 8,
    }),
    stagedLinks: fc.array(fc.record({ type: fc.constantFrom('CITES', 'NEXT'), from: fc.nat(), to: fc.nat() }), {
      maxLength: 8,
    }),
    oneByOne: fc.boolean(),
  })
  .map(({ before, staged, gone, links, stagedLinks, oneByOne }) => {
    const ids = staged.map(({ id }) => id);
    const removed = gone.filter((id) => !ids.includes(id));
    const after = chaptersAfter(before, staged, removed);
    const touches = ({ from, to }: CrossLink) => ids.includes(chapterOf(from)) || ids.includes(chapterOf(to));
    return {
      production: { chapters: before, links: linksAmong(before, links) },
      staged: { chapters: staged, links: linksAmong(after, stagedLinks).filter(touches) },
      ...{ removed, oneByOne },
    };
  });

/** What the switch is to make of it. */
export function outcomeOf({ production, staged, removed }: Change): Book {
  const after = chaptersAfter(production.chapters, staged.chapters, removed);
  const there = new Set(chunksOf(after));
  const ids = staged.chapters.map(({ id }) => id);
  const stays = ({ from, to }: CrossLink) => {
    const inside = chapterOf(from) === chapterOf(to) && ids.includes(chapterOf(from));
    return there.has(from) && there.has(to) && !inside;
  };
  return { chapters: after, links: unique([...production.links.filter(stays), ...staged.links]) };
}

function chaptersAfter(before: Chapter[], staged: Chapter[], removed: readonly string[]): Chapter[] {
  const ids = [...removed, ...staged.map(({ id }) => id)];
  return [...before.filter(({ id }) => !ids.includes(id)), ...staged];
}

function linksAmong(all: Chapter[], links: { type: string; from: number; to: number }[]): CrossLink[] {
  const there = chunksOf(all);
  const pick = (n: number) => there[n % there.length] ?? '';
  if (there.length === 0) return [];
  const made = links.map(({ type, from, to }) => ({ type, from: pick(from), to: pick(to) }));
  // Within a chapter NEXT is what the chain says.
  return unique(made.map((link) => (chapterOf(link.from) === chapterOf(link.to) ? { ...link, type: 'CITES' } : link)));
}

function chunksOf(all: readonly Chapter[]): string[] {
  return all.flatMap(({ id, paragraphs }) => paragraphs.map(({ number }) => chunk(id, number)));
}

function unique(links: CrossLink[]): CrossLink[] {
  return [...new Map(links.map((link) => [JSON.stringify([link.type, link.from, link.to]), link])).values()];
}

const chapterOf = (chunkId: string) => chunkId.slice(0, chunkId.lastIndexOf(':'));
