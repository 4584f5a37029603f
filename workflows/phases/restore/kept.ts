import type { StoreName } from '../../../domain/names';
import type { RestoreDetails, SavedStore } from '../../../domain/restore';
import type { SwitchEntry } from '../../../domain/switch-journal';
import { STORE_TITLES } from '../../../domain/words';
import { LATEST_COPY } from '../../../domain/version-id';

/** Where one store from before a switch may lie. */
export interface KeptSource {
  store: StoreName;
  folder: string;
  /** Of a rescue folder, as the journal tells of it; null where the folder is a sealed version's. */
  saved: SavedStore | null;
}

/**
 * Best first: what was saved before the switch, or the version that held the same; then latest-copy, then the version
 * that production was. Never the baseline, unless production was it: that would take back far more than the restore did.
 */
export function keptSources(entry: SwitchEntry, store: StoreName): KeptSource[] {
  const { rescue, saved, keptIn } = entry.details as unknown as RestoreDetails;
  const one = saved?.[store];
  const folders = new Set([keptIn[store], LATEST_COPY, entry.previousVersionId ?? undefined]);
  const sealed = [...folders].filter((folder) => folder !== undefined);
  return [
    ...(rescue !== null && one ? [{ store, folder: rescue, saved: one }] : []),
    ...sealed.map((folder) => ({ store, folder, saved: null })),
  ];
}

/** In words, for whoever has to do by hand what could not be done. */
export function whatLiesWhere({ details, stores }: SwitchEntry): string {
  const { rescue, saved, keptIn } = details as unknown as RestoreDetails;
  const places = stores.flatMap((store) => {
    const kept = keptIn[store] ?? (rescue !== null && saved?.[store] ? rescue : undefined);
    return kept === undefined ? [] : [`${STORE_TITLES[store]} as it was is in ${kept}`];
  });
  return places.length > 0 ? places.join(', ') : 'nothing was saved before the switch';
}
