import type { ProductionSeen } from '../domain/consistency';
import type { StoreName } from '../domain/names';
import type { CallControl, Stores } from '../stores/ports';
import { liveFingerprint } from './fingerprints';
import { markProduction, sameMark } from './marks';

/**
 * Of the stores asked about, those that hold something else by now. A store that says that nobody wrote to it is not
 * read again; SQLite, which this system writes to itself, always is.
 */
export async function changedSinceSeen(
  stores: Stores,
  { fingerprints, marks }: ProductionSeen,
  asked: readonly StoreName[],
  control: CallControl,
): Promise<StoreName[]> {
  const now = await markProduction(stores);
  const changed = await Promise.all(
    asked.map(async (store) => {
      if (store !== 'sqlite' && sameMark(marks[store], now[store])) return false;
      return (await liveFingerprint(stores, store, {}, control)).summary.sha256 !== fingerprints[store];
    }),
  );
  return asked.filter((_, i) => changed[i]);
}
