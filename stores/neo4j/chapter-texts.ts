import type { GraphConnection } from './driver';
import { prefixOf, PRODUCTION, STAGED } from './staged-nodes';

/** Compares `2.9` with `2.10` as a reader does. */
const byNumber = new Intl.Collator('en', { numeric: true });

/** chunk_id -> text of a chapter's paragraphs, by their numbers; one without a text is left out. */
export async function textsOfChapter(
  connection: GraphConnection,
  chapterId: string,
  { staged = false }: { staged?: boolean } = {},
): Promise<Record<string, string>> {
  const side = staged ? STAGED : PRODUCTION;
  const query = `MATCH (p:${side.label('Paragraph')}) WHERE p.chunk_id STARTS WITH $prefix AND ${side.holds('p')}
    RETURN p.chunk_id AS chunkId, p.text AS text`;
  const rows = await connection.run(query, { prefix: prefixOf(chapterId) });
  const texts = rows
    .map((row): [string, unknown] => [String(row.get('chunkId')), row.get('text')])
    .filter((entry): entry is [string, string] => typeof entry[1] === 'string');
  return Object.fromEntries(texts.sort(([a], [b]) => byNumber.compare(a, b) || (a < b ? -1 : 1)));
}
