import { createHash } from 'node:crypto';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Exchange } from './replay';

interface Upload {
  method: string;
  path: string;
  field: string | undefined;
  bytes: Buffer;
  sha256: string;
}

/** Takes one upload apart and gives the recorded answer; any other call is answered as by a server with five points. */
export class UploadServer {
  upload: Upload | undefined;
  private readonly server = http.createServer((request, response) => void this.answer(request, response));

  constructor(private readonly recorded: Exchange['response']) {}

  async start(): Promise<string> {
    await new Promise<void>((resolve) => this.server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private async answer(request: http.IncomingMessage, response: http.ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const { method = '', url = '', headers } = request;
    if (!url.includes('/snapshots/upload')) return void send(response, 200, { result: { aliases: [], count: 5 } });
    this.upload = { method, path: url, ...partOf(Buffer.concat(chunks), headers['content-type'] ?? '') };
    send(response, this.recorded.status, this.recorded.body);
  }
}

/** The one part of a multipart body. */
function partOf(body: Buffer, type: string): Pick<Upload, 'field' | 'bytes' | 'sha256'> {
  const boundary = `--${/boundary=(.+)$/.exec(type)?.[1] ?? ''}`;
  const start = body.indexOf('\r\n\r\n') + 4;
  const head = body.subarray(0, start).toString();
  const bytes = body.subarray(start, body.indexOf(`\r\n${boundary}--\r\n`, start));
  const field = head.startsWith(boundary) ? /name="(.+?)"/.exec(head)?.[1] : undefined;
  return { field, bytes, sha256: createHash('sha256').update(bytes).digest('hex') };
}

function send(response: http.ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify(body));
}
