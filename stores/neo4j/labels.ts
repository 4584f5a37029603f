import neo4j from 'neo4j-driver';
import { HybridFlowError } from '../../domain/errors';
import type { CallControl } from '../ports';
import { onlyRow, toNumber, type GraphConnection } from './driver';

const LABEL = /^[A-Za-z][A-Za-z0-9_]*$/;

/**
 * A label as Cypher writes it. Labels cannot be parameters, so the name is checked before it becomes part of a
 * statement.
 *
 * @throws HybridFlowError CONFIG_INVALID where it is no plain name
 */
export function quotedLabel(label: string): string {
  if (LABEL.test(label)) return `\`${label}\``;
  throw new HybridFlowError('CONFIG_INVALID', {
    found: `"${label}" is no label that this system writes`,
    expected: 'a letter, then letters, digits and underscores',
  });
}

/**
 * Takes the label off every node that carries it, page by page. The label's own scan finds what is left, so a page
 * costs its size however many came before it; nodes labelled meanwhile are taken too.
 */
export async function removeLabel(
  connection: GraphConnection,
  label: string,
  batchSize: number,
  { onProgress, signal }: CallControl = {},
): Promise<number> {
  const name = quotedLabel(label);
  const query = `MATCH (n:${name}) WITH n LIMIT $size REMOVE n:${name} RETURN count(n) AS removed`;
  for (let total = 0; ;) {
    signal?.throwIfAborted();
    const rows = await connection.run(query, { size: neo4j.int(batchSize) }, { mode: 'write' });
    const removed = toNumber(onlyRow(rows).get('removed'));
    total += removed;
    onProgress?.(total);
    // Only an empty page is the end: a short one may have lost nodes to another writer.
    if (removed === 0) return total;
  }
}
