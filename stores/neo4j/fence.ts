import neo4j, { type Record as Row } from 'neo4j-driver';
import { HybridFlowError } from '../../domain/errors';
import { FENCE_LABEL } from '../../domain/names';
import type { FenceState, LabelBatch, LabelBatchResult, WriteLease } from '../ports';
import { onlyRow, toNumber, type GraphConnection, type SendStatement } from './driver';
import { quotedLabel } from './labels';

/*
 * One node stands for the right to label: whoever labels takes its write lock and finds its own token on it, in the
 * same transaction. Two facts carry all of this:
 *  - Setting a property takes the node's write lock until the transaction ends, also where the value stays the same.
 *    A node's token never changes (another token is another node), so setting it to itself changes nothing.
 *  - What must be known under the lock is read through a second MATCH, which Cypher runs after the SET. A value read
 *    through the first one may have been read before the lock was granted.
 * No constraint guards the node: a schema change is not ours to make in somebody's graph. Instead, whoever makes a
 * fence settles with any that was made at the same time, and nothing is written while two of them stand.
 */
const TAKE_LOCK = `MATCH (held:${FENCE_LABEL} {token: $token}) SET held.token = $token WITH count(held) AS locks`;
const READ_STATE =
  'RETURN f.token AS token, f.cursor AS cursor, f.batches AS batches, f.labelled AS labelled, f.paused AS paused';
/** Of two fences with one token (two attempts at one time) the one that knows more is kept. */
const FURTHEST_FIRST = 'ORDER BY f.batches DESC, elementId(f)';

const ACQUIRE = `
OPTIONAL MATCH (old:${FENCE_LABEL})
WITH collect(old) AS fences
FOREACH (fence IN fences | SET fence.token = fence.token)
WITH size(fences) AS locks, datetime.realtime('UTC').epochMillis <= $notAfter AS inTime
OPTIONAL MATCH (now:${FENCE_LABEL})
WITH inTime, collect(now) AS fences
WITH inTime, [x IN fences WHERE x.token <> $token] AS others, any(x IN fences WHERE x.token = $token) AS mine
FOREACH (other IN CASE WHEN inTime THEN others ELSE [] END | DETACH DELETE other)
FOREACH (_ IN CASE WHEN inTime AND NOT mine THEN [1] ELSE [] END |
  CREATE (:${FENCE_LABEL} {token: $token, cursor: '', batches: 0, labelled: 0, paused: false,
                           acquiredAt: datetime.realtime('UTC').epochMillis}))
RETURN inTime`;

const SETTLE = `
${TAKE_LOCK}
MATCH (f:${FENCE_LABEL} {token: $token})
WITH f ${FURTHEST_FIRST} LIMIT 1
OPTIONAL MATCH (other:${FENCE_LABEL}) WHERE other <> f
DETACH DELETE other
WITH DISTINCT f ${READ_STATE}`;

/**
 * Makes this token the only one that may label, unless the server's clock is past the lease.
 *
 * @throws HybridFlowError FENCED where the lease is over, or another token took the fence meanwhile
 */
export async function acquireFence(
  connection: GraphConnection,
  token: string,
  { notAfter }: WriteLease,
): Promise<FenceState> {
  const rows = await connection.run(ACQUIRE, { token, notAfter: neo4j.int(notAfter) }, { mode: 'write' });
  if (onlyRow(rows).get('inTime') !== true) {
    throw new HybridFlowError('FENCED', {
      found: `the time in which this attempt may write ended at ${new Date(notAfter).toISOString()}`,
      expected: 'a newer attempt to do the work',
    });
  }
  const [settled] = await connection.run(SETTLE, { token }, { mode: 'write' });
  return settled ? toState(settled) : fenced(token);
}

export async function readFence(connection: GraphConnection): Promise<FenceState | undefined> {
  const rows = await connection.run(`MATCH (f:${FENCE_LABEL}) WITH f ORDER BY f.acquiredAt DESC LIMIT 1 ${READ_STATE}`);
  return rows[0] && toState(rows[0]);
}

/** The lock is granted only once no batch holds it: with the answer, the batch in flight is over. */
export async function setGate(connection: GraphConnection, token: string, paused: boolean): Promise<FenceState> {
  const query = `${TAKE_LOCK} MATCH (f:${FENCE_LABEL} {token: $token}) SET f.paused = $paused ${READ_STATE}`;
  const [row] = await connection.run(query, { token, paused }, { mode: 'write' });
  return row ? toState(row) : fenced(token);
}

/** Deleting takes the lock too: with the answer, no batch of this token is in flight and none will follow. */
export async function revokeFence(connection: GraphConnection, token: string): Promise<void> {
  await connection.run(`MATCH (f:${FENCE_LABEL} {token: $token}) DETACH DELETE f`, { token }, { mode: 'write' });
}

/**
 * A page whose answer was lost is asked for again and labelled again, which changes nothing; only what lies beyond
 * the fence's own cursor is counted. `after` is null where nothing may be written, and no text is greater than null.
 */
const batchQuery = (label: string) => `
${TAKE_LOCK}
MATCH (f:${FENCE_LABEL} {token: $token})
WITH f, EXISTS { MATCH (rival:${FENCE_LABEL}) WHERE rival.token <> $token } AS rivalled
WITH f, rivalled, f.paused AS paused, f.cursor AS known
WITH f, rivalled, paused, known, CASE WHEN rivalled OR paused THEN null ELSE $after END AS after
CALL (after, known) {
  MATCH (p:Paragraph) WHERE p.chunk_id > after
  WITH p ORDER BY p.chunk_id LIMIT $size
  SET p:${label}
  RETURN count(p) AS labelled, max(p.chunk_id) AS last, sum(CASE WHEN p.chunk_id > known THEN 1 ELSE 0 END) AS fresh
}
FOREACH (_ IN CASE WHEN fresh > 0 THEN [1] ELSE [] END |
  SET f.cursor = last, f.batches = f.batches + 1, f.labelled = f.labelled + fresh)
RETURN rivalled, paused, labelled, coalesce(last, $after) AS cursor`;

/**
 * A thousand labels are a fraction of a second. A batch that takes this long waits for somebody's lock, or is too large
 * for the server; either way smaller ones are to be tried before long.
 */
const BATCH_TIMEOUT_MS = 8_000;

/**
 * Labels the page after `after`. Fewer than asked for is the last page.
 *
 * @throws HybridFlowError FENCED where the token is not (or no longer) the fence's; NEO4J_UNREACHABLE with `tooMuch` in
 *   its details where the server ended it; nothing was written then
 */
export async function labelBatch(connection: GraphConnection, batch: LabelBatch): Promise<LabelBatchResult> {
  const { token, after, batchSize } = batch;
  const startedAt = performance.now();
  const parameters = { token, after, size: neo4j.int(batchSize) };
  const options = { mode: 'write', timeoutMs: BATCH_TIMEOUT_MS } as const;
  const [row] = await connection.run(batchQuery(quotedLabel(batch.label)), parameters, options);
  if (!row || row.get('rivalled') === true) return fenced(token);
  if (row.get('paused') === true) return { state: 'paused' };
  return {
    state: 'done',
    labelled: toNumber(row.get('labelled')),
    cursor: String(row.get('cursor')),
    milliseconds: Math.round(performance.now() - startedAt),
  };
}

const HELD = `
${TAKE_LOCK}
MATCH (f:${FENCE_LABEL} {token: $token})
RETURN EXISTS { MATCH (rival:${FENCE_LABEL}) WHERE rival.token <> $token } AS rivalled`;

/**
 * Takes the fence's lock for the rest of a transaction: until it ends no other token can take the fence.
 *
 * @throws HybridFlowError FENCED where the token is not (or no longer) the fence's
 */
export async function holdFence(send: SendStatement, token: string): Promise<void> {
  const [row] = await send(HELD, { token });
  if (!row || row.get('rivalled') === true) fenced(token);
}

/** Pages of a rehearsal: small, because each holds its locks while the server is still cold, and enough to warm it. */
const REHEARSALS = 12;
const REHEARSAL_SIZE = 100;

/**
 * Labels small pages and takes each back, so that the server has planned, compiled and cached what the first real
 * batches need, and these do not hold their locks longer than the later ones.
 */
export async function rehearseLabels(connection: GraphConnection, label: string, token: string): Promise<void> {
  const parameters = { token, after: '', size: neo4j.int(REHEARSAL_SIZE) };
  for (let i = 0; i < REHEARSALS; i++) await connection.rehearse(batchQuery(quotedLabel(label)), parameters);
}

function toState(row: Row): FenceState {
  return {
    token: String(row.get('token')),
    cursor: String(row.get('cursor')),
    batches: toNumber(row.get('batches')),
    labelled: toNumber(row.get('labelled')),
    paused: row.get('paused') === true,
  };
}

function fenced(token: string): never {
  throw new HybridFlowError('FENCED', {
    found: 'this attempt no longer holds the right to write: its run was rolled back, or another one began',
    expected: 'the fence node in Neo4j to carry its token',
    details: { token },
  });
}
