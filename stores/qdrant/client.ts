import { QdrantClient } from '@qdrant/js-client-rest';
import { HybridFlowError } from '../../domain/errors';
import { toHybridFlowError } from './errors';

export interface VectorTarget {
  url: string;
  apiKey?: string;
  /** A collection, or an alias of one. */
  collection: string;
}

/** How the server is reached, with the calls wrapped so that only this system's errors come out. */
export interface QdrantConnection {
  target: VectorTarget;
  /** Without a trailing slash. */
  baseUrl: string;
  headers: Record<string, string>;
  call: <T>(request: (client: QdrantClient) => Promise<T>) => Promise<T>;
  /** For the one call that the server answers only after long work. */
  callPatiently: <T>(request: (client: QdrantClient) => Promise<T>) => Promise<T>;
}

const TIMEOUT_MS = 15_000;
const PATIENT_TIMEOUT_MS = 10 * 60_000;
const DEFAULT_PORT = 6333;

/** Sets up the clients; nothing is sent. */
export function openQdrantConnection(target: VectorTarget): QdrantConnection {
  const { origin, port, prefix } = parseAddress(target.url);
  const headers: Record<string, string> = target.apiKey ? { 'api-key': target.apiKey } : {};
  // The key goes in as a header, since the client's own option prints a warning where the address is http.
  const open = (timeout: number) =>
    new QdrantClient({ url: origin, port, prefix, headers, timeout, checkCompatibility: false });
  const wrap =
    (client: QdrantClient) =>
    async <T>(request: (client: QdrantClient) => Promise<T>): Promise<T> => {
      try {
        return await request(client);
      } catch (error) {
        throw toHybridFlowError(error, target);
      }
    };
  return {
    target,
    baseUrl: `${origin}:${port}${prefix}`,
    headers,
    call: wrap(open(TIMEOUT_MS)),
    callPatiently: wrap(open(PATIENT_TIMEOUT_MS)),
  };
}

/**
 * Without a port, 6333 is meant: every Qdrant client reads an address so. A port that is the scheme's own (:443) is
 * dropped by URL, so that it has to be looked for in the text.
 */
function parseAddress(text: string): { origin: string; port: number; prefix: string } {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol !== 'http:' && url?.protocol !== 'https:') {
    throw new HybridFlowError('CONFIG_INVALID', {
      found: `"${text}" is no Qdrant address`,
      expected: 'http://host:6333 or https://host:6333',
    });
  }
  const stated = /^https?:\/\/[^/]*:(\d+)(\/|$)/i.exec(text)?.[1];
  return {
    origin: `${url.protocol}//${url.hostname}`,
    port: Number(stated ?? DEFAULT_PORT),
    prefix: url.pathname.replace(/\/+$/, ''),
  };
}
