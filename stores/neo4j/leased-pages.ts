import neo4j from 'neo4j-driver';
import { HybridFlowError } from '../../domain/errors';
import type { CallControl } from '../ports';
import { onlyRow, toNumber, type GraphConnection } from './driver';

/** How long a page may take to reach the server, counted from when the page before it was sent. */
const PAGE_LEASE_MS = 10_000;

/** A removal of nodes `n`, or of something on them. */
export interface Removal {
  /** The label by whose scan what is left is found, as Cypher writes it. */
  label: string;
  /** What is done to a page, and counted: `REMOVE n:… RETURN count(n)`. */
  clause: string;
  /** In words, for the error. */
  what: string;
}

/**
 * Removes page by page until nothing is left. The label's own scan finds what is left, so a page costs its size
 * however many came before it; nodes that are labelled meanwhile are taken too.
 *
 * No token tells an old removal from a new labelling, so time does: each page is refused by the server's clock once
 * the one before it was sent too long ago. An attempt that was frozen, and wakes when the label is in use again,
 * removes nothing.
 *
 * @throws HybridFlowError NEO4J_UNREACHABLE (to be tried again) where this attempt was held up that long
 */
export async function removeInPages(
  connection: GraphConnection,
  { label, clause, what }: Removal,
  batchSize: number,
  { onProgress, signal }: CallControl = {},
): Promise<number> {
  const query = `
    WITH datetime.realtime('UTC').epochMillis <= $notAfter AS inTime
    CALL (inTime) {
      MATCH (n:${label}) WHERE inTime WITH n LIMIT $size ${clause} AS removed
    }
    RETURN inTime, removed`;
  let sentAt = Date.now();
  for (let total = 0; ;) {
    signal?.throwIfAborted();
    const parameters = { size: neo4j.int(batchSize), notAfter: neo4j.int(sentAt + PAGE_LEASE_MS) };
    sentAt = Date.now();
    const row = onlyRow(await connection.run(query, parameters, { mode: 'write' }));
    if (row.get('inTime') !== true) throw heldUp(what);
    const removed = toNumber(row.get('removed'));
    total += removed;
    onProgress?.(total);
    // Only an empty page is the end: a short one may have lost nodes to another writer.
    if (removed === 0) return total;
  }
}

function heldUp(what: string): HybridFlowError {
  return new HybridFlowError('NEO4J_UNREACHABLE', {
    found: `the removal of ${what} was held up for more than ${PAGE_LEASE_MS / 1000} s`,
    expected: 'pages that follow each other, and clocks that agree',
    next: 'nothing: another attempt goes on',
  });
}
