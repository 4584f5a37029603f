import { isNativeError } from 'node:util/types';
import { HybridFlowError, type ErrorFacts } from '../../domain/errors';
import { maskUrl } from '../../domain/masking';
import type { GraphTarget } from './driver';

interface DriverError extends Error {
  code: string;
}

/** Codes that mean: the server, or this connection to it, is not there at the moment. */
const GONE = ['ServiceUnavailable', 'SessionExpired'];
const AUTH = [
  'Neo.ClientError.Security.Unauthorized',
  'Neo.ClientError.Security.AuthenticationRateLimit',
  'Neo.ClientError.Security.CredentialsExpired',
  'Neo.ClientError.Security.TokenExpired',
];
/** The driver gives these the class of a caller's mistake, but they pass by themselves: somebody held a lock. */
const WAITED_TOO_LONG = /^Neo\.ClientError\.Transaction\.(TransactionTimedOut|LockClientStopped|Terminated)/;
/** The fence node was deleted by another transaction while this one waited for it: a second look sees that. */
const VANISHED = 'Neo.ClientError.Statement.EntityNotFound';

/** The server ended the transaction because it met a lock, took too long or too much: a smaller one may pass. */
const TOO_MUCH =
  /\.Transaction\.(TransactionTimedOut|LockClientStopped|LockAcquisitionTimeout|DeadlockDetected)|Memory/;

function isDriverError(error: unknown): error is DriverError {
  return isNativeError(error) && typeof (error as Partial<DriverError>).code === 'string';
}

function isTransient(error: DriverError): boolean {
  return error.code.startsWith('Neo.TransientError.') || WAITED_TOO_LONG.test(error.code);
}

function isGone(error: DriverError): boolean {
  // The pool reports a timeout without a code of its own.
  return GONE.includes(error.code) || /acquisition timed out/i.test(error.message);
}

/** May the same statement succeed if it is sent again at once? */
export function isWorthRepeating(error: unknown): boolean {
  return (
    isDriverError(error) && (isGone(error) || error.code.startsWith('Neo.TransientError.') || error.code === VANISHED)
  );
}

/** Puts what the driver reports into this system's terms. Whatever did not come from the driver passes untouched. */
export function toHybridFlowError(error: unknown, target: GraphTarget): unknown {
  if (error instanceof HybridFlowError || !isDriverError(error)) return error;
  const where = `Neo4j at ${maskUrl(target.uri)}`;
  const tooMuch = TOO_MUCH.test(error.code);
  const details = { code: error.code, database: target.database, ...(tooMuch && { tooMuch }) };
  const said = withoutSecret(error.message, target.password);
  const fail = (code: HybridFlowError['code'], facts: ErrorFacts) =>
    // No `cause`: the driver's own error may quote what was sent.
    new HybridFlowError(code, { ...facts, details });
  if (isGone(error)) {
    return fail('NEO4J_UNREACHABLE', {
      found: `${where} does not answer (${firstLine(said)})`,
      next: 'start Neo4j, or correct NEO4J_URI',
    });
  }
  if (AUTH.includes(error.code)) return fail('NEO4J_AUTH', refusedLogin(error.code, where, target.username));
  if (error.code.endsWith('.DatabaseNotFound')) {
    return fail('NEO4J_REFUSED', {
      found: `${where} has no database "${target.database}"`,
      next: 'list them with `SHOW DATABASES` and set NEO4J_DATABASE',
    });
  }
  if (isTransient(error)) return fail('NEO4J_UNREACHABLE', { found: `${where} is busy: ${firstLine(said)}` });
  return fail('NEO4J_REFUSED', { found: `${where} refused: ${firstLine(said)}` });
}

function refusedLogin(code: string, where: string, username: string): ErrorFacts {
  if (code.endsWith('.CredentialsExpired')) {
    return {
      found: `${where} wants the first password of "${username}" changed`,
      next: `log in once and run \`ALTER CURRENT USER SET PASSWORD FROM '…' TO '…'\` on database system`,
    };
  }
  const tooOften = code.endsWith('.AuthenticationRateLimit') ? ', and too often: it waits 5 s before the next try' : '';
  return {
    found: `${where} refused the login of "${username}"${tooOften}`,
    next: 'correct NEO4J_USERNAME and NEO4J_PASSWORD (or NEO4J_PASSWORD_FILE)',
  };
}

/** A password of three letters is part of too many words to be taken out; a real one never belongs in a message. */
function withoutSecret(text: string, secret: string): string {
  return secret.length > 3 ? text.replaceAll(secret, '***') : text;
}

function firstLine(text: string): string {
  return text.split('\n', 1)[0]?.replace(/\.$/, '') ?? '';
}
