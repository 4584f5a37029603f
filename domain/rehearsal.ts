import type { FingerprintComparison } from './fingerprint';
import type { StoreName } from './names';

/** `restore`: into side targets, compared by fingerprint. `hash`: the artifacts' bytes against the manifest only. */
export const CONFIRM_FORMS = ['restore', 'hash'] as const;
export type ConfirmForm = (typeof CONFIRM_FORMS)[number];

/** One store's part of the confirmation that a version can be rolled back to. */
export interface RehearsedStore {
  store: StoreName;
  form: ConfirmForm;
  passed: boolean;
  milliseconds: number;
  /** Null in the form `hash`. */
  comparison: FingerprintComparison | null;
  /** In words: what was compared with what. */
  evidence: string;
}
