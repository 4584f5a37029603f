import { createHash } from 'node:crypto';
import { v5 as uuidv5 } from 'uuid';
import { embedText } from '../../domain/feature-hashing';
import type { GraphChapter } from '../../stores/neo4j/bulk-load';
import type { PointRow } from '../../stores/qdrant/bulk-load';
import type { MetadataRow } from '../../stores/sqlite/bulk-load';
import { chapterText, type Chapter, type Paragraph } from './chapters';
import { choices } from './random';

const FIRST_INGESTION = Date.UTC(2025, 10, 3, 8, 0, 0);
const MINUTE = 60_000;

/** A chapter as metadata.db has it. `nth` is its place in the corpus: chapters were ingested one after another. */
export function metadataRow(chapter: Chapter, nth: number): MetadataRow {
  const { textbookId, number, title, paragraphs } = chapter;
  return {
    ...{ textbookId, chapterNumber: number, title },
    contentHash: createHash('sha256').update(chapterText(chapter)).digest('hex'),
    ingestedAt: new Date(FIRST_INGESTION + nth * 7 * MINUTE).toISOString().slice(0, 19).replace('T', ' '),
    sourceFilePath: `library/${textbookId}/chapter_${number}.pdf`,
    chunkCount: paragraphs.length,
    qualityScore: choices(chapter.id).between(860, 995) / 1_000,
    logMessage: `${paragraphs.length} chunks from chapter ${number}`,
  };
}

/** The id of a paragraph's point: UUIDv5 of its chunk id in the DNS namespace. */
export function pointId(chunkId: string): string {
  return uuidv5(chunkId, uuidv5.DNS);
}

/** The chapter's paragraphs as Qdrant has them, each made when it is asked for. */
export function* points(chapter: Chapter): Generator<PointRow, void, undefined> {
  for (const paragraph of chapter.paragraphs) {
    // Float32 is what the store keeps. Seven decimals are as good, and half as long on the wire.
    const vector = embedText(paragraph.text).map((value) => Math.round(value * 1e7) / 1e7);
    yield { id: pointId(paragraph.chunkId), vector, payload: payload(chapter, paragraph) };
  }
}

function payload(chapter: Chapter, paragraph: Paragraph): PointRow['payload'] {
  return {
    chunk_id: paragraph.chunkId,
    textbook_id: chapter.textbookId,
    chapter_id: chapter.id,
    chapter_number: chapter.number,
    chapter_title: chapter.title,
    section_title: paragraph.sectionTitle,
    hierarchy_path: paragraph.hierarchyPath,
    text: paragraph.text,
    page: paragraph.page,
  };
}

/** The chapter's tree as Neo4j has it. */
export function graph(chapter: Chapter): GraphChapter {
  const { id, textbookId, number, title } = chapter;
  return {
    textbookId,
    properties: { id, number, title },
    divisions: chapter.divisions.map(({ kind, parentId, ...division }) => ({
      ...{ kind, parentId },
      properties: { id: division.id, number: division.number, title: division.title },
    })),
    paragraphs: chapter.paragraphs.map(({ chunkId, parentId, crossReferences, ...paragraph }) => ({
      parentId,
      properties: {
        ...{ chunk_id: chunkId, text: paragraph.text, number: paragraph.number, page: paragraph.page },
        ...{ bounds: paragraph.bounds, cross_references: crossReferences },
      },
    })),
    artifacts: chapter.artifacts.map(({ kind, cited, chunkId, ...artifact }) => ({
      ...{ kind, linked: cited },
      properties: {
        ...{ id: artifact.id, chunk_id: chunkId, number: artifact.number, page: artifact.page },
        caption: artifact.caption,
      },
    })),
  };
}
