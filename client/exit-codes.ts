import { HybridFlowError, isErrorCode, type ErrorCode } from '../domain/errors';

/** What a script may rely on. Part of the contract, as are the codes of domain/errors.ts. */
export const EXIT = {
  done: 0,
  /** Something nobody foresaw: a bug, or a failure without a code. */
  unexpected: 1,
  /** Usage, configuration, or a set-up that does not fit: nothing was changed. */
  usage: 2,
  /** Failed, and rolled back to a proven state. */
  rolledBack: 3,
  /** Somebody has to look. */
  needsOperator: 4,
  /** A check or verification failed. */
  checkFailed: 5,
  /** Another change, or another writer, is at work. */
  busy: 6,
  /** No such version, or nothing of the kind is running. */
  unknown: 7,
  /** A service cannot be reached, or a wait timed out. */
  unreachable: 8,
  /** Ctrl-C: the command let go, the run goes on. */
  detached: 130,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** The one table from the code of an error to the exit code of the command. */
export const EXIT_BY_CODE = {
  CONFIG_INVALID: EXIT.usage,
  METADATA_DB_MISSING: EXIT.usage,
  METADATA_DB_INVALID: EXIT.usage,
  METADATA_DB_BUSY: EXIT.busy,
  CHAPTER_TABLE_MISSING: EXIT.usage,
  SCHEMA_CONFLICT: EXIT.usage,
  COLLECTION_MISSING: EXIT.usage,
  COLLECTION_NOT_GREEN: EXIT.checkFailed,
  QDRANT_UNREACHABLE: EXIT.unreachable,
  QDRANT_REFUSED: EXIT.unreachable,
  QDRANT_UNFIT: EXIT.usage,
  QDRANT_AUTH: EXIT.usage,
  NEO4J_UNREACHABLE: EXIT.unreachable,
  NEO4J_AUTH: EXIT.usage,
  NEO4J_REFUSED: EXIT.unreachable,
  NEO4J_UNFIT: EXIT.usage,
  TEMPORAL_UNREACHABLE: EXIT.unreachable,
  WAIT_TIMED_OUT: EXIT.unreachable,
  BACKUPS_UNWRITABLE: EXIT.usage,
  DISK_TOO_SMALL: EXIT.usage,
  ARTIFACT_DAMAGED: EXIT.checkFailed,
  ARTIFACT_WRITE_FAILED: EXIT.usage,
  BASE_BUSY: EXIT.busy,
  LABEL_IN_USE: EXIT.usage,
  VERSION_IN_USE: EXIT.usage,
  VERSION_UNKNOWN: EXIT.unknown,
  VERSION_ARCHIVED: EXIT.unknown,
  FOREIGN_BASE: EXIT.usage,
  STAGING_UNFIT: EXIT.checkFailed,
  NOT_STAGING: EXIT.unknown,
  NOT_RUNNING: EXIT.unknown,
  STATUS_MOVE_REFUSED: EXIT.usage,
  FENCED: EXIT.busy,
  CHECK_FAILED: EXIT.checkFailed,
  PLAN_CHANGED: EXIT.checkFailed,
  PROBE_FAILED: EXIT.checkFailed,
  EMBEDDER_UNREACHABLE: EXIT.unreachable,
  EMBEDDER_UNFIT: EXIT.usage,
  BASELINE_IMMUTABLE: EXIT.usage,
  VERSION_COMMITTED: EXIT.usage,
  FENCE_HELD: EXIT.busy,
  REPORT_MISSING: EXIT.unknown,
  SEED_REFUSED: EXIT.usage,
  PORT_IN_USE: EXIT.usage,
  TOOL_MISSING: EXIT.usage,
  SERVICE_START_FAILED: EXIT.unreachable,
  ROLLED_BACK: EXIT.rolledBack,
  NEEDS_OPERATOR: EXIT.needsOperator,
} as const satisfies Record<ErrorCode, ExitCode>;

/** The exit code that an error ends the command with. */
export function exitCodeOf(error: unknown): ExitCode {
  if (error instanceof HybridFlowError && isErrorCode(error.code)) return EXIT_BY_CODE[error.code];
  return EXIT.unexpected;
}
