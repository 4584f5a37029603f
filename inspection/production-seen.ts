import type { ProductionSeen } from '../domain/consistency';
import type { StoreName } from '../domain/names';
import type { CallControl, Stores } from '../stores/ports';
import { liveFingerprint } from './fingerprints';
import { sameMark } from './marks';

/**
 * Of the stores asked about, those that hold something else by now. A store that says that nobody wrote to it is not
 * read again; SQLite, which this system writes to itself, always is.
 */
export async function changedSinceSeen(
  stores: Stores,
  seen: ProductionSeen,
  asked: readonly StoreName[],
  control: CallControl,
): Promise<StoreName[]> {
  const contents = await Promise.all(asked.map((store) => contentIfWritten(stores, seen, store, control)));
  return asked.filter((store, i) => ![undefined, seen.fingerprints[store]].includes(contents[i]));
}

/** The fingerprint of what a store holds by now; undefined where it says itself that nobody has written to it. */
export async function contentIfWritten(
  stores: Stores,
  { marks }: ProductionSeen,
  store: StoreName,
  control: CallControl,
): Promise<string | undefined> {
  if (store !== 'sqlite') {
    const { value } = await (store === 'qdrant' ? stores.vectors : stores.graph).mark();
    if (sameMark(marks[store], value)) return undefined;
  }
  return (await liveFingerprint(stores, store, {}, control)).summary.sha256;
}
