/**
 * The one error of this system. It is carried across process borders (activity -> workflow -> client) as
 * its code, message and facts; classes do not survive that journey, so callers compare codes, never text.
 */

/** Stable codes, each with what it means to a caller: may the same call work later (`retry`)? */
export const ERROR_CODES = {
  CONFIG_INVALID: { retry: false },
  METADATA_DB_MISSING: { retry: false },
  METADATA_DB_INVALID: { retry: false },
  METADATA_DB_BUSY: { retry: true },
  CHAPTER_TABLE_MISSING: { retry: false },
  SCHEMA_CONFLICT: { retry: false },
  COLLECTION_MISSING: { retry: false },
  COLLECTION_NOT_GREEN: { retry: false },
  QDRANT_UNREACHABLE: { retry: true },
  QDRANT_REFUSED: { retry: false },
  QDRANT_UNFIT: { retry: false },
  QDRANT_AUTH: { retry: false },
  NEO4J_UNREACHABLE: { retry: true },
  NEO4J_AUTH: { retry: false },
  NEO4J_REFUSED: { retry: false },
  NEO4J_UNFIT: { retry: false },
  TEMPORAL_UNREACHABLE: { retry: true },
  WAIT_TIMED_OUT: { retry: true },
  BACKUPS_UNWRITABLE: { retry: false },
  DISK_TOO_SMALL: { retry: false },
  ARTIFACT_DAMAGED: { retry: false },
  ARTIFACT_WRITE_FAILED: { retry: true },
  BASE_BUSY: { retry: false },
  LABEL_IN_USE: { retry: false },
  VERSION_IN_USE: { retry: false },
  VERSION_UNKNOWN: { retry: false },
  VERSION_ARCHIVED: { retry: false },
  FOREIGN_BASE: { retry: false },
  STAGING_UNFIT: { retry: false },
  NOT_STAGING: { retry: false },
  NOT_RUNNING: { retry: false },
  STATUS_MOVE_REFUSED: { retry: false },
  FENCED: { retry: false },
  CHECK_FAILED: { retry: false },
  PLAN_CHANGED: { retry: false },
  PROBE_FAILED: { retry: false },
  EMBEDDER_UNREACHABLE: { retry: true },
  EMBEDDER_UNFIT: { retry: false },
  BASELINE_IMMUTABLE: { retry: false },
  VERSION_COMMITTED: { retry: false },
  FENCE_HELD: { retry: false },
  REPORT_MISSING: { retry: false },
  SEED_REFUSED: { retry: false },
  PORT_IN_USE: { retry: false },
  TOOL_MISSING: { retry: false },
  SERVICE_START_FAILED: { retry: false },
  ROLLED_BACK: { retry: false },
  NEEDS_OPERATOR: { retry: false },
} as const satisfies Record<string, { retry: boolean }>;

export type ErrorCode = keyof typeof ERROR_CODES;

export interface ErrorFacts {
  /** What was found. */
  found: string;
  /** What was expected instead. */
  expected?: string;
  /** What the reader should do next: one command or one sentence. */
  next?: string;
  /** Anything a program may want to read; never a secret. */
  details?: Record<string, unknown>;
}

/** An error with a stable code that says what was found, what was expected and what to do next. */
export class HybridFlowError extends Error {
  readonly code: ErrorCode;
  readonly facts: ErrorFacts;

  constructor(code: ErrorCode, facts: ErrorFacts, options?: { cause?: unknown }) {
    super(sentence(facts), options);
    this.name = 'HybridFlowError';
    this.code = code;
    this.facts = facts;
  }

  /** True where the same call may work later, so that a retry is worth making. */
  get retryable(): boolean {
    return ERROR_CODES[this.code].retry;
  }
}

export function isErrorCode(text: unknown): text is ErrorCode {
  return typeof text === 'string' && Object.hasOwn(ERROR_CODES, text);
}

function sentence({ found, expected, next }: ErrorFacts): string {
  const parts = [found];
  if (expected) parts.push(`Expected: ${expected}`);
  if (next) parts.push(`Next: ${next}`);
  return parts.map((part) => (/[.!?]$/.test(part) ? part : `${part}.`)).join(' ');
}
