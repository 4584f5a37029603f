import { pbkdf2 } from 'node:crypto';
import { promisify } from 'node:util';

const derive = promisify(pbkdf2);

/** There and back as often as a search of two stores, with about as much to compute in between. */
const TRIPS = 4;
const ITERATIONS = 1_500;

/**
 * A piece of work that is the same on every day, asks no store, and does what queries do: it is handed to another
 * thread, computed there, and handed back. Where it takes longer than before, the machine is busier, and queries are
 * slower for that alone.
 */
export async function doYardstick(): Promise<void> {
  for (let trip = 0; trip < TRIPS; trip++) await derive('yardstick', 'salt', ITERATIONS, 32, 'sha256');
}
