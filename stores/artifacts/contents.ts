import { stat } from 'node:fs/promises';
import { readParagraphs, readTexts } from '../neo4j/export-chunks';
import type { ArtifactContents } from '../ports/contents';
import { readChapterRows } from '../sqlite/chapter-rows';
import { readPoints, writePoints } from './chunk-list';
import { unlessMissing } from './errors';

/** The contents of artifacts, from the files alone. */
export function openArtifactContents(): ArtifactContents {
  return {
    holds: async (file) => (await unlessMissing(stat(file)))?.isFile() ?? false,
    chapterRows: readChapterRows,
    paragraphs: readParagraphs,
    texts: readTexts,
    points: readPoints,
    writePoints,
  };
}
