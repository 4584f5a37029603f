import type { WriterSeen } from '../../domain/consistency';
import { toNumber, type GraphConnection } from './driver';

interface Transaction {
  id: string;
  username: string;
  address: string;
  query: string;
  status: string;
  /** All that it holds, and those of them that the statement it runs has taken. */
  locks: number;
  locksOfStatement: number;
  since: string;
}

const WRITING =
  /\b(CREATE|MERGE|SET|DELETE|REMOVE|FOREACH|DROP|ALTER|LOAD\s+CSV|IN\s+(\d+\s+)?(CONCURRENT\s+)?TRANSACTIONS)\b/i;

/**
 * Transactions of this database that write, or may. The server does not say which mode a transaction was opened in, and
 * a read takes locks too (one for each index it uses), so it is told from the statement that runs, and from what stands
 * open beyond it. The statement itself is not repeated: it may hold anything.
 *
 * @throws HybridFlowError NEO4J_REFUSED where this user may not list them
 */
export async function findWriters(connection: GraphConnection): Promise<WriterSeen[]> {
  const rows = await connection.run(
    `SHOW TRANSACTIONS
     YIELD database, transactionId, username, clientAddress, currentQuery, status, activeLockCount,
           currentQueryActiveLockCount, startTime
     WHERE database = toLower($database)`,
    { database: connection.database },
  );
  return rows
    .map((row) => ({
      id: textOf(row.get('transactionId')),
      username: textOf(row.get('username')),
      address: textOf(row.get('clientAddress')),
      query: textOf(row.get('currentQuery')),
      status: textOf(row.get('status')),
      locks: toNumber(row.get('activeLockCount') ?? 0),
      locksOfStatement: toNumber(row.get('currentQueryActiveLockCount') ?? 0),
      since: textOf(row.get('startTime')),
    }))
    .flatMap((transaction) => {
      const does = activityOf(transaction);
      return does === undefined ? [] : [seen(transaction, does)];
    });
}

function activityOf({ query, status, locks, locksOfStatement }: Transaction): string | undefined {
  if (status.startsWith('Blocked')) return 'waits for a lock of another one';
  if (WRITING.test(withoutTexts(query))) return 'runs a statement that writes';
  const before = locks - locksOfStatement;
  if (before > 0)
    return `holds ${before === 1 ? '1 lock' : `${before} locks`} of an earlier statement, and may have written`;
  return query === '' ? 'is open and may still write' : undefined;
}

function seen({ id, username, address, since }: Transaction, does: string): WriterSeen {
  const who = [username && `user ${username}`, address && `from ${address}`].filter(Boolean).join(' ');
  return { store: 'neo4j', what: `transaction ${id}${who && ` (${who})`} ${does}`, since: since || null };
}

/** Neither a text, a quoted name nor a comment makes a statement write. */
function withoutTexts(query: string): string {
  return query.replaceAll(/\/\*[\s\S]*?\*\/|\/\/[^\n]*|'(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*"|`[^`]*`/g, ' ');
}

/** Moments come as texts from one release and as the driver's own objects from another. */
function textOf(value: unknown): string {
  if (value == null) return '';
  return typeof value === 'string' ? value : (value as { toString(): string }).toString();
}
