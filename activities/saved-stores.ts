import { HybridFlowError } from '../domain/errors';
import type { StoreFingerprint } from '../domain/fingerprint';
import type { StoreName } from '../domain/names';
import type { SavedStore } from '../domain/restore';
import { liveFingerprint } from '../inspection/fingerprints';
import { callControl } from './context';
import type { ActivityDeps } from './deps';
import { RESTORE } from './restore';

/** Stores as they were saved before a restore switched them. */
export function createSavedActivities(deps: ActivityDeps) {
  const { artifacts } = deps;
  return {
    async fingerprintProduction(store: StoreName): Promise<StoreFingerprint> {
      return (await liveFingerprint(deps, store, {}, callControl())).summary;
    },

    /** Whether what was saved before the switch is still there, byte for byte. */
    async verifySaved(folder: string, { file, sha256 }: SavedStore): Promise<boolean> {
      return (await artifacts.digest(folder, file).catch(unlessDamaged))?.sha256 === sha256;
    },

    /**
     * Puts a store back as it was saved before the switch, by what the journal tells of it.
     *
     * @throws HybridFlowError ARTIFACT_DAMAGED where its bytes are others by now
     */
    async restoreSaved(
      store: StoreName,
      folder: string,
      { file, sha256 }: SavedStore,
    ): Promise<{ store: StoreName; detail: string }> {
      const found = await artifacts.digest(folder, file);
      if (found.sha256 !== sha256) throw otherBytes(found.path, found.sha256, sha256);
      return { store, detail: await RESTORE[store](deps, found.path, { counts: {} }) };
    },
  };
}

function unlessDamaged(error: unknown): undefined {
  if (error instanceof HybridFlowError && error.code === 'ARTIFACT_DAMAGED') return undefined;
  throw error;
}

function otherBytes(path: string, found: string, expected: string): HybridFlowError {
  return new HybridFlowError('ARTIFACT_DAMAGED', {
    found: `${path} has SHA-256 ${found}`,
    expected: `${expected}, as it was saved`,
    next: 'the store was not written to; restore from another copy',
    details: { file: path },
  });
}
