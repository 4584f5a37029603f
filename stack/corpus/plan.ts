import { HybridFlowError } from '../../domain/errors';
import { apportion, choices } from './random';
import { TOPICS, type Topic } from './topics';

export type Scale = 'full' | 'small' | number;

/** Production's own figures; every other scale keeps their proportions. */
const FULL = { paragraphs: 36_216, chapters: 220, artifacts: 69_989 } as const;
const SMALL_PARAGRAPHS = 2_000;
const FEWEST_PARAGRAPHS = 10;
const MOST_PARAGRAPHS = 1_000_000;

/** Share of the chapters; `phase` shifts where a book's chapters fall on the list of topics, so that books differ. */
const BOOKS = [
  { id: 'bailey', title: 'Short Practice of Surgery', chapters: 92, phase: 0.25 },
  { id: 'sabiston', title: 'Textbook of Surgery', chapters: 74, phase: 0.5 },
  { id: 'schwartz', title: 'Principles of Surgery', chapters: 54, phase: 0.5 },
] as const;

export interface TextbookPlan {
  id: string;
  title: string;
}

export interface ChapterPlan {
  id: string;
  textbookId: string;
  number: string;
  title: string;
  topic: Topic;
  /** 0 for the chapter that opens a topic, 1 for the one that goes on with it. */
  part: number;
  /** Position in the whole corpus, which chooses the shape of the chapter's tree. */
  index: number;
  paragraphs: number;
  /** Tables and figures: see {@link artifactsOf}. */
  artifacts: number;
  /** Name of the chapter's random choices. */
  source: string;
}

export interface CorpusPlan {
  scale: Scale;
  seed: number;
  paragraphs: number;
  textbooks: TextbookPlan[];
  chapters: ChapterPlan[];
}

/** What will be in a corpus, chapter by chapter, before any text of it is made. Ids and counts only. */
export function planCorpus(scale: Scale, seed: number): CorpusPlan {
  if (!Number.isSafeInteger(seed)) {
    throw new HybridFlowError('CONFIG_INVALID', { found: `The seed cannot be ${seed}`, expected: 'a whole number' });
  }
  const paragraphs = paragraphsOf(scale);
  const chapterTotal = Math.max(BOOKS.length, Math.round((FULL.chapters * paragraphs) / FULL.paragraphs));
  const perBook = apportion(chapterTotal, chapterWeights(chapterTotal));
  const places = BOOKS.flatMap((book, b) =>
    Array.from({ length: perBook[b] ?? 0 }, (_, i) => ({ book, position: i, of: perBook[b] ?? 1 })),
  );
  const sizes = choices(`${seed}/${paragraphs}/sizes`);
  const shares = apportion(
    paragraphs,
    places.map(() => sizes.between(60, 140)),
  );
  const artifacts = artifactsOf(shares);
  const chapters = places.map(({ book, position, of }, index): ChapterPlan => {
    const id = `${book.id}:ch${position + 1}`;
    return {
      ...{ id, textbookId: book.id, number: String(position + 1), index },
      ...subject(position, of, book.phase),
      ...{ paragraphs: shares[index] ?? 0, artifacts: artifacts[index] ?? 0, source: `${seed}/${paragraphs}/${id}` },
    };
  });
  return { scale, seed, paragraphs, textbooks: BOOKS.map(({ id, title }) => ({ id, title })), chapters };
}

/** How many paragraphs a scale means. */
export function paragraphsOf(scale: Scale): number {
  if (scale === 'full') return FULL.paragraphs;
  if (scale === 'small') return SMALL_PARAGRAPHS;
  if (Number.isInteger(scale) && scale >= FEWEST_PARAGRAPHS && scale <= MOST_PARAGRAPHS) return scale;
  throw new HybridFlowError('CONFIG_INVALID', {
    found: `The scale of a corpus cannot be ${scale}`,
    expected: `full, small, or a whole number of paragraphs from ${FEWEST_PARAGRAPHS} to ${MOST_PARAGRAPHS}`,
  });
}

/** `apportion` gives 1 to each before it divides the rest: weights of the rest that make the whole come out as 92:74:54. */
function chapterWeights(total: number): number[] {
  return BOOKS.map(({ chapters }) => Math.max(1e-9, (total * chapters) / FULL.chapters - 1));
}

/** Running totals are rounded, never the chapters' own shares, so that the corpus as a whole keeps the proportion. */
function artifactsOf(paragraphs: readonly number[]): number[] {
  const upTo = (count: number) => Math.round((count * FULL.artifacts) / FULL.paragraphs);
  let sum = 0;
  return paragraphs.map((count) => {
    const before = upTo(sum);
    sum += count;
    return upTo(sum) - before;
  });
}

function subject(position: number, of: number, phase: number): Pick<ChapterPlan, 'topic' | 'part' | 'title'> {
  const topicOf = (place: number) => Math.floor(((place + phase) * TOPICS.length) / of) % TOPICS.length;
  const index = topicOf(position);
  const topic = TOPICS[index];
  if (!topic) throw new RangeError(`No topic ${index}`);
  let part = 0;
  while (part < position && topicOf(position - part - 1) === index) part += 1;
  const continued = part > 0 || (position + 1 < of && topicOf(position + 1) === index);
  const parts = ['anatomy, physiology and assessment', 'disorders and surgery', 'special problems'];
  const title = continued ? `${topic.name}: ${parts[part] ?? `part ${part + 1}`}` : topic.name;
  return { topic, part, title };
}
