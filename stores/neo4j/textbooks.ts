import type { CountsByTextbook } from '../../domain/plan';
import { toNumber, type GraphConnection } from './driver';

/** Paragraphs by the first part of their chunk_id, in one pass over its index. */
export async function countParagraphsPerTextbook(connection: GraphConnection): Promise<CountsByTextbook> {
  const rows = await connection.run(
    `MATCH (p:Paragraph) WHERE p.chunk_id > ''
     WITH split(p.chunk_id, ':')[0] AS textbook
     RETURN textbook, count(*) AS paragraphs ORDER BY textbook`,
  );
  return Object.fromEntries(rows.map((row) => [String(row.get('textbook')), toNumber(row.get('paragraphs'))]));
}
