import { artifactsOf, type Artifact } from './artifacts';
import type { ChapterPlan, CorpusPlan, TextbookPlan } from './plan';
import { capital, fill, HEADINGS, paragraphText, THEMES, type Theme } from './prose';
import { apportion, choices, type Choices } from './random';

export type DivisionKind = 'Section' | 'Subsection' | 'Subsubsection';

/** A section, subsection or subsubsection. `parentId` is the chapter's id or that of the division above. */
export interface Division {
  id: string;
  kind: DivisionKind;
  parentId: string;
  number: string;
  title: string;
  theme: Theme;
}

export interface Paragraph {
  chunkId: string;
  parentId: string;
  number: string;
  text: string;
  page: number;
  /** Left, top, right and bottom of the paragraph on its page, in points. */
  bounds: number[];
  /** A JSON array of chunk ids, as text, or null: production stores it so. */
  crossReferences: string | null;
  sectionTitle: string;
  hierarchyPath: string;
}

/** One chapter with its tree: divisions and paragraphs in the order of the book, each naming what it hangs from. */
export interface Chapter {
  id: string;
  textbookId: string;
  number: string;
  title: string;
  divisions: Division[];
  paragraphs: Paragraph[];
  artifacts: Artifact[];
}

/**
 * The trees that chapters have, by number. Together they give 13 divisions to every five chapters, and no more:
 * production has about as many relationships (107,000) as nodes, and an unbroken NEXT and PREV chain through every
 * chapter (71,992) together with one HAS_PARAGRAPH each (36,216) and one CONTAINS per chapter (220) are 108,428
 * already. What stays below two per cent more is spent here (572) and on the tables and figures that the text cites
 * (110): 109,110 in all. See artifacts.ts for the nodes.
 */
const SHAPES: readonly (readonly string[])[] = [
  ['1', '1.1'],
  ['1', '2', '2.1'],
  ['1', '2'],
  ['1', '1.1'],
  ['1', '2', '2.1', '2.1.1'],
];

const PAGES_PER_CHAPTER = 40;

/** The chapters of a corpus one by one, each made when it is asked for, so that the corpus is never held whole. */
export function* chapters(plan: CorpusPlan): Generator<Chapter, void, undefined> {
  const textbooks = new Map(plan.textbooks.map((book) => [book.id, book]));
  for (const chapter of plan.chapters) {
    const textbook = textbooks.get(chapter.textbookId);
    if (!textbook) throw new RangeError(`No textbook ${chapter.textbookId}`);
    yield makeChapter(chapter, textbook);
  }
}

/** The text of a chapter as its content hash sees it. */
export function chapterText(chapter: Chapter): string {
  return chapter.paragraphs.map(({ text }) => text).join('\n');
}

function makeChapter(plan: ChapterPlan, textbook: TextbookPlan): Chapter {
  const choose = choices(plan.source);
  const { id, textbookId, number, title } = plan;
  const divisions = makeDivisions(plan, choose);
  const paragraphs = makeParagraphs(plan, textbook, divisions, choose);
  const artifacts = artifactsOf(plan, paragraphs, choose);
  for (const { cited, paragraph, label } of artifacts) if (cited) paragraph.text += ` See ${label}.`;
  return { id, textbookId, number, title, divisions, paragraphs, artifacts: artifacts.map(({ artifact }) => artifact) };
}

function makeDivisions(plan: ChapterPlan, choose: Choices): Division[] {
  const shape = SHAPES[plan.index % SHAPES.length] ?? ['1'];
  // A chapter of a tiny corpus may have fewer paragraphs than its shape has places for them.
  const numbers = plan.paragraphs < shape.length ? ['1'] : shape;
  return numbers.map((number, position) => {
    // The opening chapter of a topic starts with its anatomy, the one that follows with its disorders.
    const theme = THEMES[(plan.part * 3 + position) % THEMES.length] ?? 'anatomy';
    const kind = kindOf(number);
    const parentNumber = number.slice(0, Math.max(0, number.lastIndexOf('.')));
    return {
      ...{ id: divisionId(plan.id, number), kind, parentId: divisionId(plan.id, parentNumber), number, theme },
      title: divisionTitle(kind, theme, plan, choose),
    };
  });
}

function kindOf(number: string): DivisionKind {
  const depth = number.split('.').length;
  return depth === 1 ? 'Section' : depth === 2 ? 'Subsection' : 'Subsubsection';
}

/** `bailey:ch60` and `2.1.1` make `bailey:ch60:s2:ss2.1:sss2.1.1`; no number at all is the chapter itself. */
function divisionId(chapterId: string, number: string): string {
  const parts = number === '' ? [] : number.split('.');
  const steps = parts.map((_, i) => `${'s'.repeat(i + 1)}${parts.slice(0, i + 1).join('.')}`);
  return [chapterId, ...steps].join(':');
}

function divisionTitle(kind: DivisionKind, theme: Theme, { topic }: ChapterPlan, choose: Choices): string {
  if (kind === 'Section') return fill(HEADINGS[theme], topic, choose);
  const names = kind === 'Subsubsection' ? topic.procedures : [...topic.structures, ...topic.conditions];
  return capital(choose.pick(names));
}

function makeParagraphs(plan: ChapterPlan, book: TextbookPlan, divisions: Division[], choose: Choices): Paragraph[] {
  const shares = apportion(
    plan.paragraphs,
    divisions.map(() => choose.between(50, 150)),
  );
  const titles = new Map<string, string[]>([[plan.id, [book.title, `Chapter ${plan.number}: ${plan.title}`]]]);
  const paragraphs: Paragraph[] = [];
  divisions.forEach((division, position) => {
    const path = [...(titles.get(division.parentId) ?? []), division.title];
    titles.set(division.id, path);
    for (let nth = 1; nth <= (shares[position] ?? 0); nth++) {
      const number = `${division.number}.${nth}`;
      paragraphs.push({
        ...{ chunkId: `${plan.id}:${number}`, parentId: division.id, number },
        text: paragraphText(plan.topic, choose.onceIn(4) ? choose.pick(THEMES) : division.theme, choose),
        ...placeOnPage(plan, paragraphs.length, choose),
        crossReferences: crossReferences(paragraphs, choose),
        sectionTitle: division.title,
        hierarchyPath: path.join(' > '),
      });
    }
  });
  return paragraphs;
}

function placeOnPage(plan: ChapterPlan, nth: number, choose: Choices): Pick<Paragraph, 'page' | 'bounds'> {
  const firstPage = (Number(plan.number) - 1) * PAGES_PER_CHAPTER + 1;
  const page = firstPage + Math.floor((nth * (PAGES_PER_CHAPTER - 1)) / plan.paragraphs);
  const left = choose.pick([54, 310.5]);
  const top = choose.between(60, 600) + 0.5;
  return { page, bounds: [left, top, left + 231.25, top + choose.between(40, 120)] };
}

/** One paragraph in eight points back to one or two before it in its chapter. */
function crossReferences(before: readonly Paragraph[], choose: Choices): string | null {
  if (!choose.onceIn(8) || before.length === 0) return null;
  const chosen = Array.from({ length: choose.between(1, 2) }, () => choose.pick(before).chunkId);
  return JSON.stringify([...new Set(chosen)]);
}
