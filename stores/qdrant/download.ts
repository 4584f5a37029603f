import { createHash } from 'node:crypto';
import http from 'node:http';
import https from 'node:https';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { HybridFlowError } from '../../domain/errors';
import { writeNewFile } from '../new-file';
import type { CallControl, QdrantSnapshotRef } from '../ports';
import type { QdrantConnection, VectorTarget } from './client';
import { fromStatus, toHybridFlowError, unreachable } from './errors';

/** Silence on the line for this long means that the transfer is dead. */
const IDLE_MS = 60_000;
const agents = {
  'http:': new http.Agent({ keepAlive: true }),
  'https:': new https.Agent({ keepAlive: true }),
};

/**
 * Streams a file of the server to disk and hashes it on the way. Plain node:http: fetch takes ten times as long over
 * the same bytes. A failure leaves no file behind.
 *
 * @throws HybridFlowError ARTIFACT_DAMAGED where the bytes are not those that the server lists
 */
export async function downloadTo(
  { baseUrl, headers, target }: QdrantConnection,
  path: string,
  ref: QdrantSnapshotRef,
  file: string,
  { onProgress, signal }: CallControl,
): Promise<{ bytes: number; sha256: string }> {
  signal?.throwIfAborted();
  try {
    return await writeNewFile(file, async (sink) => {
      const { meter, read } = makeMeter(onProgress);
      const response = await get(new URL(baseUrl + path), headers, target, signal);
      await pipeline(response, meter, sink, { signal });
      const received = read();
      assertWhole(response, received.bytes, target);
      assertListed(ref, received);
      return received;
    });
  } catch (error) {
    throw signal?.aborted ? signal.reason : toHybridFlowError(error, target);
  }
}

/** Counts and hashes what flows through it. */
function makeMeter(onProgress: CallControl['onProgress']) {
  const hash = createHash('sha256');
  let bytes = 0;
  const meter = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      hash.update(chunk);
      bytes += chunk.length;
      onProgress?.(bytes);
      done(null, chunk);
    },
  });
  return { meter, read: () => ({ bytes, sha256: hash.digest('hex') }) };
}

function get(
  url: URL,
  headers: Record<string, string>,
  target: VectorTarget,
  signal?: AbortSignal,
): Promise<http.IncomingMessage> {
  const [library, agent] = url.protocol === 'https:' ? [https, agents['https:']] : [http, agents['http:']];
  return new Promise((resolve, reject) => {
    const request = library.get(url, { headers, agent, timeout: IDLE_MS, signal }, (response) => {
      if (response.statusCode === 200) resolve(response);
      else void readRefusal(response, target).then(reject, reject);
    });
    request.once('timeout', () => request.destroy(unreachable(target, 'the transfer stands still')));
    request.once('error', reject);
  });
}

async function readRefusal(response: http.IncomingMessage, target: VectorTarget): Promise<HybridFlowError> {
  let said = '';
  for await (const chunk of response) said = (said + String(chunk)).slice(0, 300);
  return fromStatus(response.statusCode ?? 0, said, target);
}

function assertWhole(response: http.IncomingMessage, bytes: number, target: VectorTarget): void {
  const announced = response.headers['content-length'];
  if (announced === undefined || Number(announced) === bytes) return;
  throw unreachable(target, `${bytes} of ${announced} bytes came`);
}

function assertListed(ref: QdrantSnapshotRef, { bytes, sha256 }: { bytes: number; sha256: string }): void {
  // The size decides only where the server states no checksum.
  const fits = ref.checksum === null ? bytes === ref.bytes : sha256 === ref.checksum;
  if (fits) return;
  throw new HybridFlowError('ARTIFACT_DAMAGED', {
    found: `snapshot ${ref.name} came as ${bytes} bytes with SHA-256 ${sha256}`,
    expected: `${ref.bytes} bytes with SHA-256 ${ref.checksum ?? 'unknown'}, as the server lists it`,
    next: "delete that snapshot and take another; look at the server's disk if it happens again",
  });
}
