import { HybridFlowError, isErrorCode, type ErrorCode, type ErrorFacts } from '../../domain/errors';

/**
 * Says in the system's own words what SQLite reported about the file at `path`, or what one of our triggers refused.
 * What is neither (a bug in a statement, a refusal of ours) comes back as it is.
 */
export function translateSqliteError(error: unknown, path: string): unknown {
  const code = sqliteCode(error);
  if (code === undefined) return error;
  const why = (error as Error).message;
  if (code === 'SQLITE_CONSTRAINT_TRIGGER') return refusalOf(error, why);
  const known = FILE_ERRORS.find(([pattern]) => pattern.test(code));
  if (!known) return error;
  const [, errorCode, facts] = known;
  return new HybridFlowError(errorCode, { ...facts(path, why), details: { path, sqlite: code } }, { cause: error });
}

/**
 * The extended result code of an error thrown by the driver. Compared by code and not by class: the driver
 * hands its error class to the native part only once per process, so the class is not the same everywhere.
 */
export function sqliteCode(error: unknown): string | undefined {
  const code = error instanceof Error || isObject(error) ? (error as { code?: unknown }).code : undefined;
  return typeof code === 'string' && code.startsWith('SQLITE_') ? code : undefined;
}

export function databaseMissing(path: string): HybridFlowError {
  return new HybridFlowError('METADATA_DB_MISSING', {
    found: `There is no file ${path}`,
    expected: "HybridFlow's metadata.db",
    next: 'set HYBRIDFLOW_METADATA_DB to the path of metadata.db',
    details: { path },
  });
}

export function databaseInvalid(path: string, why: string, cause?: unknown): HybridFlowError {
  return new HybridFlowError('METADATA_DB_INVALID', { ...unfit(path, why), details: { path } }, { cause });
}

/** Our triggers begin their message with the code of the refusal; any other trigger is not ours to explain. */
function refusalOf(error: unknown, message: string): unknown {
  const [, code, found] = /^([A-Z_]+): (.+)$/s.exec(message) ?? [];
  if (!isErrorCode(code) || found === undefined) return error;
  return new HybridFlowError(code, { found, next: 'look at the versions with `hfv versions`' }, { cause: error });
}

type Facts = (path: string, why: string) => ErrorFacts;

const unfit: Facts = (path, why) => ({
  found: `${path} cannot be used as a database: ${why}`,
  expected: 'a sound SQLite file',
  next: 'check that HYBRIDFLOW_METADATA_DB names the right file and run `sqlite3 <file> "PRAGMA integrity_check"`',
});

const busy: Facts = (path, why) => ({
  found: `${path} is being written by another program: ${why}`,
  expected: 'a moment in which the write lock is free',
  next: 'wait for the other writer (an ingestion?) to end, or stop it',
});

const notWritable: Facts = (path, why) => ({
  found: `${path} cannot be written: ${why}`,
  expected: 'a file, in a folder, that this user may write',
  next: 'give the user that runs the worker write permission on the file and on its folder',
});

const full: Facts = (path, why) => ({
  found: `The disk that holds ${path} is full: ${why}`,
  next: 'free some space and start again',
});

const broken: Facts = (path, why) => ({
  found: `${path} cannot be read or written: ${why}`,
  next: 'check the disk (`dmesg`, quotas, network mounts); SQLite must not lie on NFS',
});

const FILE_ERRORS: readonly [RegExp, ErrorCode, Facts][] = [
  [/^SQLITE_(BUSY|LOCKED)/, 'METADATA_DB_BUSY', busy],
  [/^SQLITE_(NOTADB|CORRUPT|CANTOPEN|FORMAT)/, 'METADATA_DB_INVALID', unfit],
  [/^SQLITE_(READONLY|PERM|AUTH)/, 'METADATA_DB_INVALID', notWritable],
  [/^SQLITE_FULL/, 'DISK_TOO_SMALL', full],
  [/^SQLITE_IOERR/, 'METADATA_DB_INVALID', broken],
];

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}
