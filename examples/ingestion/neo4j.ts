import neo4j from 'neo4j-driver';
import { chapterId, chunksOf, type ParsedChapter } from './chapter';

export interface GraphTarget {
  uri: string;
  username: string;
  password: string;
  database: string;
}

// Every label has the prefix Staged and the node the label :staging, so that readers of production never meet it.
const CLEAR = `
  MATCH (c:StagedChapter:staging {id: $id})
  OPTIONAL MATCH (c)-[:HAS_SECTION|HAS_SUBSECTION|HAS_SUBSUBSECTION|HAS_PARAGRAPH|CONTAINS_TABLE|CONTAINS_FIGURE*1..]->(below:staging)
  DETACH DELETE below, c`;

const CLEAR_BOOKS = `MATCH (t:StagedTextbook:staging) WHERE NOT (t)-[:CONTAINS]->() DETACH DELETE t`;

// The staged textbook takes the place of production's, so that it begins with what that one says of itself.
const CHAPTER = `
  MERGE (t:StagedTextbook:staging {id: $textbookId})
  WITH t OPTIONAL MATCH (known:Textbook {id: $textbookId})
  SET t += coalesce(properties(known), {})
  CREATE (c:StagedChapter:staging {id: $id, number: $number, title: $title})
  CREATE (t)-[:CONTAINS]->(c)
  WITH c UNWIND $sections AS section
  CREATE (c)-[:HAS_SECTION]->(:StagedSection:staging {id: section.id, number: section.number, title: section.title})`;

const PARAGRAPHS = `
  UNWIND $chunks AS chunk
  MATCH (s:StagedSection:staging {id: chunk.sectionId})
  CREATE (s)-[:HAS_PARAGRAPH]->(:StagedParagraph:staging {
    chunk_id: chunk.chunkId, text: chunk.text, number: chunk.number, page: chunk.page
  })`;

const CHAIN = `
  UNWIND $pairs AS pair
  MATCH (a:StagedParagraph:staging {chunk_id: pair[0]}), (b:StagedParagraph:staging {chunk_id: pair[1]})
  CREATE (a)-[:NEXT]->(b), (b)-[:PREV]->(a)`;

/**
 * Stages these chapters whole; each in one transaction, so that a run that is killed can simply be repeated. One that is
 * removed has nodes to take away where it had been staged: what is in production only goes by itself.
 */
export async function stageChapters(
  target: GraphTarget,
  chapters: readonly ParsedChapter[],
  removed: readonly string[] = [],
): Promise<void> {
  const driver = neo4j.driver(target.uri, neo4j.auth.basic(target.username, target.password));
  const session = driver.session({ database: target.database });
  try {
    for (const id of removed) await session.executeWrite((transaction) => transaction.run(CLEAR, { id }));
    if (removed.length > 0) await session.executeWrite((transaction) => transaction.run(CLEAR_BOOKS));
    for (const chapter of chapters) {
      const { textbookId, number, title } = chapter;
      const id = chapterId(chapter);
      const sections = chapter.sections.map((s) => ({ id: `${id}:s${s.number}`, number: s.number, title: s.title }));
      const chunks = chunksOf(chapter).map((chunk) => ({ ...chunk, page: neo4j.int(chunk.page) }));
      const pairs = chunks.slice(1).map((chunk, i) => [chunks[i]?.chunkId, chunk.chunkId]);
      await session.executeWrite(async (transaction) => {
        await transaction.run(CLEAR, { id });
        await transaction.run(CHAPTER, { id, textbookId, number, title, sections });
        await transaction.run(PARAGRAPHS, { chunks });
        await transaction.run(CHAIN, { pairs });
      });
    }
  } finally {
    await session.close();
    await driver.close();
  }
}
