import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createReadStream } from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import { HybridFlowError } from '../../domain/errors';
import { digestArtifact } from '../artifacts/write';
import type { ArtifactRef, CallControl, OverwriteControl } from '../ports';
import type { QdrantConnection, VectorTarget } from './client';
import { fromStatus, toHybridFlowError, unreachable } from './errors';

/** Silence on the line for this long while bytes are sent means that the transfer is dead. */
const IDLE_MS = 60_000;
/** The server answers once the collection is in place, and says nothing until then. */
const PATIENT_MS = 10 * 60_000;
const PIECE = 256 * 1024;

interface Answer {
  status: number;
  said: string;
}

/**
 * Sends a snapshot file to the server, which puts it in the place of the collection, or makes the collection where
 * there is none. Streamed from disk. Aborting stops the sending; once all bytes are sent the answer is waited for, so
 * that no recovery goes on behind the caller's back.
 *
 * The server does nothing with the bytes before it has the last of them, so that the last look is taken right before
 * these are sent.
 *
 * The priority is always `snapshot`: with the server's default, the data of the (empty) collection may win.
 *
 * @throws HybridFlowError ARTIFACT_DAMAGED where the file is missing, or the server finds no whole snapshot in it
 */
export async function uploadSnapshot(
  { baseUrl, headers, target }: QdrantConnection,
  collection: string,
  file: string,
  control: OverwriteControl = {},
): Promise<void> {
  control.signal?.throwIfAborted();
  const artifact = await digestArtifact(file);
  const query = `priority=snapshot&wait=true&checksum=${artifact.sha256}`;
  const url = new URL(`${baseUrl}/collections/${encodeURIComponent(collection)}/snapshots/upload?${query}`);
  try {
    const answer = await send(url, headers, target, artifact, control);
    if (answer.status !== 200) throw refusalOf(answer, artifact, target);
  } catch (error) {
    throw control.signal?.aborted ? control.signal.reason : toHybridFlowError(error, target);
  }
  control.signal?.throwIfAborted();
}

async function send(
  url: URL,
  headers: Record<string, string>,
  target: VectorTarget,
  artifact: ArtifactRef,
  control: OverwriteControl,
): Promise<Answer> {
  const { type, length, body, tail } = multipart(artifact, control);
  const library = url.protocol === 'https:' ? https : http;
  // A connection of its own: one that the server closed while idle would fail half-way through the body.
  const request = library.request(url, {
    method: 'POST',
    agent: false,
    timeout: IDLE_MS,
    headers: { ...headers, 'content-type': type, 'content-length': length },
  });
  request.once('timeout', () => request.destroy(unreachable(target, 'the transfer stands still')));
  const answer = new Promise<Answer>((resolve, reject) => {
    request.once('error', reject);
    request.once('response', (response) => void readAnswer(response).then(resolve, reject));
  });
  const over = new AbortController();
  const stop = AbortSignal.any([over.signal, ...(control.signal ? [control.signal] : [])]);
  const sendAll = async () => {
    await pour(body, request, stop);
    // The look may take long, and nothing is sent meanwhile.
    request.setTimeout(PATIENT_MS);
    await control.lastLook?.({ atOnce: true });
    stop.throwIfAborted();
    request.end(tail);
    return answer;
  };
  try {
    // A refusal may come before the last byte was sent; nothing more is sent then.
    return await Promise.race([answer, sendAll()]);
  } finally {
    over.abort();
    request.destroy();
    answer.catch(() => undefined);
  }
}

async function pour(body: AsyncIterable<Buffer>, request: http.ClientRequest, signal: AbortSignal): Promise<void> {
  for await (const piece of body) {
    signal.throwIfAborted();
    if (!request.write(piece)) await once(request, 'drain', { signal });
  }
}

/** The form's one field, `snapshot`, around the bytes of the file. */
function multipart({ path, bytes, sha256 }: ArtifactRef, { onProgress }: CallControl) {
  const boundary = `hfv-${randomUUID()}`;
  const disposition = 'Content-Disposition: form-data; name="snapshot"; filename="upload.snapshot"';
  const head = Buffer.from(`--${boundary}\r\n${disposition}\r\nContent-Type: application/octet-stream\r\n\r\n`);
  const tail = Buffer.from(`\r\n--${boundary}--\r\n`);
  async function* body(): AsyncGenerator<Buffer> {
    yield head;
    let sent = 0;
    for await (const piece of createReadStream(path, { highWaterMark: PIECE }) as AsyncIterable<Buffer>) {
      sent += piece.length;
      if (sent > bytes) break;
      onProgress?.(sent);
      yield piece;
    }
    // The length was announced: a file that is another by now must not leave the server waiting.
    if (sent !== bytes) throw damaged(path, 'changed while it was sent', `${bytes} bytes with SHA-256 ${sha256}`);
  }
  return {
    type: `multipart/form-data; boundary=${boundary}`,
    length: head.length + bytes + tail.length,
    body: body(),
    tail,
  };
}

async function readAnswer(response: http.IncomingMessage): Promise<Answer> {
  let text = '';
  for await (const chunk of response) text = (text + String(chunk)).slice(0, 2_000);
  return { status: response.statusCode ?? 0, said: saidIn(text) };
}

function saidIn(text: string): string {
  try {
    const { status } = JSON.parse(text) as { status?: { error?: unknown } };
    return typeof status?.error === 'string' ? status.error : text;
  } catch {
    return text;
  }
}

/** The server has one status (500) for a file that is no snapshot and for trouble of its own; its words tell them apart. */
const NO_SNAPSHOT = /malformed|archive|\btar\b|unpack|unexpected (end|eof)|corrupt|checksum|deserializ/i;

function refusalOf({ status, said }: Answer, { path, bytes, sha256 }: ArtifactRef, target: VectorTarget) {
  const told = said.slice(0, 300);
  if ((status === 400 && /checksum mismatch/i.test(said)) || (status === 500 && NO_SNAPSHOT.test(said))) {
    return damaged(path, `is refused by the server: ${told}`, `a whole snapshot (${bytes} bytes, SHA-256 ${sha256})`);
  }
  if (status === 400 && /not compatible/i.test(said)) {
    return new HybridFlowError('QDRANT_REFUSED', {
      found: `the collection is of another make than the snapshot: ${told}`,
      expected: 'the same vectors in both',
      next: 'save the collection, delete it, and make it anew and empty with the vectors of the snapshot; then repeat',
    });
  }
  return fromStatus(status, told, target);
}

function damaged(file: string, found: string, expected: string): HybridFlowError {
  return new HybridFlowError('ARTIFACT_DAMAGED', {
    found: `${file} ${found}`,
    expected,
    next: 'take another copy of the artifact; `hfv verify` tells which copies are sound',
    details: { file },
  });
}
