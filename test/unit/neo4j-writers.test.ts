import { findWriters } from '../../stores/neo4j/writers';
import type { GraphConnection } from '../../stores/neo4j/driver';

/** What the server would list for one transaction. */
async function activity(row: Record<string, unknown>): Promise<string | undefined> {
  const listed = { transactionId: 'neo4j-transaction-7', username: 'ingest', status: 'Running', ...row };
  const connection = {
    database: 'neo4j',
    run: async () => [{ get: (name: string) => (listed as Record<string, unknown>)[name] ?? null }],
  };
  const [seen] = await findWriters(connection as unknown as GraphConnection);
  return seen?.what;
}

test.each([
  'CREATE (n)',
  'MATCH (n) set n.x = 1',
  'MATCH (n) DETACH\nDELETE n',
  "MERGE (n {id: 'a'}) RETURN n",
  'LOAD CSV FROM $file AS row RETURN row',
  'DROP INDEX a',
  'MATCH (n) CALL (n) { RETURN 1 } IN 4 CONCURRENT TRANSACTIONS',
])('%j runs a statement that writes', async (currentQuery) => {
  expect(await activity({ currentQuery })).toBe(
    'transaction neo4j-transaction-7 (user ingest) runs a statement that writes',
  );
});

test.each([
  'MATCH (n:Created) RETURN n.setAt',
  "MATCH (n) WHERE n.text = 'CREATE \\'SET\\' me' RETURN n",
  'MATCH (n:`SET`) RETURN n // DELETE it later',
  'MATCH (n) /* MERGE\nwas here */ RETURN n',
])('%j does not', async (currentQuery) => {
  expect(await activity({ currentQuery, activeLockCount: 3, currentQueryActiveLockCount: 3 })).toBeUndefined();
});

test('locks of an earlier statement of the same transaction are told', async () => {
  const currentQuery = 'MATCH (n) RETURN n';
  expect(await activity({ currentQuery, activeLockCount: 5, currentQueryActiveLockCount: 2 })).toContain(
    'holds 3 locks of an earlier statement',
  );
});
