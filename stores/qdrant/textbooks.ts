import type { CountsByTextbook } from '../../domain/plan';
import type { QdrantConnection } from './client';
import { resolveCollection } from './resolve';

/** Exact counts, one question a textbook, one after the other: without a payload index each is a scan. */
export async function countPointsPerTextbook(
  connection: QdrantConnection,
  textbooks: readonly string[],
): Promise<CountsByTextbook> {
  const { collection } = await resolveCollection(connection);
  const counts: [string, number][] = [];
  for (const textbook of textbooks) {
    const filter = { must: [{ key: 'textbook_id', match: { value: textbook } }] };
    const { count } = await connection.call((client) => client.count(collection, { exact: true, filter }));
    counts.push([textbook, count]);
  }
  return Object.fromEntries(counts);
}
