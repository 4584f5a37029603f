import { isNativeError } from 'node:util/types';
import { HybridFlowError, type ErrorFacts } from '../../domain/errors';
import { maskUrl } from '../../domain/masking';
import type { VectorTarget } from './client';

/** What the client throws: an answer with a status, a request that got none, or its own timeout. */
interface ClientFailure extends Error {
  status?: number;
  data?: unknown;
  code?: string;
  cause?: unknown;
}

const NETWORK_CODES =
  /^(ECONN(REFUSED|RESET|ABORTED)|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH|ETIMEDOUT|EPIPE|UND_ERR_|ERR_STREAM_PREMATURE_CLOSE)/;

/** Puts what the client reports into this system's terms. Whatever is no failure of a request passes untouched. */
export function toHybridFlowError(error: unknown, target: VectorTarget): unknown {
  // Not instanceof: fetch and sockets make their errors outside whatever sandbox this code may run in.
  if (error instanceof HybridFlowError || !isNativeError(error)) return error;
  const failure = error as ClientFailure;
  if (typeof failure.status === 'number') return fromStatus(failure.status, saidBy(failure.data), target);
  if (failure.name === 'QdrantClientUnexpectedResponseError') {
    return refused(target, failure.message.replaceAll('\n', ' '), undefined);
  }
  if (failure.name === 'QdrantClientResourceExhaustedError') return unreachable(target, 'it is out of resources');
  if (failure.name === 'QdrantClientTimeoutError') return unreachable(target, 'no answer in time');
  const code = networkCode(failure);
  return code === undefined ? error : unreachable(target, code);
}

/** The error for an answer that is not the one asked for. */
export function fromStatus(status: number, said: string, target: VectorTarget): HybridFlowError {
  const details = { status };
  if (status === 401 || status === 403) {
    return new HybridFlowError('QDRANT_AUTH', {
      found: `${where(target)} refused the ${target.apiKey ? 'API key' : 'call, which carried no API key'}`,
      next: 'correct QDRANT_API_KEY',
      details,
    });
  }
  if (status === 429 || status >= 500) return unreachable(target, `status ${status}: ${said}`, details);
  if (status === 404 && /collection/i.test(said)) return collectionMissing(target);
  return refused(target, `status ${status}: ${said}`, details);
}

/** Names what there is instead, so that the reader need not go and look. */
export function collectionMissing(
  target: VectorTarget,
  present?: { collections: string[]; aliases: string[] },
): HybridFlowError {
  const named = (names: string[]) => (names.length > 0 ? names.join(', ') : 'none');
  const facts: ErrorFacts = {
    found: `${where(target)} has no collection and no alias "${target.collection}"`,
    next: present
      ? `set QDRANT_COLLECTION to one of these: collections ${named(present.collections)}; aliases ${named(present.aliases)}; where it is lost, \`hfv restore latest-copy --dry-run\` says how to get it back`
      : 'look at its collections and set QDRANT_COLLECTION',
    details: { name: target.collection, ...present },
  };
  return new HybridFlowError('COLLECTION_MISSING', facts);
}

export function unreachable(target: VectorTarget, why: string, details?: Record<string, unknown>): HybridFlowError {
  return new HybridFlowError('QDRANT_UNREACHABLE', {
    found: `${where(target)} does not answer as it should (${why})`,
    next: 'start Qdrant, or correct QDRANT_URL',
    details,
  });
}

function refused(target: VectorTarget, what: string, details?: Record<string, unknown>): HybridFlowError {
  return new HybridFlowError('QDRANT_REFUSED', { found: `${where(target)} refused: ${what}`, details });
}

function where({ url }: VectorTarget): string {
  return `Qdrant at ${maskUrl(url)}`;
}

/** The server's own words: `{"status": {"error": "…"}}`, or plain text. */
function saidBy(data: unknown): string {
  if (typeof data === 'string') return data.slice(0, 300);
  const status = (data as { status?: { error?: unknown } } | undefined)?.status;
  return typeof status?.error === 'string' ? status.error.slice(0, 300) : 'no reason given';
}

/** Node hides the reason of a failed fetch in its causes, and in their list where several addresses were tried. */
function networkCode(failure: ClientFailure): string | undefined {
  for (let at: ClientFailure | undefined = failure; at; at = at.cause as ClientFailure | undefined) {
    if (at.code !== undefined && NETWORK_CODES.test(at.code)) return at.code;
  }
  return failure.message === 'fetch failed' || failure.message === 'terminated' ? failure.message : undefined;
}
