import neo4j from 'neo4j-driver';
import { HybridFlowError } from '../../domain/errors';
import { STAGING_NAMES } from '../../domain/names';
import type { CallControl } from '../ports';
import { onlyRow, toNumber, type GraphConnection } from './driver';

/** How long a page may take to reach the server, counted from when the page before it was sent. */
const PAGE_LEASE_MS = 10_000;

/** Nothing is deleted where the page comes too late: the next version may be staging by then. */
const PAGE = `
WITH datetime.realtime('UTC').epochMillis <= $notAfter AS inTime
CALL (inTime) {
  MATCH (n:${STAGING_NAMES.label}) WHERE inTime WITH n LIMIT $size DETACH DELETE n RETURN count(*) AS removed
}
RETURN inTime, removed`;

/**
 * Deletes the nodes of a version that is being staged, with their relationships, page by page. As with labels, an
 * attempt that was frozen and wakes later deletes nothing.
 *
 * @throws HybridFlowError NEO4J_UNREACHABLE (to be tried again) where this attempt was held up that long
 */
export async function removeStaging(
  connection: GraphConnection,
  batchSize: number,
  { onProgress, signal }: CallControl = {},
): Promise<number> {
  let sentAt = Date.now();
  for (let total = 0; ;) {
    signal?.throwIfAborted();
    const parameters = { size: neo4j.int(batchSize), notAfter: neo4j.int(sentAt + PAGE_LEASE_MS) };
    sentAt = Date.now();
    const row = onlyRow(await connection.run(PAGE, parameters, { mode: 'write' }));
    if (row.get('inTime') !== true) throw heldUp();
    const removed = toNumber(row.get('removed'));
    total += removed;
    onProgress?.(total);
    if (removed === 0) return total;
  }
}

function heldUp(): HybridFlowError {
  return new HybridFlowError('NEO4J_UNREACHABLE', {
    found: `the removal of staging nodes was held up for more than ${PAGE_LEASE_MS / 1000} s`,
    expected: 'pages that follow each other, and clocks that agree',
    next: 'nothing: another attempt goes on',
  });
}
