import type { StoreMark } from '../../domain/consistency';
import type { GraphConnection } from './driver';

/**
 * The bookmark that the server hands out after a read: it stands for the last committed transaction of the database,
 * so it stays the same until something is written, and whoever reads does not move it. (`SHOW DATABASES` has that
 * number too, but leaves it empty in the Community edition.)
 */
export async function takeMark(connection: GraphConnection): Promise<StoreMark> {
  const at = new Date().toISOString();
  return { at, value: (await connection.bookmark()) ?? null };
}
