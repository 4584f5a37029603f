import neo4j, { Neo4jError, type Driver } from 'neo4j-driver';

export interface Login {
  uri: string;
  username: string;
  password: string;
  database: string;
}

/** What a Neo4j server that has never been logged in to accepts, once. */
const FIRST_LOGIN = 'neo4j';

/**
 * Makes sure that `password` opens the server, setting it where the server is new and still has the one it was
 * made with. May run again at any time: a crash between start and change leaves a server that is still new.
 */
export async function ensureFirstPassword(login: Login): Promise<void> {
  try {
    await serverVersion(login);
  } catch (error) {
    if (!isUnauthorized(error)) throw error;
    await changeFirstPassword(login);
  }
}

/** Logs in, runs a query in the database, and returns the server's version. */
export async function serverVersion(login: Login): Promise<string> {
  return withDriver(login, async (driver) => {
    const { summary } = await driver.executeQuery('RETURN 1', {}, { database: login.database });
    return summary.server.agent?.replace(/^Neo4j\//, '') ?? 'unknown';
  });
}

/** True where the server answered and refused the user or the password. */
export function isUnauthorized(error: unknown): boolean {
  return error instanceof Neo4jError && error.code === 'Neo.ClientError.Security.Unauthorized';
}

async function changeFirstPassword(login: Login): Promise<void> {
  await withDriver({ ...login, password: FIRST_LOGIN }, async (driver) => {
    const change = 'ALTER CURRENT USER SET PASSWORD FROM $old TO $new';
    await driver.executeQuery(change, { old: FIRST_LOGIN, new: login.password }, { database: 'system' });
  });
}

async function withDriver<T>({ uri, username, password }: Login, use: (driver: Driver) => Promise<T>): Promise<T> {
  const limits = { connectionTimeout: 5_000, maxTransactionRetryTime: 0 };
  const driver = neo4j.driver(uri, neo4j.auth.basic(username, password), limits);
  try {
    return await use(driver);
  } finally {
    await driver.close();
  }
}
