import neo4j, { type Driver, type Integer, type Record as Row } from 'neo4j-driver';
import { HybridFlowError } from '../../domain/errors';
import { maskUrl } from '../../domain/masking';
import { isWorthRepeating, toHybridFlowError } from './errors';

export interface GraphTarget {
  uri: string;
  username: string;
  password: string;
  database: string;
}

export interface RunOptions {
  mode?: 'read' | 'write';
  timeoutMs?: number;
  /** False for a statement that must not run twice. */
  repeat?: boolean;
}

export interface StreamOptions {
  timeoutMs: number;
  fetchSize: number;
  parameters?: Record<string, unknown>;
}

/** Sends one statement as part of a transaction and returns its rows. */
export type SendStatement = (query: string, parameters: Record<string, unknown>) => Promise<Row[]>;

/** One server, one database: the only door through which this folder sends Cypher. */
export interface GraphConnection {
  readonly database: string;
  /** Runs one statement as one auto-commit transaction and returns its rows. Repeated where that is worth it. */
  run(query: string, parameters?: Record<string, unknown>, options?: RunOptions): Promise<Row[]>;
  /** Runs one statement and takes everything it did back; its locks are held until then, so keep it small. */
  rehearse(query: string, parameters: Record<string, unknown>): Promise<void>;
  /**
   * Runs several statements as one transaction, all or nothing. Never repeated. The server ends it after `timeoutMs`,
   * so that a process that is frozen half-way holds its locks no longer, and commits nothing when it wakes.
   */
  transact<T>(work: (send: SendStatement) => Promise<T>, timeoutMs: number): Promise<T>;
  /** Rows of one read transaction as the server hands them out, in memory a few at a time. Never repeated. */
  stream(query: string, options: StreamOptions): AsyncGenerator<Row, void, void>;
  /** What the server says of its last committed transaction; opaque. Undefined where it says nothing. */
  bookmark(): Promise<string | undefined>;
  close(): Promise<void>;
}

/** A lock is waited for without end by default; no statement of ours has reason to take this long. */
const STATEMENT_TIMEOUT_MS = 30_000;
/** A repeated statement must not hide a server that is down: give up after this long, and let the caller decide. */
const REPEAT_FOR_MS = 2_000;
const REPEAT_PAUSE_MS = 150;

/**
 * Opens a connection lazily: nothing is sent before the first statement.
 *
 * @throws HybridFlowError CONFIG_INVALID where the address is none that the driver can use
 */
export function openGraphConnection(target: GraphTarget): GraphConnection {
  const driver = openDriver(target);
  return {
    database: target.database,
    run: (query, parameters = {}, options = {}) =>
      repeating(() => runOnce(driver, target, query, parameters, options), target, options.repeat),
    rehearse: (query, parameters) => repeating(() => rehearseOnce(driver, target, query, parameters), target),
    transact: (work, timeoutMs) => transactOnce(driver, target, work, timeoutMs),
    stream: (query, options) => streamRows(driver, target, query, options),
    bookmark: () => repeating(() => readBookmark(driver, target), target),
    close: () => driver.close(),
  };
}

function openDriver({ uri, username, password }: GraphTarget): Driver {
  try {
    return neo4j.driver(uri, neo4j.auth.basic(username, password), {
      userAgent: 'hybridflow-versioning',
      connectionTimeout: 3_000,
      connectionAcquisitionTimeout: 5_000,
      maxTransactionRetryTime: REPEAT_FOR_MS,
      // A connection that a firewall dropped in silence is noticed before it is used.
      connectionLivenessCheckTimeout: 30_000,
      telemetryDisabled: true,
    });
  } catch (error) {
    throw new HybridFlowError('CONFIG_INVALID', {
      found: `"${maskUrl(uri)}" is no Neo4j address: ${String((error as Error).message)}`.replaceAll(
        password || '\0',
        '***',
      ),
      expected: 'bolt://host:7687 or neo4j://host:7687 (with +s for TLS)',
    });
  }
}

/**
 * Auto-commit, not a managed transaction: the server then takes its locks, checks and commits without waiting for
 * another message of ours, so a process that is frozen half-way holds no lock.
 */
async function runOnce(
  driver: Driver,
  { database }: GraphTarget,
  query: string,
  parameters: Record<string, unknown>,
  { mode = 'read', timeoutMs = STATEMENT_TIMEOUT_MS }: RunOptions,
): Promise<Row[]> {
  const session = driver.session({ database, defaultAccessMode: mode === 'read' ? 'READ' : 'WRITE' });
  try {
    return (await session.run(query, parameters, { timeout: timeoutMs })).records;
  } finally {
    await session.close();
  }
}

/** A read, but asked of whoever takes the writes: another member of a cluster may lag behind. */
async function readBookmark(driver: Driver, { database }: GraphTarget): Promise<string | undefined> {
  const session = driver.session({ database, defaultAccessMode: 'WRITE' });
  try {
    await session.run('RETURN 1', {}, { timeout: STATEMENT_TIMEOUT_MS });
    return session.lastBookmarks()[0];
  } finally {
    await session.close();
  }
}

/** A process that is frozen half-way holds its locks until this is over. */
const REHEARSAL_TIMEOUT_MS = 5_000;

async function rehearseOnce(
  driver: Driver,
  { database }: GraphTarget,
  query: string,
  parameters: Record<string, unknown>,
): Promise<void> {
  const session = driver.session({ database, defaultAccessMode: 'WRITE' });
  try {
    const transaction = session.beginTransaction({ timeout: REHEARSAL_TIMEOUT_MS });
    await (await transaction).run(query, parameters);
    await (await transaction).rollback();
  } finally {
    await session.close();
  }
}

async function transactOnce<T>(
  driver: Driver,
  target: GraphTarget,
  work: (send: SendStatement) => Promise<T>,
  timeoutMs: number,
): Promise<T> {
  const session = driver.session({ database: target.database, defaultAccessMode: 'WRITE' });
  try {
    const transaction = await session.beginTransaction({ timeout: timeoutMs });
    const result = await work(async (query, parameters) => (await transaction.run(query, parameters)).records);
    await transaction.commit();
    return result;
  } catch (error) {
    throw toHybridFlowError(error, target);
  } finally {
    // Closing takes back whatever was not committed.
    await session.close();
  }
}

/** Nearly every statement of ours is idempotent, so one whose answer was lost, or that lost a deadlock, is sent again. */
async function repeating<T>(once: () => Promise<T>, target: GraphTarget, repeat = true): Promise<T> {
  const giveUpAt = Date.now() + (repeat ? REPEAT_FOR_MS : 0);
  for (let pause = REPEAT_PAUSE_MS; ; pause *= 2) {
    try {
      return await once();
    } catch (error) {
      if (!isWorthRepeating(error) || Date.now() + pause > giveUpAt) throw toHybridFlowError(error, target);
      await new Promise((resolve) => setTimeout(resolve, pause));
    }
  }
}

async function* streamRows(
  driver: Driver,
  target: GraphTarget,
  query: string,
  { timeoutMs, fetchSize, parameters = {} }: StreamOptions,
): AsyncGenerator<Row, void, void> {
  const session = driver.session({ database: target.database, defaultAccessMode: 'READ', fetchSize });
  try {
    // Iterating pulls the next rows only as they are asked for.
    for await (const row of session.run(query, parameters, { timeout: timeoutMs })) yield row;
  } catch (error) {
    throw toHybridFlowError(error, target);
  } finally {
    await session.close();
  }
}

/** A count or an id as the driver returns it. Exact: such numbers stay far below 2^53. */
export function toNumber(value: unknown): number {
  return typeof value === 'number' ? value : (value as Integer).toNumber();
}

/** The one row of a statement that always answers with one. */
export function onlyRow(rows: Row[]): Row {
  const [row] = rows;
  if (row === undefined) throw new Error('a statement that always returns a row returned none');
  return row;
}
