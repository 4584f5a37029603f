import type { ChapterKey } from './checks';

/** `bailey:ch60`: the chapter's id in Neo4j, and what its chunk ids begin with. */
export function chapterIdOf({ textbookId, chapterNumber }: ChapterKey): string {
  return `${textbookId}:ch${chapterNumber}`;
}

/** `bailey:ch60:2.1.1` -> `bailey:ch60`. Undefined where the text has no such form. */
export function chapterOfChunk(chunkId: string): string | undefined {
  return /^(.+?:ch[^:]+):./.exec(chunkId)?.[1];
}

/** `bailey:ch60` -> `bailey`, of an id as {@link chapterOfChunk} tells it. */
export function textbookOfChapter(chapterId: string): string {
  return /^(.+?):ch/.exec(chapterId)?.[1] ?? chapterId;
}

/** How many chapters each textbook has, of chapters given by the textbook that they belong to. */
export function countPerTextbook(textbooks: Iterable<string>): Record<string, number> {
  const found: Record<string, number> = {};
  for (const textbook of textbooks) found[textbook] = (found[textbook] ?? 0) + 1;
  return found;
}
