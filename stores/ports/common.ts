/**
 * What the rest of the house may ask of the outside world. Only `stores/` knows drivers; every method is safe to
 * call twice with the same input, because every activity may run twice.
 */

/** Reports progress of a long call: `done` units so far. Called often; must be cheap. */
export type OnProgress = (done: number) => void;

export interface CallControl {
  onProgress?: OnProgress;
  /** Aborted where the attempt was cancelled or timed out: the call stops at its next safe point. */
  signal?: AbortSignal;
}

/**
 * A moment (epoch milliseconds) after which an attempt must not write any more. It is checked inside the
 * write transaction, so an attempt that was frozen and wakes late changes nothing.
 */
export interface WriteLease {
  notAfter: number;
}

export interface CapturedFile {
  bytes: number;
  sha256: string;
  /** Exact numbers of what the file holds, e.g. `{chapters: 220}`. */
  counts: Record<string, number>;
  serverVersion: string;
  /** ISO 8601: when reading the store began and ended. */
  capturedFrom: string;
  capturedTo: string;
}
