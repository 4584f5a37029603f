import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { v5 as uuidv5 } from 'uuid';
import { z } from 'zod';

const sectionSchema = z.strictObject({
  number: z.string().min(1),
  title: z.string().min(1),
  paragraphs: z.array(z.strictObject({ text: z.string().min(1), page: z.number().int().positive() })).min(1),
});

const chapterSchema = z.strictObject({
  textbookId: z.string().regex(/^[a-z0-9_-]+$/i),
  number: z.string().min(1),
  title: z.string().min(1),
  source: z.string().min(1),
  sections: z.array(sectionSchema).min(1),
});

/** What a parser hands over: a chapter with its sections, and their paragraphs in the order of the book. */
export type ParsedChapter = z.output<typeof chapterSchema>;

/** One paragraph as all three stores know it, by its chunk id. */
export interface Chunk {
  chunkId: string;
  sectionId: string;
  sectionTitle: string;
  number: string;
  text: string;
  page: number;
}

/** Reads chapters from a JSON file. */
export function readChapters(file: string): ParsedChapter[] {
  return z.array(chapterSchema).parse(JSON.parse(readFileSync(file, 'utf8')));
}

/** `bailey:ch93` */
export function chapterId({ textbookId, number }: Pick<ParsedChapter, 'textbookId' | 'number'>): string {
  return `${textbookId}:ch${number}`;
}

export function chunksOf(chapter: ParsedChapter): Chunk[] {
  const id = chapterId(chapter);
  return chapter.sections.flatMap((section) =>
    section.paragraphs.map(({ text, page }, nth) => ({
      chunkId: `${id}:${section.number}.${nth + 1}`,
      sectionId: `${id}:s${section.number}`,
      sectionTitle: section.title,
      number: `${section.number}.${nth + 1}`,
      text,
      page,
    })),
  );
}

/** The id of a chunk's point: UUIDv5 of its chunk id in the DNS namespace. */
export function pointId(chunkId: string): string {
  return uuidv5(chunkId, uuidv5.DNS);
}

export function contentHash(chapter: ParsedChapter): string {
  const text = chunksOf(chapter).map((chunk) => chunk.text);
  return createHash('sha256').update(text.join('\n')).digest('hex');
}
