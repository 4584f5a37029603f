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

/** How long a page may take to reach the server, counted from when the page before it was sent. */
const PAGE_LEASE_MS = 10_000;

/**
 * Takes the label off every node that carries it, page by page. The label's own scan finds what is left, so a page
 * costs its size however many came before it; nodes labelled meanwhile are taken too.
 *
 * No token tells an old removal from a new labelling, so time does: each page is refused by the server's clock once
 * the one before it was sent too long ago. An attempt that was frozen, and wakes when the label is in use again,
 * removes nothing.
 *
 * @throws HybridFlowError NEO4J_UNREACHABLE (to be tried again) where this attempt was held up that long
 */
export async function removeLabel(
  connection: GraphConnection,
  label: string,
  batchSize: number,
  { onProgress, signal }: CallControl = {},
): Promise<number> {
  const name = quotedLabel(label);
  const query = `
    WITH datetime.realtime('UTC').epochMillis <= $notAfter AS inTime
    CALL (inTime) {
      MATCH (n:${name}) WHERE inTime WITH n LIMIT $size REMOVE n:${name} RETURN count(n) AS removed
    }
    RETURN inTime, removed`;
  let sentAt = Date.now();
  for (let total = 0; ;) {
    signal?.throwIfAborted();
    const parameters = { size: neo4j.int(batchSize), notAfter: neo4j.int(sentAt + PAGE_LEASE_MS) };
    sentAt = Date.now();
    const row = onlyRow(await connection.run(query, parameters, { mode: 'write' }));
    if (row.get('inTime') !== true) throw heldUp();
    const removed = toNumber(row.get('removed'));
    total += removed;
    onProgress?.(total);
    // Only an empty page is the end: a short one may have lost nodes to another writer.
    if (removed === 0) return total;
  }
}

function heldUp(): HybridFlowError {
  return new HybridFlowError('NEO4J_UNREACHABLE', {
    found: `the removal of a label was held up for more than ${PAGE_LEASE_MS / 1000} s`,
    expected: 'pages that follow each other, and clocks that agree',
    next: 'nothing: another attempt goes on',
  });
}
